// Feedback as a media node really gave it, recorded through the shaper (infra/shaper), replayed into a
// fresh controller, and compared with what the shaper knew of its own queue at that time. What was sent
// does not follow the replayed controller's target, so it is judged by what it sees and says.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CongestionController } from './congestion-controller.ts';

type Recording = {
  readonly step_ms: number;
  readonly line_bps: number;
  readonly reports: readonly (readonly [
    heardMs: number,
    packets: readonly (readonly [sentMs: number, delayMs: number | null, bytes: number])[],
  ])[];
  readonly queue: readonly (readonly [atMs: number, queueMs: number])[];
};

const recording = JSON.parse(
  readFileSync(new URL('../../test/congestion/step-20-to-1-mbit.json', import.meta.url), 'utf8'),
) as Recording;
const START_BPS = 8e6;

function replay() {
  const controller = new CongestionController({ startBps: START_BPS, minBps: 150e3, maxBps: 12e6 });
  controller.roundTripMs = 50;
  return recording.reports.map(([heardMs, packets]) => {
    const reports = packets.map(([sentAtMs, delayMs, bytes]) => ({
      sentAtMs,
      receivedAtMs: delayMs === null ? undefined : sentAtMs + delayMs,
      bytes: Math.abs(bytes),
      padding: bytes < 0,
    }));
    const targetBps = controller.onFeedback(reports, heardMs);
    const last = packets.findLast(([, delayMs]) => delayMs !== null);
    return { heardMs, targetBps, queueMs: controller.state.queueMs, lastSentMs: last?.[0] };
  });
}

/** As the shaper saw it when a packet was sent. */
const truthAt = (atMs: number): number =>
  recording.queue.findLast(([noteMs]) => noteMs <= atMs)?.[1] ?? 0;

describe('a recorded step from 20 to 1 Mbit/s', () => {
  const seen = replay();
  const { step_ms, line_bps } = recording;

  it('is followed within a second and a half, to no more than the line carries', () => {
    const after = seen.filter(({ heardMs }) => heardMs > step_ms + 1500);
    expect(after.length).toBeGreaterThan(10);
    const above = after.filter(({ targetBps }) => targetBps > 1.1 * line_bps);
    expect(above.length / after.length).toBeLessThan(0.15);
  });

  it('is not expected before it comes', () => {
    const before = seen.filter(({ heardMs }) => heardMs > 1000 && heardMs < step_ms);
    for (const { targetBps } of before) expect(targetBps).toBeGreaterThan(2 * line_bps);
  });

  it('fills a queue that is seen about as long as it is', () => {
    const errors = seen
      .filter(({ lastSentMs }) => lastSentMs !== undefined && lastSentMs > 500)
      .map(({ queueMs, lastSentMs }) => Math.abs(queueMs - truthAt(lastSentMs ?? 0)))
      .sort((a, b) => a - b);
    // The estimate is smoothed, and the machine of the recording was busy.
    expect(errors[Math.floor(errors.length / 2)]).toBeLessThan(30);
    expect(errors[Math.floor(errors.length * 0.9)]).toBeLessThan(120);
  });
});
