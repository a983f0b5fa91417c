// Positions: viewer pixels -> normalised (what travels) -> monitor pixels. Pure.
import { COORDINATE_MAX, type Position } from './input-event.ts';

export type Size = { readonly width: number; readonly height: number };
export type Rect = Size & { readonly x: number; readonly y: number };

const clamp = (value: number, low: number, high: number): number =>
  Math.min(high, Math.max(low, value));

/** Where a picture lies inside a box when it is fitted without distortion and centred. */
export function letterbox(picture: Size, box: Size): Rect {
  if (picture.width <= 0 || picture.height <= 0) return { x: 0, y: 0, width: 0, height: 0 };
  const factor = Math.min(box.width / picture.width, box.height / picture.height);
  const width = picture.width * factor;
  const height = picture.height * factor;
  return { x: (box.width - width) / 2, y: (box.height - height) / 2, width, height };
}

/**
 * A point of the box -> normalised position in the picture. The point lies on one of the
 * monitor's pixels, and that pixel is what is meant: the first pixel maps to 0, the last to
 * COORDINATE_MAX. Points outside the picture go to its nearest edge (a drag leaving the picture).
 */
export function normalise(point: { x: number; y: number }, picture: Rect, monitor: Size): Position {
  const axis = (at: number, start: number, length: number, pixels: number): number => {
    if (length <= 0 || pixels <= 1) return 0;
    const pixel = clamp(Math.floor(((at - start) / length) * pixels), 0, pixels - 1);
    return Math.round((pixel * COORDINATE_MAX) / (pixels - 1));
  };
  return {
    x: axis(point.x, picture.x, picture.width, monitor.width),
    y: axis(point.y, picture.y, picture.height, monitor.height),
  };
}

/** Is the point on the picture rather than on the bars around it? */
export const inside = (point: { x: number; y: number }, rect: Rect): boolean =>
  point.x >= rect.x &&
  point.y >= rect.y &&
  point.x < rect.x + rect.width &&
  point.y < rect.y + rect.height;

/** Normalised position -> pixel of the monitor, on the virtual desktop. Exact inverse of the above. */
export function toPixel(position: Position, monitor: Rect): { x: number; y: number } {
  const axis = (value: number, pixels: number): number =>
    Math.round((value * (pixels - 1)) / COORDINATE_MAX);
  return {
    x: monitor.x + axis(position.x, monitor.width),
    y: monitor.y + axis(position.y, monitor.height),
  };
}
