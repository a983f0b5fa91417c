import { describe, expect, it } from 'vitest';
import { CongestionController } from './congestion-controller.ts';
import type { PacketReport } from './packet-report.ts';
import { SimulatedPath, type PathSettings } from './simulated-path.ts';

const PACKET = 1200;
const FEEDBACK_MS = 100; // as the media node sends it

/** A repeatable random source (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

type Run = { atMs: number; targetBps: number; queueMs: number; sentBps: number };

/**
 * A sender that always has as much to send as it may, in frames of 33 ms, paced at 2.5 times the
 * target, over a simulated path.
 */
function drive(
  path: SimulatedPath,
  seconds: number,
  change: (atS: number, settings: PathSettings) => void = () => undefined,
  demandBps: () => number = () => Infinity,
): Run[] {
  const controller = new CongestionController({ startBps: 4e6, minBps: 150e3, maxBps: 60e6 });
  controller.roundTripMs = path.settings.delayMs * 2 + 20;
  const log: Run[] = [];
  let pending: (PacketReport & { toldAtMs: number })[] = [];
  let nextFeedbackMs = FEEDBACK_MS;
  let debtBytes = 0;
  let target = 4e6;
  let sentInSecond = 0;
  let train: { bytesPerMs: number; bytes: number; left: number; credit: number } | undefined;
  const transmit = (nowMs: number, bytes: number, padding: boolean): void => {
    const receivedAtMs = path.send(nowMs, bytes);
    const toldAtMs = (receivedAtMs ?? nowMs + path.settings.delayMs) + path.settings.delayMs;
    pending.push({ sentAtMs: nowMs, receivedAtMs, bytes, padding, toldAtMs });
    sentInSecond += bytes * 8;
  };
  for (let nowMs = 0; nowMs < seconds * 1000; nowMs += 1) {
    if (nowMs % 1000 === 0) change(nowMs / 1000, path.settings);
    if (nowMs % 33 === 0)
      debtBytes = Math.min(debtBytes + (Math.min(target, demandBps()) * 33) / 8000, target / 8);
    let allowance = (target * 2.5) / 8000;
    while (debtBytes >= PACKET && allowance > 0) {
      transmit(nowMs, PACKET, false);
      debtBytes -= PACKET;
      allowance -= PACKET;
    }
    if (nowMs >= nextFeedbackMs) {
      nextFeedbackMs += FEEDBACK_MS;
      const told = pending.filter((packet) => packet.toldAtMs <= nowMs);
      pending = pending.filter((packet) => packet.toldAtMs > nowMs);
      if (told.length > 0) target = controller.onFeedback(told, nowMs);
      controller.onTick(nowMs, pending.length * PACKET);
      target = controller.state.targetBps;
      const probe = controller.nextProbe(nowMs);
      if (probe)
        train = {
          bytesPerMs: probe.bps / 8000,
          bytes: probe.packetBytes,
          left: probe.packets,
          credit: 0,
        };
    }
    if (train && train.left > 0) {
      for (
        train.credit += train.bytesPerMs;
        train.credit >= train.bytes && train.left > 0;
        train.credit -= train.bytes
      ) {
        transmit(nowMs, train.bytes, true);
        train.left -= 1;
      }
    }
    if (nowMs % 100 === 99) {
      log.push({
        atMs: nowMs,
        targetBps: target,
        queueMs: path.queueMs(nowMs),
        sentBps: sentInSecond * 10,
      });
      sentInSecond = 0;
    }
  }
  return log;
}

const between = (log: Run[], fromS: number, toS: number): Run[] =>
  log.filter(({ atMs }) => atMs >= fromS * 1000 && atMs < toS * 1000);
const median = (values: number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
const percentile = (values: number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length * share)] ?? NaN;

describe('congestion control', () => {
  it.each([1e6, 3e6, 8e6, 20e6])('fills a path of %d bit/s without filling its queue', (bps) => {
    const path = new SimulatedPath({ bps, delayMs: 15, queueBytes: bps / 16 }, seeded(1));
    const log = between(drive(path, 30), 10, 30);
    expect(median(log.map((at) => at.sentBps))).toBeGreaterThan(0.65 * bps);
    expect(
      percentile(
        log.map((at) => at.queueMs),
        0.95,
      ),
    ).toBeLessThan(150);
  });

  it('goes down within a second of a step from 20 to 1 Mbit/s, and is back in five', () => {
    const path = new SimulatedPath({ bps: 20e6, delayMs: 15, queueBytes: 200_000 }, seeded(2));
    const log = drive(path, 40, (atS, settings) => {
      settings.bps = atS >= 10 && atS < 20 ? 1e6 : 20e6;
    });
    expect(median(between(log, 12, 20).map((at) => at.targetBps))).toBeLessThan(1.2e6);
    expect(
      percentile(
        between(log, 13, 20).map((at) => at.queueMs),
        0.9,
      ),
    ).toBeLessThan(400);
    expect(Math.max(...between(log, 20, 25).map((at) => at.targetBps))).toBeGreaterThan(0.9 * 17e6);
  });

  it('does not take random loss of 2 % for congestion', () => {
    const path = new SimulatedPath(
      { bps: 10e6, delayMs: 50, queueBytes: 200_000, loss: 0.02 },
      seeded(3),
    );
    expect(median(between(drive(path, 30), 15, 30).map((at) => at.sentBps))).toBeGreaterThan(4e6);
  });

  it('lives with jitter of 30 ms', () => {
    const path = new SimulatedPath(
      { bps: 10e6, delayMs: 100, queueBytes: 200_000, jitterMs: 30 },
      seeded(4),
    );
    expect(median(between(drive(path, 30), 15, 30).map((at) => at.sentBps))).toBeGreaterThan(3e6);
  });

  it('learns what the path carries by short trains while it has little to send', () => {
    const path = new SimulatedPath({ bps: 30e6, delayMs: 15, queueBytes: 500_000 }, seeded(5));
    const log = drive(path, 20, undefined, () => 300e3);
    expect(median(between(log, 10, 20).map((at) => at.targetBps))).toBeGreaterThan(20e6);
    expect(Math.max(...log.map((at) => at.targetBps))).toBeLessThan(31e6);
    expect(median(between(log, 10, 20).map((at) => at.sentBps))).toBeLessThan(1e6);
  });

  it('asks nothing of the path while the screen is still', () => {
    const path = new SimulatedPath({ bps: 50e6, delayMs: 15, queueBytes: 500_000 }, seeded(6));
    const log = drive(path, 20, undefined, () => 30e3);
    expect(Math.max(...between(log, 2, 20).map((at) => at.sentBps))).toBeLessThan(200e3);
  });

  it('asks nothing any more of the path once the screen has become still', () => {
    const path = new SimulatedPath({ bps: 50e6, delayMs: 15, queueBytes: 500_000 }, seeded(7));
    const demand = { bps: 2e6 };
    const log = drive(
      path,
      20,
      (atS) => (demand.bps = atS < 5 ? 2e6 : 1e3),
      () => demand.bps,
    );
    expect(Math.max(...between(log, 8, 20).map((at) => at.sentBps))).toBeLessThan(100e3);
  });

  it('does not take a path that became longer for a queue that stands', () => {
    const path = new SimulatedPath({ bps: 10e6, delayMs: 20, queueBytes: 500_000 }, seeded(8));
    const log = drive(path, 40, (atS, settings) => {
      settings.delayMs = atS >= 15 ? 250 : 20;
    });
    expect(median(between(log, 28, 40).map((at) => at.sentBps))).toBeGreaterThan(5e6);
  });

  it('fills most of a path that loses 5 % at random', () => {
    const path = new SimulatedPath(
      { bps: 10e6, delayMs: 50, queueBytes: 200_000, loss: 0.05 },
      seeded(9),
    );
    expect(median(between(drive(path, 30), 15, 30).map((at) => at.sentBps))).toBeGreaterThan(4e6);
  });

  it('halves while nothing is heard, down to its floor', () => {
    const controller = new CongestionController({ startBps: 4e6, minBps: 150e3, maxBps: 60e6 });
    controller.onFeedback([{ sentAtMs: 0, receivedAtMs: 10, bytes: PACKET }], 100);
    expect(controller.onTick(600, 10_000)).toBe(4e6);
    expect(controller.onTick(1200, 10_000)).toBe(2e6);
    expect(controller.onTick(1300, 10_000)).toBe(2e6);
    for (let nowMs = 2300; nowMs < 20_000; nowMs += 1100) controller.onTick(nowMs, 10_000);
    expect(controller.state.targetBps).toBe(150e3);
  });
});
