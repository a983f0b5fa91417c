// Pictures for tests: something like text (hard edges, many of them) and plain rectangles.
import { paintRect } from '../src/media/capture.test-pattern.ts';
import type { Picture } from '../src/media/frame.ts';

/** Fills the picture with rows of "words" in `ink` on `paper`; each `page` has other words. */
export function paintText(picture: Picture, page: number, ink = 0x000000, paper = 0xffffff): void {
  const random = pseudoRandom(page + 1);
  const all = { x: 0, y: 0, widthPx: picture.widthPx, heightPx: picture.heightPx };
  paintRect(picture, all, paper);
  for (let line = 4; line + 10 < picture.heightPx; line += 14) {
    for (let x = 4; x < picture.widthPx - 8; x += 7) {
      if (random() < 0.2) continue;
      for (let stroke = 0; stroke < 3; stroke++) {
        const upright = random() < 0.5;
        paintRect(
          picture,
          {
            x: x + Math.floor(random() * 4),
            y: line + Math.floor(random() * 6),
            widthPx: upright ? 1 : 5,
            heightPx: upright ? 8 : 1,
          },
          ink,
        );
      }
    }
  }
}

/** mulberry32: the same numbers for the same seed. */
export function pseudoRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Peak signal-to-noise ratio of two planes, dB; above 48 no eye sees a difference. */
export function psnrDb(
  a: { data: Buffer; strideBytes: number },
  b: { data: Buffer; strideBytes: number },
  widthPx: number,
  heightPx: number,
): number {
  let sum = 0;
  for (let y = 0; y < heightPx; y++) {
    for (let x = 0; x < widthPx; x++) {
      const difference =
        (a.data[y * a.strideBytes + x] ?? 0) - (b.data[y * b.strideBytes + x] ?? 0);
      sum += difference * difference;
    }
  }
  return sum === 0 ? 100 : 10 * Math.log10((255 * 255 * widthPx * heightPx) / sum);
}
