import { expect, it } from 'vitest';
import { LIMITS } from '../limits.ts';
import { MessageRate } from './message-rate.ts';

const refusals = (rate: MessageRate, count: number, nowMs: number): number => {
  let refused = 0;
  for (let i = 0; i < count; i += 1)
    try {
      rate.admit(nowMs);
    } catch (error) {
      expect(error).toMatchObject({ code: 'rate_limited' });
      refused += 1;
    }
  return refused;
};

it('a burst is taken, then as many as the rate earns', () => {
  const rate = new MessageRate(0);
  expect(refusals(rate, LIMITS.messageBurst + 5, 0)).toBe(5);
  expect(refusals(rate, LIMITS.messagesPerSecond + 5, 1000)).toBe(5);
  expect(refusals(rate, LIMITS.messageBurst + 5, 3_600_000)).toBe(5);
});

it('is a flood only when it goes on although it was told', () => {
  const rate = new MessageRate(0);
  refusals(rate, LIMITS.messageBurst + LIMITS.refusedBeforeClosed - 1, 0);
  expect(rate.isFlood).toBe(false);
  refusals(rate, 1, 0);
  expect(rate.isFlood).toBe(true);
  refusals(rate, 1, 1000);
  expect(rate.isFlood).toBe(false);
});
