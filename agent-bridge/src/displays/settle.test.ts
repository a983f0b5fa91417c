import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Settle } from './settle.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

it('acts once after a burst has been quiet', () => {
  const action = vi.fn();
  const settle = new Settle(30, 100, action);
  settle.sign();
  vi.advanceTimersByTime(20);
  settle.sign();
  vi.advanceTimersByTime(29);
  expect(action).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(action).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(1000);
  expect(action).toHaveBeenCalledTimes(1);
});

it('does not wait longer than the maximum for quiet that never comes', () => {
  const action = vi.fn();
  const settle = new Settle(30, 100, action);
  for (let ms = 0; ms < 100; ms += 10) {
    settle.sign();
    vi.advanceTimersByTime(10);
  }
  expect(action).toHaveBeenCalledTimes(1);
});

it('forgets what was cancelled', () => {
  const action = vi.fn();
  const settle = new Settle(30, 100, action);
  settle.sign();
  settle.cancel();
  vi.advanceTimersByTime(1000);
  expect(action).not.toHaveBeenCalled();
});
