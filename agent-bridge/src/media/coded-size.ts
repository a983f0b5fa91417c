// The size of a rendition in its bitstream. Pure.
import type { Chroma } from './frame.ts';

export interface CodedSize {
  readonly widthPx: number;
  readonly heightPx: number;
  /** Smaller than the monitor on purpose, rather than padded to even sides. */
  readonly scaled: boolean;
}

/**
 * At its own size a monitor of odd sides is padded by one column or row in 4:2:0, which has one
 * colour sample for 2x2 pixels. Scaled down, both sides are even and the monitor fills all of it.
 */
export function codedSize(
  monitor: { readonly widthPx: number; readonly heightPx: number },
  chroma: Chroma,
  maxPixels = Infinity,
): CodedSize {
  const { widthPx, heightPx } = monitor;
  const odd = chroma === '420' ? 1 : 0;
  const factor = Math.sqrt(maxPixels / (widthPx * heightPx));
  if (factor >= 1)
    return {
      widthPx: widthPx + (widthPx & odd),
      heightPx: heightPx + (heightPx & odd),
      scaled: false,
    };
  const even = (length: number): number => Math.max(2, Math.floor((length * factor) / 2) * 2);
  return { widthPx: even(widthPx), heightPx: even(heightPx), scaled: true };
}
