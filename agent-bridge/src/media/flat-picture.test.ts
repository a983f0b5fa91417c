import { describe, expect, it } from 'vitest';
import { isMostlyFlat } from './flat-picture.ts';
import type { Picture } from './frame.ts';

const WIDTH = 64;
const HEIGHT = 210;
const STRIDE = 64 * 4 + 32;

function picture(colourOf: (x: number, y: number) => number): Picture {
  const pixels = Buffer.alloc(STRIDE * HEIGHT, 0x5a);
  for (let y = 0; y < HEIGHT; y++)
    for (let x = 0; x < WIDTH; x++) pixels.writeUInt32LE(colourOf(x, y), y * STRIDE + x * 4);
  return { widthPx: WIDTH, heightPx: HEIGHT, strideBytes: STRIDE, pixels };
}

describe('a picture', () => {
  it.each([
    ['of one colour', () => 0xffffff, true],
    ['of wide stripes across', (_: number, y: number) => (y < 100 ? 0xffffff : 0x203040), true],
    ['with a small window', (x: number, y: number) => (y < 40 && x < 30 ? x * 7 + y : 0), true],
    ['of columns', (x: number) => (x < 30 ? 0 : 0xffffff), false],
    ['of noise', (x: number, y: number) => (x * 2_654_435 + y * 40_503) & 0xffffff, false],
    // lines of 14 pixels, strokes in nine of them
    ['of text', (x: number, y: number) => (y % 14 < 9 && x % 3 === 0 ? 0 : 0xffffff), false],
  ] as const)('%s', (_, colourOf, flat) => {
    expect(isMostlyFlat(picture(colourOf))).toBe(flat);
  });

  it('is judged without what pads its rows', () => {
    const padded = picture(() => 0xffffff);
    for (let y = 0; y < HEIGHT; y++) padded.pixels[y * STRIDE + WIDTH * 4] = y;
    expect(isMostlyFlat(padded)).toBe(true);
  });
});
