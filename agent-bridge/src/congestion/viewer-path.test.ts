import { describe, expect, it } from 'vitest';
import { ViewerPath } from './viewer-path.ts';

const OWN = { queueMs: 0, lossRatio: 0 };
const MAX_BPS = 12e6;

/**
 * A sender that sends what it may over a way of `lineBps(atMs)` with a queue of 300 ms, a viewer that
 * reports each 200 ms, 80 ms late.
 */
function drive(seconds: number, lineBps: (atMs: number) => number, demandBps = MAX_BPS) {
  const path = new ViewerPath(150e3);
  const log: { atMs: number; limitBps: number; queueMs: number }[] = [];
  const late: (() => void)[] = [];
  let queuedBits = 0;
  let arrived = 0;
  let offered = 0;
  let lost = 0;
  for (let atMs = 0; atMs < seconds * 1000; atMs += 20) {
    const line = lineBps(atMs);
    const sentBps = Math.min(path.limitBps, demandBps);
    offered += sentBps * 0.02;
    queuedBits += sentBps * 0.02;
    const out = Math.min(queuedBits, line * 0.02);
    queuedBits -= out;
    arrived += out;
    const room = line * 0.3;
    if (queuedBits > room) lost += queuedBits - room;
    queuedBits = Math.min(queuedBits, room);
    path.grow(sentBps, MAX_BPS, atMs);
    if (atMs % 200 === 180) {
      const report = {
        queue_ms: Math.round((queuedBits / line) * 1000),
        arriving_bps: Math.round(arrived * 5),
        loss_ratio: offered === 0 ? 0 : Math.min(1, lost / offered),
      };
      [arrived, offered, lost] = [0, 0, 0];
      if (report.queue_ms > 60 || report.loss_ratio > 0.02)
        late[atMs + 80] = () => path.onReport(report, sentBps, OWN, atMs + 80);
    }
    late[atMs]?.();
    log.push({ atMs, limitBps: path.limitBps, queueMs: (queuedBits / line) * 1000 });
  }
  return log;
}
const share = <T>(all: readonly T[], is: (one: T) => boolean): number =>
  all.filter(is).length / all.length;

describe("a viewer's way", () => {
  it('is no limit while nobody complains', () => {
    expect(drive(10, () => 50e6).every(({ limitBps }) => limitBps === Infinity)).toBe(true);
  });

  it('is found within a second when it becomes narrow, and its queue stays short', () => {
    const log = drive(30, (atMs) => (atMs < 5000 ? 20e6 : 1e6));
    const narrow = log.filter(({ atMs }) => atMs > 6000);
    expect(share(narrow, ({ limitBps }) => limitBps > 1.5e6)).toBeLessThan(0.05);
    expect(share(narrow, ({ queueMs }) => queueMs > 200)).toBeLessThan(0.1);
    expect(share(narrow, ({ limitBps }) => limitBps > 0.6e6)).toBeGreaterThan(0.7);
  });

  it('is open again within five seconds', () => {
    const log = drive(20, (atMs) => (atMs > 4000 && atMs < 9000 ? 1e6 : 20e6));
    const after = log.filter(({ atMs }) => atMs > 14_000);
    expect(share(after, ({ limitBps }) => limitBps > 0.9 * MAX_BPS)).toBe(1);
  });

  it("is not blamed for the agent's own hop", () => {
    const path = new ViewerPath(150e3);
    const report = { queue_ms: 250, arriving_bps: 1e6, loss_ratio: 0.3 };
    path.onReport(report, 5e6, { queueMs: 240, lossRatio: 0.25 }, 1000);
    expect(path.limitBps).toBe(Infinity);
  });

  it('is not blamed for a queue in front of others’ packets', () => {
    const path = new ViewerPath(150e3);
    path.onReport({ queue_ms: 250, arriving_bps: 60e3, loss_ratio: 0 }, 60e3, OWN, 1000);
    expect(path.limitBps).toBe(Infinity);
  });

  it('is not taken for narrow when it is broken', () => {
    const path = new ViewerPath(150e3);
    path.onReport({ queue_ms: 0, arriving_bps: 10e3, loss_ratio: 0.99 }, 5e6, OWN, 1000);
    expect(path.limitBps).toBe(Infinity);
  });
});
