import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BAND_ROWS, RowBands } from './row-bands.ts';

function runs(bands: RowBands, gapRows = 0): [number, number][] {
  const found: [number, number][] = [];
  bands.everyRun(gapRows, (top, rows) => found.push([top, rows]) > 0);
  return found;
}

const rects = fc.array(
  fc.record({ top: fc.integer({ min: -500, max: 1500 }), rows: fc.integer({ min: -3, max: 900 }) }),
  { maxLength: 20 },
);

describe('rows that changed', () => {
  it('covers every row that was added, whatever the order and overlap', () => {
    fc.assert(
      fc.property(rects, fc.integer({ min: 1, max: 1200 }), (added, heightPx) => {
        const bands = new RowBands(heightPx);
        for (const { top, rows } of added) bands.addRows(top, rows);
        const covered = new Set<number>();
        for (const [top, rows] of runs(bands)) {
          for (let row = top; row < top + rows; row++) covered.add(row);
        }
        for (const { top, rows } of added) {
          for (let row = Math.max(0, top); row < Math.min(heightPx, top + rows); row++) {
            expect(covered.has(row)).toBe(true);
          }
        }
        for (const row of covered) expect(row >= 0 && row < heightPx).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it('never covers a band that no rectangle touched', () => {
    const bands = new RowBands(10 * BAND_ROWS);
    bands.addRows(BAND_ROWS, 1);
    bands.addRows(3 * BAND_ROWS - 1, 1);
    bands.addRows(7 * BAND_ROWS, BAND_ROWS);
    expect(runs(bands)).toEqual([
      [BAND_ROWS, 2 * BAND_ROWS],
      [7 * BAND_ROWS, BAND_ROWS],
    ]);
  });

  it('joins runs over a gap that is cheaper to read than to skip', () => {
    const bands = new RowBands(20 * BAND_ROWS);
    bands.addRows(0, 1);
    bands.addRows(3 * BAND_ROWS, 1);
    bands.addRows(10 * BAND_ROWS, 1);
    expect(runs(bands, 2 * BAND_ROWS)).toEqual([
      [0, 4 * BAND_ROWS],
      [10 * BAND_ROWS, BAND_ROWS],
    ]);
  });

  it('cuts the last band at the bottom of the picture', () => {
    const bands = new RowBands(BAND_ROWS + 5);
    bands.addAll();
    expect(runs(bands)).toEqual([[0, BAND_ROWS + 5]]);
    expect(bands.count).toBe(bands.total);
  });

  it('stops at the first run that could not be handled', () => {
    const bands = new RowBands(10 * BAND_ROWS);
    bands.addRows(0, 1);
    bands.addRows(5 * BAND_ROWS, 1);
    let visited = 0;
    expect(bands.everyRun(0, () => ++visited > 1)).toBe(false);
    expect(visited).toBe(1);
  });

  it('drops the bands that a filter refuses and counts what is left', () => {
    const bands = new RowBands(3 * BAND_ROWS);
    bands.addAll();
    bands.filter((top) => top !== BAND_ROWS);
    expect(bands.count).toBe(2);
    expect(runs(bands).map(([top]) => top)).toEqual([0, 2 * BAND_ROWS]);
    bands.clear();
    expect(bands.isEmpty).toBe(true);
  });
});
