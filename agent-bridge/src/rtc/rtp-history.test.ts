import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HISTORY_MS, HISTORY_PACKETS, RtpHistory, type SentPacket } from './rtp-history.ts';

const RTT_MS = 20;
const packet = (sequenceNumber: number, sentAtMs = 0): SentPacket => ({
  sequenceNumber: sequenceNumber & 0xffff,
  timestamp90kHz: 0,
  marker: false,
  payload: Buffer.of(sequenceNumber & 0xff),
  sentAtMs,
});

describe('the history of a stream', () => {
  it('still has the first packet of a frame of more than two thousand', () => {
    const history = new RtpHistory();
    for (let i = 0; i < 2100; i += 1) history.push(packet(65_000 + i, i / 100));
    expect(history.take(65_000, 30, RTT_MS)?.payload).toEqual(Buffer.of(65_000 & 0xff));
  });

  it('repeats a packet once per round trip', () => {
    const history = new RtpHistory();
    history.push(packet(7));
    expect(history.take(7, 10, RTT_MS)).toBeDefined();
    expect(history.take(7, 29, RTT_MS)).toBeUndefined();
    expect(history.take(7, 30, RTT_MS)).toBeDefined();
  });

  it('answers for what it was given within its time and room, and for nothing else', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 0xffff }),
        fc.array(fc.integer({ min: 0, max: 300 }), { minLength: 1, maxLength: 200 }),
        fc.integer({ min: 0, max: 0xffff }),
        (first, gapsMs, asked) => {
          const history = new RtpHistory();
          const sent: SentPacket[] = [];
          let nowMs = 0;
          for (const gapMs of gapsMs) {
            nowMs += gapMs;
            const next = packet(first + sent.length, nowMs);
            history.push(next);
            sent.push(next);
          }
          const held = sent.filter(({ sentAtMs }) => nowMs - sentAtMs <= HISTORY_MS);
          expect(history.size).toBe(held.length);
          for (const { sequenceNumber } of held)
            expect(history.take(sequenceNumber, nowMs, 0)?.sequenceNumber).toBe(sequenceNumber);
          if (!held.some(({ sequenceNumber }) => sequenceNumber === asked))
            expect(history.take(asked, nowMs, 0)).toBeUndefined();
        },
      ),
    );
  });

  it('never holds more than its room', () => {
    const history = new RtpHistory();
    for (let i = 0; i < HISTORY_PACKETS + 10; i += 1) history.push(packet(i));
    expect(history.size).toBe(HISTORY_PACKETS);
    expect(history.take(9, 0, 0)).toBeUndefined();
    expect(history.take(10, 0, 0)).toBeDefined();
  });

  it('lets go of everything when nothing is sent any more', () => {
    const history = new RtpHistory();
    history.push(packet(1, 100));
    history.forgetOlderThan(101);
    expect(history.size).toBe(0);
    history.push(packet(500, 200));
    expect(history.take(500, 200, 0)).toBeDefined();
  });
});
