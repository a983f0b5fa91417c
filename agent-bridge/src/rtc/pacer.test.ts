import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../test/fake-clock.ts';
import { Pacer, WINDOW_MS } from './pacer.ts';

const RATE_BPS = 8_000_000; // 1000 bytes a millisecond
const BYTES_PER_MS = RATE_BPS / 8000;

type Item = { readonly bytes: number; readonly name: string };

function pacer(rateBps = RATE_BPS) {
  const clock = new FakeClock();
  const sent: { readonly name: string; readonly bytes: number; readonly atMs: number }[] = [];
  const pacer = new Pacer<Item>({
    clock,
    rateBps,
    send: ({ name, bytes }) => sent.push({ name, bytes, atMs: clock.nowMs() }),
  });
  return { clock, sent, pacer, names: () => sent.map(({ name }) => name) };
}

describe('the pacer', () => {
  it('sends a small frame within the call that brings it', () => {
    const { pacer: paced, sent, clock } = pacer();
    for (let i = 0; i < 4; i += 1) paced.pushMedia({ bytes: 1200, name: `${i}` });
    expect(sent).toHaveLength(4);
    expect(clock.pending).toBe(0);
  });

  it('never sends more in any stretch of time than the rate and one window allow', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            gapMs: fc.integer({ min: 0, max: 40 }),
            packets: fc.integer({ min: 0, max: 60 }),
            bytes: fc.integer({ min: 1, max: 1200 }),
          }),
          { maxLength: 20 },
        ),
        (bursts) => {
          const { pacer: paced, sent, clock } = pacer();
          let pushed = 0;
          for (const { gapMs, packets, bytes } of bursts) {
            clock.advance(gapMs);
            for (let i = 0; i < packets; i += 1) paced.pushMedia({ bytes, name: `${pushed++}` });
          }
          clock.advance(10_000);
          expect(sent.map(({ name }) => name)).toEqual(
            Array.from({ length: pushed }, (_, i) => `${i}`),
          );
          // A bucket filled like the pacer's: one packet may overdraw it, never more.
          let credit = WINDOW_MS * BYTES_PER_MS;
          let atMs = 0;
          let lowest = 0;
          for (const packet of sent) {
            const earned = (packet.atMs - atMs) * BYTES_PER_MS;
            credit = Math.min(WINDOW_MS * BYTES_PER_MS, credit + earned) - packet.bytes;
            atMs = packet.atMs;
            lowest = Math.min(lowest, credit);
          }
          expect(lowest).toBeGreaterThanOrEqual(-1200);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('uses the whole rate while packets wait', () => {
    const { pacer: paced, sent, clock } = pacer();
    for (let i = 0; i < 100; i += 1) paced.pushMedia({ bytes: 1000, name: `${i}` });
    clock.advance(50);
    expect(sent.length).toBeGreaterThanOrEqual(54);
  });

  it('repairs before it goes on', () => {
    const { pacer: paced, clock, names } = pacer();
    for (let i = 0; i < 8; i += 1) paced.pushMedia({ bytes: 1000, name: `${i}` });
    paced.pushRepair({ bytes: 1000, name: 'repair' });
    clock.advance(10);
    expect(names()).toEqual(['0', '1', '2', '3', '4', 'repair', '5', '6', '7']);
  });

  it('tells how long the queue is and forgets what it is told to', () => {
    const { pacer: paced, clock, names } = pacer();
    for (let i = 0; i < 25; i += 1) paced.pushMedia({ bytes: 1000, name: i % 2 ? 'odd' : 'even' });
    expect(paced.backlogMs).toBe(20);
    expect(paced.drop(({ name }) => name === 'odd')).toBe(10);
    expect(paced.backlogMs).toBe(10);
    clock.advance(100);
    expect(names().filter((name) => name === 'odd')).toHaveLength(2);
  });

  it('takes a new rate at once', () => {
    const { pacer: paced, sent, clock } = pacer();
    for (let i = 0; i < 100; i += 1) paced.pushMedia({ bytes: 1000, name: `${i}` });
    clock.advance(1);
    paced.setRate(2 * RATE_BPS);
    const before = sent.length;
    clock.advance(20);
    expect(sent.length - before).toBeGreaterThanOrEqual(38);
  });

  it('has nothing to do and sends nothing when it is closed', () => {
    const { pacer: paced, sent, clock } = pacer();
    for (let i = 0; i < 20; i += 1) paced.pushMedia({ bytes: 1000, name: `${i}` });
    const before = sent.length;
    paced.close();
    paced.pushMedia({ bytes: 1, name: 'late' });
    clock.advance(100);
    expect(sent).toHaveLength(before);
    expect(clock.pending).toBe(0);
  });

  it('fills a train with padding, at the rate of the train, and stops at its end', () => {
    const { pacer: paced, sent, clock } = pacer();
    paced.startTrain({ bps: 24e6, bytes: 36_000, pad: () => ({ bytes: 250, name: 'pad' }) });
    clock.advance(1000);
    expect(sent.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(36_000);
    const spanMs = (sent.at(-1)?.atMs ?? 0) - (sent[0]?.atMs ?? 0);
    expect(spanMs).toBeGreaterThanOrEqual(11);
    expect(spanMs).toBeLessThanOrEqual(13);
    expect(clock.pending).toBe(0);
  });

  it('sends what waits in the train rather than padding', () => {
    const { pacer: paced, names, clock } = pacer();
    for (let i = 0; i < 20; i += 1) paced.pushMedia({ bytes: 1200, name: 'media' });
    paced.startTrain({ bps: 24e6, bytes: 12_000, pad: () => ({ bytes: 250, name: 'pad' }) });
    clock.advance(1000);
    expect(names()).toEqual(Array.from({ length: 20 }, () => 'media'));
  });

  it('gives a train up when there is nothing to pad with', () => {
    const { pacer: paced, sent, clock } = pacer();
    paced.startTrain({ bps: 24e6, bytes: 12_000, pad: () => undefined });
    clock.advance(10);
    expect(sent).toEqual([]);
    expect(clock.pending).toBe(0);
  });
});
