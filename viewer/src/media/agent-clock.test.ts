import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AgentClock } from './agent-clock.ts';

/** An exchange over ways of these lengths with an agent that is `aheadMs` ahead of this page. */
function exchange(
  clock: AgentClock,
  seq: number,
  askedAtMs: number,
  way: { outMs: number; backMs: number; aheadMs: number },
): void {
  clock.asked(seq, askedAtMs);
  const agentUs = (askedAtMs + way.outMs + way.aheadMs) * 1000;
  clock.answered(seq, agentUs, askedAtMs + way.outMs + way.backMs);
}
/** As the agent makes it (media/frame.ts). */
const rtpOf = (agentMs: number): number => Math.floor(agentMs * 90) % 2 ** 32;

describe("the agent's clock", () => {
  it('is known to half the quickest round trip, over any wrap of the RTP clock', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 10 ** 9 }),
        fc.array(fc.record({ outMs: fc.nat(200), backMs: fc.nat(200) }), {
          minLength: 1,
          maxLength: 20,
        }),
        fc.nat(3_600_000),
        (aheadMs, ways, ageMs) => {
          const clock = new AgentClock();
          ways.forEach((way, i) => exchange(clock, i + 1, i * 500, { ...way, aheadMs }));
          const nowMs = 20_000;
          const capturedAtMs = nowMs - ageMs;
          fc.pre(capturedAtMs + aheadMs >= 0);
          const told = clock.capturedAtMs(rtpOf(capturedAtMs + aheadMs), nowMs) ?? NaN;
          const quickest = Math.min(...ways.map(({ outMs, backMs }) => outMs + backMs));
          expect(Math.abs(told - capturedAtMs)).toBeLessThanOrEqual(quickest / 2 + 0.02);
        },
      ),
    );
  });

  it('is not known before the first answer, nor after a reset', () => {
    const clock = new AgentClock();
    expect(clock.capturedAtMs(1, 1)).toBeUndefined();
    exchange(clock, 1, 0, { outMs: 1, backMs: 1, aheadMs: 5 });
    expect(clock.roundTripMs).toBe(2);
    clock.reset();
    expect(clock.capturedAtMs(1, 1)).toBeUndefined();
  });

  it('takes no answer to a question it did not ask, and counts what stays unanswered', () => {
    const clock = new AgentClock();
    clock.answered(9, 1_000_000, 5);
    expect(clock.roundTripMs).toBeUndefined();
    for (let seq = 1; seq <= 3; seq += 1) clock.asked(seq, seq);
    expect(clock.unanswered).toBe(3);
    clock.answered(3, 1_000_000, 5);
    expect(clock.unanswered).toBe(0);
  });
});
