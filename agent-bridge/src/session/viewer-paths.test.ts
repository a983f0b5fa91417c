import type { ViewerId } from '@guruconnect/contract/ids';
import type { VideoRef } from '@guruconnect/contract/rendition';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../test/fake-clock.ts';
import { ViewerPaths } from './viewer-paths.ts';

const FAST = 'vwr_fast' as ViewerId;
const SLOW = 'vwr_slow' as ViewerId;
const video = (monitor_id: number): VideoRef => ({ monitor_id, rendition: 'standard' });
const TROUBLE = { queue_ms: 200, arriving_bps: 1_000_000, loss_ratio: 0 };

function paths() {
  const clock = new FakeClock();
  const told: ReadonlyMap<string, number>[] = [];
  const asked: VideoRef[] = [];
  const all = new ViewerPaths({
    clock,
    minBps: 150e3,
    maxBps: 12e6,
    own: () => ({ queueMs: 0, lossRatio: 0 }),
    onKeyframeNeeded: (one) => asked.push(one),
    onLimits: (limits) => told.push(limits),
  });
  /** 5 Mbit/s of one monitor. */
  const send = (monitorId: number): void => {
    for (let i = 0; i < 20; i += 1) {
      clock.advance(20);
      all.sent(video(monitorId), 12_500);
    }
  };
  return { all, clock, send, told, asked };
}

describe("viewers' ways", () => {
  it('limit what a single viewer watches', () => {
    const { all, send, told } = paths();
    all.watch([{ viewer_id: SLOW, videos: [video(1)] }]);
    send(1);
    all.report(SLOW, TROUBLE);
    const limit = told.at(-1)?.get('1/standard') ?? Infinity;
    expect(limit).toBeGreaterThan(500e3);
    expect(limit).toBeLessThan(1e6);
  });

  it('limit nothing that a faster viewer watches too, until that one leaves', () => {
    const { all, send, told } = paths();
    const slow = { viewer_id: SLOW, videos: [video(1)] };
    all.watch([{ viewer_id: FAST, videos: [video(1), video(2)] }, slow]);
    send(1);
    all.report(SLOW, TROUBLE);
    expect(told).toEqual([]);
    all.watch([slow]);
    expect(told.at(-1)?.get('1/standard')).toBeLessThan(1e6);
    all.watch([]);
    expect(told.at(-1)?.size).toBe(0);
  });

  it('ask for a key frame when frames were lost for good', () => {
    const { all, send, asked } = paths();
    all.watch([{ viewer_id: SLOW, videos: [video(1)] }]);
    send(1);
    all.report(SLOW, { ...TROUBLE, loss_ratio: 0.5 });
    expect(asked).toEqual([video(1)]);
  });

  it('hear nobody who watches nothing', () => {
    const { all, send, told } = paths();
    send(1);
    all.report(SLOW, TROUBLE);
    expect(told).toEqual([]);
  });
});
