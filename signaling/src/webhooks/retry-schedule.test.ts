import { describe, expect, it } from 'vitest';
import { afterAttempt, RETRY_SCHEDULE_S } from './retry-schedule.ts';

const HOUR_MS = 3_600_000;
const NOW_MS = Date.UTC(2026, 0, 1);
const first = { retries: 0, nowMs: NOW_MS };

describe('after an attempt', () => {
  it('that was taken, nothing follows', () => {
    expect(afterAttempt({ status: 204 }, first)).toEqual({ kind: 'delivered' });
  });

  it('that failed, the next comes after the pause of the schedule and a little more by chance', () => {
    const atMs = (random: number) =>
      afterAttempt({ error: 'timeout' }, first, [10, 20], random) as { at_ms: number };
    expect(atMs(0).at_ms - NOW_MS).toBe(10_000);
    expect(atMs(0.5).at_ms - NOW_MS).toBe(11_000);
    const second = afterAttempt({ error: 'timeout' }, { ...first, retries: 1 }, [10, 20], 0);
    expect(second).toEqual({ kind: 'retry', at_ms: NOW_MS + 20_000 });
  });

  it('that asked for a longer pause, the next waits so long, but not for ever', () => {
    const after = (retryAfterMs: number) =>
      afterAttempt({ status: 429, error: 'status', retryAfterMs }, first, [10], 0);
    expect(after(60_000)).toEqual({ kind: 'retry', at_ms: NOW_MS + 60_000 });
    expect(after(1_000)).toEqual({ kind: 'retry', at_ms: NOW_MS + 10_000 });
    expect(after(1e12)).toEqual({ kind: 'retry', at_ms: NOW_MS + 24 * HOUR_MS });
  });

  it('that was answered 410, the webhook is gone', () => {
    expect(afterAttempt({ status: 410, error: 'status' }, first)).toEqual({
      kind: 'failed',
      disable: 'gone',
    });
  });

  it('that was the last of the schedule, it is given up; the webhook too if nothing else was taken since', () => {
    const last = { retries: 1, roundStartedAtMs: NOW_MS - 5_000, nowMs: NOW_MS };
    const after = (lastSuccessAtMs?: number) =>
      afterAttempt({ error: 'connection' }, { ...last, lastSuccessAtMs }, [5]);
    expect(after()).toEqual({ kind: 'failed', disable: 'failing' });
    expect(after(NOW_MS - 6_000)).toEqual({ kind: 'failed', disable: 'failing' });
    expect(after(NOW_MS - 4_000)).toEqual({ kind: 'failed' });
  });
});

it('the schedule lasts about three days and begins within seconds', () => {
  let nowMs = NOW_MS;
  for (let retries = 0; ; retries += 1) {
    const next = afterAttempt(
      { error: 'connection' },
      { retries, roundStartedAtMs: NOW_MS, nowMs },
      RETRY_SCHEDULE_S,
      0,
    );
    if (next.kind !== 'retry') break;
    nowMs = next.at_ms;
    if (retries === 0) expect(nowMs - NOW_MS).toBe(5_000);
  }
  expect((nowMs - NOW_MS) / HOUR_MS).toBeGreaterThan(72);
  expect((nowMs - NOW_MS) / HOUR_MS).toBeLessThan(80);
});
