import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameBudget } from './frame-budget.ts';

const BPS = 4_000_000; // 500 bytes per millisecond
const MS = 1000;

describe('the size of the next frame', () => {
  it('is at most 100 ms of the target rate, so a key frame at 4 Mbit/s has 50 KB', () => {
    expect(new FrameBudget(BPS, 0).frameCapBytes(0)).toBe(50_000);
  });

  it('shrinks with what was just sent and grows back in real time', () => {
    const budget = new FrameBudget(BPS, 0);
    budget.spend(50_000, 0);
    budget.spend(30_000, 0);
    expect(budget.frameCapBytes(0)).toBe(20_000);
    expect(budget.frameCapBytes(20 * MS)).toBe(30_000);
    expect(budget.frameCapBytes(1000 * MS)).toBe(50_000);
  });

  it('is never so small that no picture fits', () => {
    const budget = new FrameBudget(BPS, 0);
    for (let n = 0; n < 10; n++) budget.spend(80_000, 0);
    expect(budget.frameCapBytes(0)).toBeGreaterThanOrEqual(3_000);
  });

  it('has a ceiling for new content on a fast link, where refinement may take more', () => {
    const budget = new FrameBudget(50_000_000, 0);
    expect(budget.frameCapBytes(0)).toBe(160_000);
    expect(budget.refineCapBytes(0, -1000 * MS)).toBe(625_000);
  });

  it('follows a new target at once', () => {
    const budget = new FrameBudget(BPS, 0);
    budget.setMaxBitrate(400_000, 0);
    expect(budget.frameCapBytes(0)).toBe(5_000);
    budget.setMaxBitrate(8_000_000, 0);
    expect(budget.frameCapBytes(1000 * MS)).toBe(100_000);
  });

  it('leaves half of the bucket to changes while refining', () => {
    const budget = new FrameBudget(BPS, 0);
    budget.spend(40_000, 0);
    expect(budget.refineCapBytes(0, 0)).toBe(10_000);
    expect(budget.refineReadyAtUs(0, 0)).toBe(5 * MS);
    expect(budget.refineCapBytes(5 * MS, 0)).toBe(12_500);
  });

  it('leaves only what typing needs when the screen is still for 200 ms', () => {
    const budget = new FrameBudget(BPS, 0);
    budget.spend(90_000, 0);
    expect(budget.refineReadyAtUs(0, -200 * MS)).toBe(35 * MS);
    expect(budget.refineCapBytes(35 * MS, -200 * MS)).toBe(12_500);
    // still before that: whichever comes first, the larger reserve or the stillness
    expect(budget.refineReadyAtUs(35 * MS, -100 * MS)).toBe(100 * MS);
    expect(budget.refineReadyAtUs(35 * MS, 35 * MS)).toBe(105 * MS);
  });

  it('keeps any mix of frames that obey it near the target in the long run', () => {
    const step = fc.record({
      afterUs: fc.integer({ min: 1, max: 50_000 }),
      refine: fc.boolean(),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 50, maxLength: 200 }), (steps) => {
        const budget = new FrameBudget(BPS, 0);
        let atUs = 0;
        let sent = 0;
        for (const { afterUs, refine, share } of steps) {
          atUs += afterUs;
          const cap = refine ? budget.refineCapBytes(atUs, 0) : budget.frameCapBytes(atUs);
          const bytes = Math.floor(cap * share);
          budget.spend(bytes, atUs);
          sent += bytes;
        }
        const allowed = (atUs / 1000) * 500 + 100_000 + steps.length * 3_000;
        expect(sent).toBeLessThanOrEqual(allowed);
      }),
    );
  });
});
