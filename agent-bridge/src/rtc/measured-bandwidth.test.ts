import { describe, expect, it } from 'vitest';
import { MeasuredBandwidth } from './measured-bandwidth.ts';

const LIMITS = { startBps: 8e6, minBps: 150e3, maxBps: 12e6 };

/** Sends packets of 1200 bytes each millisecond; they arrive after `delayMs(n)`. */
function run(bandwidth: MeasuredBandwidth, packets: number, delayMs: (n: number) => number): void {
  let report: { transportSequence: number; receivedAtMs: number }[] = [];
  for (let n = 0; n < packets; n += 1) {
    const transportSequence = n & 0xffff;
    bandwidth.packetSent(transportSequence, 1200, n);
    report.push({ transportSequence, receivedAtMs: n + delayMs(n) });
    if (n % 100 === 99) {
      bandwidth.arrivals(report, n + 20);
      report = [];
    }
  }
}

describe('measured bandwidth', () => {
  it('starts at its start and tells when the path is too narrow', () => {
    const bandwidth = new MeasuredBandwidth(LIMITS);
    const told: number[] = [];
    bandwidth.onTarget((bps) => told.push(bps));
    expect(bandwidth.targetBps).toBe(8e6);
    run(bandwidth, 2000, (n) => 10 + n * 0.5); // every packet half a millisecond later than the last
    expect(bandwidth.targetBps).toBeLessThan(7e6);
    expect(told.at(-1)).toBeLessThan(7e6);
  });

  it('stays up on a path that does not queue, across the wrap of sequence numbers', () => {
    const bandwidth = new MeasuredBandwidth(LIMITS);
    run(bandwidth, 70_000, () => 10);
    expect(bandwidth.targetBps).toBeGreaterThanOrEqual(8e6);
  });

  it('ignores reports of packets it never sent, and the same report twice', () => {
    const bandwidth = new MeasuredBandwidth(LIMITS);
    bandwidth.arrivals([{ transportSequence: 7, receivedAtMs: 5 }], 10);
    expect(bandwidth.state.receivedBps).toBeUndefined();
    run(bandwidth, 300, () => 10);
    const { targetBps } = bandwidth;
    bandwidth.arrivals([{ transportSequence: 7, receivedAtMs: 99_999 }], 400);
    expect(bandwidth.targetBps).toBe(targetBps);
  });
});
