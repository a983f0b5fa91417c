import { describe, expect, it } from 'vitest';
import { copyChangedRows } from './changed-rows.ts';
import type { Picture } from './frame.ts';
import { BAND_ROWS, RowBands } from './row-bands.ts';

const HEIGHT = 4 * BAND_ROWS + 3;
const WIDTH = 10;

function picture(strideBytes: number, fill: number): Picture {
  const pixels = Buffer.alloc(strideBytes * HEIGHT, fill);
  return { widthPx: WIDTH, heightPx: HEIGHT, strideBytes, pixels };
}

describe.each([
  ['rows packed alike', 40, 40],
  ['rows padded differently', 40, 64],
])('what really changed, %s', (_, newStride, oldStride) => {
  it('is copied; bands painted with the same pixels are forgotten', () => {
    const newest = picture(newStride, 1);
    const known = picture(oldStride, 1);
    newest.pixels.fill(9, 2 * BAND_ROWS * newStride, 2 * BAND_ROWS * newStride + 4);
    const rows = new RowBands(HEIGHT);
    rows.addAll();
    copyChangedRows(newest, known, rows);
    expect(rows.count).toBe(1);
    rows.forEachRun((top) => expect(top).toBe(2 * BAND_ROWS));
    expect(known.pixels[2 * BAND_ROWS * oldStride]).toBe(9);
    expect(known.pixels[2 * BAND_ROWS * oldStride + 4]).toBe(1);
  });

  it('in the last, lower band too', () => {
    const newest = picture(newStride, 1);
    const known = picture(oldStride, 1);
    newest.pixels[(HEIGHT - 1) * newStride + WIDTH * 4 - 1] = 7;
    const rows = new RowBands(HEIGHT);
    rows.addAll();
    copyChangedRows(newest, known, rows);
    expect(rows.count).toBe(1);
    expect(known.pixels[(HEIGHT - 1) * oldStride + WIDTH * 4 - 1]).toBe(7);
  });

  it('but only where damage was reported', () => {
    const newest = picture(newStride, 1);
    const known = picture(oldStride, 1);
    newest.pixels[0] = 5;
    const rows = new RowBands(HEIGHT);
    rows.addRows(BAND_ROWS, 1);
    copyChangedRows(newest, known, rows);
    expect(rows.isEmpty).toBe(true);
    expect(known.pixels[0]).toBe(1);
  });
});
