import { describe, expect, it } from 'vitest';
import { judge, rateBps, recoveryMs } from './verdict.ts';

const frames = (count: number, everyMs: number, delayMs: (n: number) => number) =>
  Array.from({ length: count }, (_, n) => ({ paintedAtMs: n * everyMs, delayMs: delayMs(n) }));

describe('the verdict on a run', () => {
  it('counts frames, and how late they were', () => {
    const verdict = judge(
      frames(200, 50, (n) => (n < 100 ? 40 : 60)),
      0,
      10_000,
    );
    expect(verdict.frames_per_second).toBe(20);
    expect(verdict.delay_ms).toMatchObject({ n: 200, p50: 40, p95: 60 });
    expect(verdict).toMatchObject({ freezes: 0, longest_late_ms: 0 });
  });

  it('finds the longest stretch of late frames; a frame in time ends it', () => {
    const late = (n: number): number => ((n >= 20 && n < 30) || (n >= 40 && n < 60) ? 500 : 50);
    expect(judge(frames(100, 100, late), 0, 10_000).longest_late_ms).toBe(1900);
  });

  it('counts a pause as a freeze, at the end too', () => {
    const paused = [...frames(20, 50, () => 50), { paintedAtMs: 2000, delayMs: 50 }];
    expect(judge(paused, 0, 3000)).toMatchObject({ freezes: 2, longest_freeze_ms: 1050 });
  });

  it('finds when a rate was there again for a whole second', () => {
    const bps = (atMs: number): number =>
      atMs < 3000 ? 1e6 : atMs < 3300 || atMs > 5000 ? 10e6 : 2e6;
    let bytes = 0;
    const notes = Array.from({ length: 100 }, (_, n) => {
      bytes += bps(n * 100) / 80;
      return { atMs: n * 100, bytes };
    });
    expect(rateBps(notes, 0, 2000)).toBeCloseTo(1e6, -4);
    expect(recoveryMs(notes, 3000, 10e6)).toBe(1900); // a second of 90 %
    expect(recoveryMs(notes, 3000, 40e6)).toBeUndefined();
  });
});
