// Pictures of pointers: premultiplied ARGB as X (and Windows' 32-bit cursors) keep them -> straight
// RGBA as canvases want them. Pure.
import { MAX_CURSOR_PX } from '@guruconnect/contract/facts/fact';

export interface CursorImage {
  readonly width: number;
  readonly height: number;
  readonly hotspotX: number;
  readonly hotspotY: number;
  readonly rgba: Uint8Array;
  readonly visible: boolean;
}

/**
 * Straight RGBA of a premultiplied 0xAARRGGBB picture. Colour channels above alpha, which a sloppy
 * program may send, count as full. A pixel without alpha has no colour: 0,0,0,0.
 */
export function straightRgba(premultipliedArgb: Uint32Array): Uint8Array {
  const rgba = new Uint8Array(premultipliedArgb.length * 4);
  premultipliedArgb.forEach((pixel, i) => {
    const alpha = pixel >>> 24;
    if (alpha === 0) return;
    for (let channel = 0; channel < 3; channel++) {
      const value = (pixel >>> (16 - 8 * channel)) & 0xff;
      rgba[i * 4 + channel] =
        alpha === 255 ? value : Math.min(255, Math.round((value * 255) / alpha));
    }
    rgba[i * 4 + 3] = alpha;
  });
  return rgba;
}

/** The picture as it travels: straight, at most MAX_CURSOR_PX on a side, hotspot inside. */
export function cursorImage(
  premultipliedArgb: Uint32Array,
  width: number,
  height: number,
  hotspot: { x: number; y: number },
): CursorImage {
  if (width < 1 || height < 1)
    return {
      width: 1,
      height: 1,
      hotspotX: 0,
      hotspotY: 0,
      rgba: new Uint8Array(4),
      visible: false,
    };
  const factor = Math.max(1, width / MAX_CURSOR_PX, height / MAX_CURSOR_PX);
  const [w, h] = [width, height].map((side) => Math.max(1, Math.floor(side / factor))) as [
    number,
    number,
  ];
  const pixels = factor === 1 ? premultipliedArgb : shrink(premultipliedArgb, width, w, h, factor);
  return {
    width: w,
    height: h,
    hotspotX: Math.min(w - 1, Math.floor(hotspot.x / factor)),
    hotspotY: Math.min(h - 1, Math.floor(hotspot.y / factor)),
    rgba: straightRgba(pixels),
    visible: pixels.some((pixel) => pixel >>> 24 !== 0),
  };
}

/** Nearest pixel: pointers this large are rare, and their edges should stay sharp. */
function shrink(
  pixels: Uint32Array,
  stride: number,
  width: number,
  height: number,
  factor: number,
): Uint32Array {
  return Uint32Array.from({ length: width * height }, (_, i) => {
    const [x, y] = [i % width, Math.floor(i / width)];
    return pixels[Math.floor((y + 0.5) * factor) * stride + Math.floor((x + 0.5) * factor)]!;
  });
}
