import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RateLimit } from './rate-limit.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a rate limit', () => {
  it('counts each key by itself, tells what is left, and starts anew after a minute', async () => {
    const limit = new RateLimit(2);
    expect(await limit.take('a')).toMatchObject({ limit: 2, remaining: 1 });
    expect(await limit.take('a')).toMatchObject({ remaining: 0 });
    const refused = await limit.take('a').catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'rate_limited' });
    expect((refused as { retryAfterMs: number }).retryAfterMs).toBeGreaterThan(0);
    expect(await limit.take('b')).toMatchObject({ remaining: 1 });
    vi.advanceTimersByTime(60_001);
    expect(await limit.take('a')).toMatchObject({ remaining: 1 });
  });

  it('can be looked at without taking from it', async () => {
    const limit = new RateLimit(1);
    await limit.look('a');
    await limit.look('a');
    await limit.take('a');
    await expect(limit.look('a')).rejects.toMatchObject({ code: 'rate_limited' });
  });

  it('remembers a bounded number of keys: the rest share one, and what expired makes room', async () => {
    const limit = new RateLimit(2, 3);
    for (const key of ['a', 'b', 'c']) await limit.take(key);
    await limit.take('d');
    await limit.take('e');
    await expect(limit.take('f')).rejects.toMatchObject({ code: 'rate_limited' });
    expect(await limit.take('a')).toMatchObject({ remaining: 0 });
    vi.advanceTimersByTime(60_001);
    expect(await limit.take('f')).toMatchObject({ remaining: 1 });
  });
});
