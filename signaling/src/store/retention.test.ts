import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { pino } from 'pino';
import { Retention } from './retention.ts';
import type { Due } from './store.ts';

describe('forgetting', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: 1_000_000 });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  type Purge = (due: Due, signal?: AbortSignal) => Promise<void>;
  const retention = (purge: Purge): Retention =>
    new Retention({
      store: { purge },
      auditRetentionMs: 900_000,
      sessionRetentionMs: 500_000,
      timings: { purgeMs: 1000 },
      logger: pino({ level: 'silent' }),
    });

  it('comes again and again, also after it failed, and asks for what ended long enough ago', async () => {
    const purge = vi.fn<Purge>().mockRejectedValueOnce(new Error('disk full')).mockResolvedValue();
    const running = retention(purge);
    await vi.advanceTimersByTimeAsync(2000);
    expect(purge.mock.calls.map(([due]) => due)).toEqual([
      { nowMs: 1_001_000, sessionsEndedBeforeMs: 501_000, auditBeforeMs: 101_000 },
      { nowMs: 1_002_000, sessionsEndedBeforeMs: 502_000, auditBeforeMs: 102_000 },
    ]);
    await running.close();
    await vi.advanceTimersByTimeAsync(5000);
    expect(purge).toHaveBeenCalledTimes(2);
  });

  it('never runs twice at once, and is stopped before the store is closed', async () => {
    let isDone = false;
    const purge = vi.fn<Purge>(
      (_due, signal) =>
        new Promise((resolve) => {
          signal?.addEventListener('abort', () => {
            isDone = true;
            resolve();
          });
        }),
    );
    const running = retention(purge);
    await vi.advanceTimersByTimeAsync(5000);
    expect(purge).toHaveBeenCalledTimes(1);
    await running.close();
    expect(isDone).toBe(true);
    await running.close();
  });
});
