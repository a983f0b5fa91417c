import { describe, expect, it } from 'vitest';
import { meanAbsoluteError, ssim, type Plane } from './similarity.ts';

const SIZE = 64;

function plane(at: (x: number, y: number) => number): Plane {
  const values = Float32Array.from({ length: SIZE * SIZE }, (_, i) =>
    at(i % SIZE, Math.floor(i / SIZE)),
  );
  return { widthPx: SIZE, heightPx: SIZE, values };
}

const stripes = plane((x) => (x % 4 < 2 ? 255 : 0));

describe('SSIM', () => {
  it('is 1 for equal pictures and for nothing else', () => {
    expect(ssim(stripes, stripes)).toBeCloseTo(1, 12);
    expect(
      ssim(
        stripes,
        plane((x) => (x % 4 < 2 ? 254 : 0)),
      ),
    ).toBeLessThan(1);
  });

  it('of two flat pictures is the luminance term of the paper', () => {
    const c1 = (0.01 * 255) ** 2;
    const expected = (2 * 100 * 150 + c1) / (100 ** 2 + 150 ** 2 + c1);
    const flat = (value: number) => plane(() => value);
    expect(ssim(flat(100), flat(150))).toBeCloseTo(expected, 6);
  });

  it('of a picture and its negative is negative', () => {
    expect(
      ssim(
        stripes,
        plane((x) => (x % 4 < 2 ? 0 : 255)),
      ),
    ).toBeLessThan(-0.9);
  });

  it('falls more for blurred edges than for as much error spread evenly', () => {
    const blurred = plane((x) => [170, 170, 85, 85][(x + 3) % 4] ?? 0);
    const lifted = plane((x) =>
      Math.abs((x % 4 < 2 ? 255 : 0) - meanAbsoluteError(stripes, blurred)),
    );
    expect(meanAbsoluteError(stripes, lifted)).toBeCloseTo(meanAbsoluteError(stripes, blurred), 3);
    expect(ssim(stripes, blurred)).toBeLessThan(ssim(stripes, lifted));
  });
});
