// Where the picture lies in its box. Pure; lengths are CSS pixels unless named otherwise.
import { letterbox, type Rect, type Size } from '@guruconnect/contract/input/coordinates';

/** `fit`: the whole monitor is visible. `native`: one monitor pixel is one device pixel. */
export type Scaling = 'fit' | 'native';

export type PlacementFacts = {
  /** Physical pixels of the monitor. */
  readonly monitor: Size;
  readonly box: Size;
  readonly devicePixelRatio: number;
  readonly scaling: Scaling;
};

/**
 * Enlarging text by a few percent blurs all of it and gains nothing: a picture that would grow by
 * less than this is shown pixel for pixel instead.
 */
const SHARP_ENLARGEMENT = 1.1;

/** Edges lie on device pixels, so that a picture at native size is not resampled. */
export function placePicture(facts: PlacementFacts): Rect {
  const { monitor, box, devicePixelRatio: dpr } = facts;
  const native = { width: monitor.width / dpr, height: monitor.height / dpr };
  const fitted = letterbox(monitor, box);
  const enlargement = fitted.width / native.width;
  const sharp = facts.scaling === 'native' || (enlargement >= 1 && enlargement < SHARP_ENLARGEMENT);
  const size = sharp ? native : { width: fitted.width, height: fitted.height };
  const snap = (value: number): number => Math.round(value * dpr) / dpr;
  return {
    // A picture larger than its box starts at the box's edge, or its beginning could not be reached.
    x: snap(Math.max(0, (box.width - size.width) / 2)),
    y: snap(Math.max(0, (box.height - size.height) / 2)),
    width: snap(size.width),
    height: snap(size.height),
  };
}

/**
 * How much larger the decoded video is than the monitor in it. Encoders need even sizes, so a
 * monitor of odd size is padded by one pixel at its right or lower edge; any other difference is
 * scaling, and then the whole video is the monitor.
 */
export function padding(video: Size, monitor: Size): { readonly x: number; readonly y: number } {
  const padded = (length: number, wanted: number): boolean =>
    length === wanted || (wanted % 2 === 1 && length === wanted + 1);
  if (!padded(video.width, monitor.width) || !padded(video.height, monitor.height))
    return { x: 1, y: 1 };
  return { x: video.width / monitor.width, y: video.height / monitor.height };
}

/** Does a video of this size show this monitor at full resolution? */
export const showsAtFullSize = (video: Size, monitor: Size): boolean =>
  video.width === monitor.width + (monitor.width % 2) &&
  video.height === monitor.height + (monitor.height % 2);
