import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { figures } from './figures.ts';

describe('figures', () => {
  it('are nearest ranks', () => {
    expect(figures(Array.from({ length: 100 }, (_, i) => 100 - i))).toEqual({
      n: 100,
      p50: 50,
      p95: 95,
      min: 1,
      max: 100,
    });
    expect(figures([7])).toEqual({ n: 1, p50: 7, p95: 7, min: 7, max: 7 });
    expect(() => figures([])).toThrow(/no samples/);
  });

  it('keep their order', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1 }),
        (samples) => {
          const { min, p50, p95, max } = figures(samples);
          expect(min <= p50 && p50 <= p95 && p95 <= max).toBe(true);
        },
      ),
    );
  });
});
