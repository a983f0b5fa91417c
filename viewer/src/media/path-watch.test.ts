import { describe, expect, it } from 'vitest';
import { PathWatch, REPORT_EVERY_MS } from './path-watch.ts';

/** Ten stretches; in each three frames with these delays and these counts. */
function run(
  stretches: readonly { delayMs: number; packets: number; lost?: number; bytes?: number }[],
) {
  const watch = new PathWatch();
  let atMs = 0;
  let bytes = 0;
  let packets = 0;
  let lost = 0;
  watch.onCounters({ atMs, bytes, packets, lost });
  return stretches.map((stretch) => {
    for (const offsetMs of [0, 60, 120])
      watch.onFrame(
        (atMs + offsetMs) * 90,
        atMs + offsetMs + stretch.delayMs + (offsetMs === 60 ? 90 : 0),
      );
    atMs += REPORT_EVERY_MS;
    bytes += stretch.bytes ?? 25_000;
    packets += stretch.packets;
    lost += stretch.lost ?? 0;
    return watch.onCounters({ atMs, bytes, packets, lost });
  });
}
const well = { delayMs: 5000, packets: 20 };

describe('the watch over the way to the viewer', () => {
  it('has nothing to tell while frames come in time, however late one of three is', () => {
    expect(run([well, well, well, well])).toEqual([undefined, undefined, undefined, undefined]);
  });

  it('tells of a queue while it stands, and what comes out of it', () => {
    const standing = { ...well, delayMs: 5180 };
    const told = run([well, standing, { ...standing, delayMs: 5200 }, standing, well]);
    expect(told).toEqual([
      undefined,
      undefined,
      { queue_ms: 180, arriving_bps: 1_000_000, loss_ratio: 0 },
      { queue_ms: 180, arriving_bps: 1_000_000, loss_ratio: 0 },
      undefined,
    ]);
  });

  it('tells of loss even when no frame gets through at all', () => {
    const watch = new PathWatch();
    watch.onCounters({ atMs: 0, bytes: 0, packets: 0, lost: 0 });
    expect(watch.onCounters({ atMs: 250, bytes: 31_250, packets: 30, lost: 70 })).toEqual({
      queue_ms: 0,
      arriving_bps: 1_000_000,
      loss_ratio: 0.7,
    });
  });

  it('takes one lost packet for chance', () => {
    expect(run([well, { ...well, lost: 1 }])).toEqual([undefined, undefined]);
  });

  it('accepts after two windows that a path has become longer', () => {
    const longer = { ...well, delayMs: 5040 };
    const told = run([well, ...Array.from({ length: 120 }, () => longer)]);
    expect(told.every((report) => report === undefined)).toBe(true);
  });

  it('begins anew with another stream', () => {
    const watch = new PathWatch();
    watch.onCounters({ atMs: 0, bytes: 9e6, packets: 9000, lost: 10 });
    expect(watch.onCounters({ atMs: 300, bytes: 1000, packets: 2, lost: 0 })).toBeUndefined();
  });
});
