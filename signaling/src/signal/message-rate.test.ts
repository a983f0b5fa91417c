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

it('many refusals at once are a flood, a few now and then are not', () => {
  const hasty = new MessageRate(0);
  refusals(hasty, LIMITS.messageBurst + LIMITS.refusalBurst - 1, 0);
  expect(hasty.isFlood).toBe(false);
  refusals(hasty, 1, 0);
  expect(hasty.isFlood).toBe(true);

  const careless = new MessageRate(0);
  for (let second = 0; second < 600; second += 1)
    refusals(careless, LIMITS.messagesPerSecond + LIMITS.refusalsPerSecond / 2, second * 1000);
  expect(careless.isFlood).toBe(false);
});

it('sending twice as fast as allowed for long is a flood, although half of it is taken', () => {
  const rate = new MessageRate(0);
  let seconds = 0;
  while (!rate.isFlood && seconds < 60) {
    seconds += 1;
    for (let i = 0; i < 10; i += 1)
      refusals(rate, (2 * LIMITS.messagesPerSecond) / 10, seconds * 1000 + i * 100);
  }
  expect(seconds).toBeGreaterThan(5);
  expect(seconds).toBeLessThan(30);
});
