// Order, patience and fairness of a courier by a clock that the test turns: no network, no waiting.
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { newId, type SessionId } from '@guruconnect/contract/ids';
import type { JournalEvent } from '@guruconnect/contract/journal';
import { sessionRecord } from '../../test/records.ts';
import { makeMetrics } from '../metrics.ts';
import type { Store } from '../store/store.ts';
import { openSqliteStore } from '../store/store.sqlite.ts';
import type { ToldEvent } from '../store/webhooks.ts';
import type { Attempt } from './retry-schedule.ts';
import { AT_ONCE, WebhookCourier, type CourierParts } from './webhook-courier.ts';

const OK: Attempt = { status: 204 };
const DOWN: Attempt = { error: 'connection' };
const HOUR_MS = 3_600_000;

let store: Store;
let courier: WebhookCourier;
const webhookId = newId('whk');
/** Every attempt as it began: session and seq. */
let attempts: string[];
/** What the receiver says; a promise that never ends is a receiver that hangs. */
let receiver: (event: ToldEvent) => Attempt | Promise<Attempt>;

beforeEach(async () => {
  vi.useFakeTimers({ now: Date.UTC(2026, 0, 1) });
  store = openSqliteStore(':memory:');
  attempts = [];
  receiver = () => OK;
  await store.webhooks.add(
    { id: webhookId, url: 'x', public_key: 'x', keys: [], created_at_ms: 0 },
    1,
  );
});
afterEach(async () => {
  await courier.close('test');
  await store.close();
  vi.useRealTimers();
});

const start = (retryScheduleS: readonly number[] = [5, 300]): void => {
  const parts: CourierParts = {
    webhooks: store.webhooks,
    retryScheduleS,
    metrics: makeMetrics({ process: false }),
    logger: pino({ level: 'silent' }),
    attempt: (_webhook, { event }, signal) => {
      attempts.push(`${event.session_id} ${event.seq}`);
      return new Promise((resolve, reject) => {
        signal.addEventListener('abort', () => {
          reject(signal.reason as Error);
        });
        void Promise.resolve(receiver(event)).then(resolve);
      });
    },
  };
  courier = new WebhookCourier(webhookId, parts);
  courier.wake();
};
const session = async (count: number): Promise<SessionId> => {
  const record = sessionRecord({ last_seq: count });
  const events = Array.from({ length: count }, (_, index): JournalEvent => ({
    seq: index + 1,
    session_id: record.id,
    type: 'session.placed',
    at: new Date(Date.now()).toISOString(),
    data: {},
  }));
  await store.sessions.create(record, events);
  return record.id;
};
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const statesOf = async (): Promise<string[]> =>
  (await store.webhooks.deliveries({ webhook_id: webhookId, limit: 100 })).map(
    ({ state }) => state,
  );

describe('a courier', () => {
  it('brings a session’s events in order, each once', async () => {
    const id = await session(5);
    start();
    await pass(0);
    expect(attempts).toEqual([1, 2, 3, 4, 5].map((seq) => `${id} ${seq}`));
    await pass(HOUR_MS);
    expect(attempts).toHaveLength(5);
    expect(new Set(await statesOf())).toEqual(new Set(['delivered']));
  });

  it('holds the rest of a session back while one fails, and no other session', async () => {
    const stuck = await session(3);
    receiver = ({ session_id }) => (session_id === stuck ? DOWN : OK);
    start();
    await pass(0);
    const free = await session(2);
    courier.wake();
    await pass(1_000);
    expect(attempts).toEqual([`${stuck} 1`, `${free} 1`, `${free} 2`]);
    receiver = () => OK;
    await pass(5_000);
    expect(attempts.slice(3)).toEqual([1, 2, 3].map((seq) => `${stuck} ${seq}`));
  });

  it('goes on beside receivers that hang, with a bounded number of them', async () => {
    const hanging = new Set<string>();
    for (let i = 0; i < AT_ONCE + 3; i += 1) hanging.add(await session(1));
    const release: (() => void)[] = [];
    receiver = () =>
      new Promise((resolve) => {
        release.push(() => {
          resolve(OK);
        });
      });
    start();
    await pass(0);
    expect(attempts).toHaveLength(AT_ONCE);
    release[0]?.();
    await pass(0);
    expect(attempts).toHaveLength(AT_ONCE + 1);
  });

  it('keeps to the schedule, gives up after it, and disables a webhook that took nothing', async () => {
    await session(2);
    receiver = () => DOWN;
    start([5, 300]);
    await pass(4_999);
    expect(attempts).toHaveLength(1);
    await pass(1_001 + 1);
    expect(attempts).toHaveLength(2);
    await pass(299_000);
    expect(attempts).toHaveLength(2);
    await pass(62_000);
    expect(attempts).toHaveLength(3);
    expect((await store.webhooks.read(webhookId))?.disabled_reason).toBe('failing');
    expect(await statesOf()).toEqual(['failed', 'failed']);
    await pass(24 * HOUR_MS);
    expect(attempts).toHaveLength(3);
  });

  it('gives up one event that a receiver never takes, while it takes others', async () => {
    const id = await session(2);
    receiver = ({ session_id, seq }) => (session_id === id && seq === 1 ? DOWN : OK);
    start([5]);
    await pass(0);
    await session(1);
    courier.wake();
    await pass(7_000);
    expect((await store.webhooks.read(webhookId))?.disabled_reason).toBeUndefined();
    expect([...(await statesOf())].sort()).toEqual(['delivered', 'delivered', 'failed']);
    expect(attempts.at(-1)).toBe(`${id} 2`);
  });

  it('stops at once when its webhook is gone', async () => {
    await session(3);
    receiver = () => ({ status: 410, error: 'status' });
    start();
    await pass(HOUR_MS);
    expect(attempts).toHaveLength(1);
    expect((await store.webhooks.read(webhookId))?.disabled_reason).toBe('gone');
  });

  it('that is closed in the middle counts nothing: the next one makes the same attempt', async () => {
    const id = await session(1);
    receiver = () => new Promise(() => undefined);
    start();
    await pass(0);
    await courier.close('test');
    const [delivery] = await store.webhooks.deliveries({ webhook_id: webhookId, limit: 1 });
    expect(delivery).toMatchObject({ state: 'pending', attempts: 0 });
    receiver = () => OK;
    start();
    await pass(0);
    expect(attempts).toEqual([`${id} 1`, `${id} 1`]);
    expect(await statesOf()).toEqual(['delivered']);
  });

  it('that can not write what happened waits, and does not flood the receiver', async () => {
    await session(1);
    start();
    const settle = vi.spyOn(store.webhooks, 'settle').mockRejectedValue(new Error('disk full'));
    await pass(4_000);
    expect(attempts).toHaveLength(1);
    settle.mockRestore();
    await pass(2_000);
    expect(attempts).toHaveLength(2);
    expect(await statesOf()).toEqual(['delivered']);
  });
});
