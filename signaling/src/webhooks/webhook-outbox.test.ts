import { pino } from 'pino';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { newId } from '@guruconnect/contract/ids';
import { makeMetrics } from '../metrics.ts';
import { embeddedBus } from '../store/bus.embedded.ts';
import type { Store } from '../store/store.ts';
import { openSqliteStore } from '../store/store.sqlite.ts';
import { SecretBox } from './secret-box.ts';
import { WebhookKeys } from './webhook-keys.ts';
import { MAX_PENDING, WebhookOutbox } from './webhook-outbox.ts';

const logger = pino({ level: 'silent' });
const metrics = makeMetrics({ process: false });
const NOW_MS = Date.UTC(2026, 0, 1);
let store: Store;
let outbox: WebhookOutbox;
beforeEach(() => {
  vi.useFakeTimers({ now: NOW_MS });
  store = openSqliteStore(':memory:');
  outbox = new WebhookOutbox({
    store,
    bus: embeddedBus(logger),
    keys: new WebhookKeys({ webhooks: store.webhooks, box: new SecretBox(['x']), logger }),
    metrics,
    logger,
    retryScheduleS: [],
    delivery: { allowPrivate: false, timeoutMs: 1 },
    tendMs: 60_000,
  });
});
afterEach(async () => {
  await outbox.close('test');
  await store.close();
  vi.useRealTimers();
});

it('a webhook that is hopelessly behind is disabled, one that is nearly so is not', async () => {
  const [near, far] = [newId('whk'), newId('whk')];
  for (const id of [near, far])
    await store.webhooks.add({ id, url: 'x', public_key: 'x', keys: [], created_at_ms: 0 }, 9);
  await outbox.start();
  vi.spyOn(store.webhooks, 'backlog').mockResolvedValue([
    { webhook_id: near, pending: MAX_PENDING, oldest_created_at_ms: NOW_MS },
    { webhook_id: far, pending: MAX_PENDING + 1, oldest_created_at_ms: NOW_MS - 30_000 },
  ]);
  await vi.advanceTimersByTimeAsync(60_000);
  expect((await store.webhooks.read(near))?.disabled_reason).toBeUndefined();
  expect((await store.webhooks.read(far))?.disabled_reason).toBe('failing');
  const text = await metrics.registry.metrics();
  expect(text).toContain(`gc_webhook_deliveries_pending ${2 * MAX_PENDING + 1}`);
  expect(text).toContain('gc_webhook_oldest_pending_seconds 90');
});
