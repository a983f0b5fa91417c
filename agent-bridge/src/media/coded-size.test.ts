import { describe, expect, it } from 'vitest';
import { codedSize } from './coded-size.ts';

const size = (widthPx: number, heightPx: number) => ({ widthPx, heightPx });

describe('the coded size', () => {
  it('is the monitor’s own where nothing asks for less', () => {
    expect(codedSize(size(1920, 1080), '420')).toEqual({ ...size(1920, 1080), scaled: false });
    expect(codedSize(size(641, 363), '444')).toEqual({ ...size(641, 363), scaled: false });
    expect(codedSize(size(640, 360), '420', 640 * 360)).toMatchObject({ scaled: false });
  });

  it('has even sides in 4:2:0', () => {
    expect(codedSize(size(641, 363), '420')).toEqual({ ...size(642, 364), scaled: false });
  });

  it.each([
    [1920, 1080, 64_000],
    [1080, 1920, 64_000],
    [3841, 2161, 1_049_088],
    [16384, 100, 64_000],
    [5000, 1, 1000],
  ])('of %ix%i keeps to %i pixels, its shape and even sides', (widthPx, heightPx, maxPixels) => {
    const coded = codedSize({ widthPx, heightPx }, '420', maxPixels);
    expect(coded.scaled).toBe(true);
    expect([coded.widthPx % 2, coded.heightPx % 2]).toEqual([0, 0]);
    if (heightPx > 10) {
      expect(coded.widthPx * coded.heightPx).toBeLessThanOrEqual(maxPixels);
      expect(coded.widthPx * coded.heightPx).toBeGreaterThan(maxPixels * 0.9);
    }
  });
});
