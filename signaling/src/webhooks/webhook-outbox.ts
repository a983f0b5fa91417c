// Brings what the store holds for webhooks to their receivers: at least once, in the order of each
// session, one courier for each active webhook. An event is in the store, readable, before anybody
// here hears of it. Owned by main.ts.
import { CHECKPOINT_EVENT } from '@guruconnect/contract/audit';
import type { WebhookId } from '@guruconnect/contract/ids';
import type { WebhookBody } from '@guruconnect/contract/http/v1/webhooks';
import { signedHeaders } from '@guruconnect/contract/node/webhook-signer';
import type { Logger } from '../logger.ts';
import type { Metrics } from '../metrics.ts';
import type { Bus } from '../store/bus.ts';
import type { Store } from '../store/store.ts';
import type { ToldEvent } from '../store/webhooks.ts';
import type { Attempt } from './retry-schedule.ts';
import { WebhookCourier, type CourierParts } from './webhook-courier.ts';
import { attemptDelivery, type DeliveryOptions } from './webhook-delivery.ts';
import type { WebhookKeys } from './webhook-keys.ts';

export type OutboxParts = {
  readonly store: Store;
  readonly bus: Bus;
  readonly keys: WebhookKeys;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly retryScheduleS: readonly number[];
  readonly delivery: Omit<DeliveryOptions, 'signal'>;
  /** Between two looks at how much is pending, milliseconds. */
  readonly tendMs: number;
};

/** A receiver that is this far behind will not catch up: about 100 bytes of disk each. */
export const MAX_PENDING = 100_000;

export class WebhookOutbox {
  readonly #parts: OutboxParts;
  readonly #couriers = new Map<WebhookId, WebhookCourier>();
  readonly #unsubscribe: () => void;
  #tending: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(parts: OutboxParts) {
    this.#parts = parts;
    const wake = (): void => {
      for (const courier of this.#couriers.values()) courier.wake();
    };
    const subscriptions = [
      parts.bus.subscribe('journal.appended', wake),
      parts.bus.subscribe('audit.checkpoint', wake),
    ];
    this.#unsubscribe = () => {
      for (const unsubscribe of subscriptions) unsubscribe();
    };
  }

  /** Goes on where the process before this one stopped. Once what it tells of can be read. */
  async start(): Promise<void> {
    await this.refresh();
    await this.tend();
    this.#tending = setInterval(() => {
      this.tend().catch((err: unknown) => {
        this.#parts.logger.error({ err }, 'pending deliveries could not be counted');
      });
    }, this.#parts.tendMs);
  }

  /** Webhooks were created, enabled, disabled or removed, or something was made pending again. */
  async refresh(): Promise<void> {
    const all = await this.#parts.store.webhooks.list();
    if (this.#closed) return;
    const active = new Set(
      all.filter((webhook) => webhook.disabled_reason === undefined).map(({ id }) => id),
    );
    const idle = [...this.#couriers].filter(([id]) => !active.has(id));
    for (const [id] of idle) this.#couriers.delete(id);
    for (const id of active)
      if (!this.#couriers.has(id)) this.#couriers.set(id, new WebhookCourier(id, this.#forCourier));
    for (const courier of this.#couriers.values()) courier.wake();
    await Promise.all(idle.map(([, courier]) => courier.close('webhook is not active')));
  }

  /** Counts what is pending, and disables a webhook that is too far behind. */
  async tend(): Promise<void> {
    const { store, metrics, logger } = this.#parts;
    const backlog = await store.webhooks.backlog();
    const oldestMs = Math.min(...backlog.map((one) => one.oldest_created_at_ms), Date.now());
    metrics.webhookPending.set(backlog.reduce((sum, { pending }) => sum + pending, 0));
    metrics.webhookOldestPending.set((Date.now() - oldestMs) / 1000);
    const behind = backlog.filter(({ pending }) => pending > MAX_PENDING);
    for (const { webhook_id, pending } of behind) {
      logger.warn({ webhook_id, pending }, 'webhook disabled: too far behind');
      metrics.webhooksDisabled.inc({ reason: 'failing' });
      await store.webhooks.disable(webhook_id, 'failing');
    }
    if (behind.length > 0) await this.refresh();
  }

  /** Idempotent. */
  async close(reason: string): Promise<void> {
    this.#closed = true;
    this.#unsubscribe();
    clearInterval(this.#tending);
    const couriers = [...this.#couriers.values()];
    this.#couriers.clear();
    await Promise.all(couriers.map((courier) => courier.close(reason)));
  }

  get #forCourier(): CourierParts {
    const { store, keys, metrics, logger, retryScheduleS, delivery } = this.#parts;
    return {
      webhooks: store.webhooks,
      metrics,
      logger,
      retryScheduleS,
      attempt: (webhook, { id, event }, signal): Promise<Attempt> => {
        const body = JSON.stringify(bodyOf(event));
        const headers = signedHeaders(id, body, keys.of(webhook, Date.now()), Date.now());
        return attemptDelivery({ url: webhook.url, headers, body }, { ...delivery, signal });
      },
    };
  }
}

const bodyOf = (event: ToldEvent): WebhookBody => ({
  type: event.type,
  timestamp: event.at,
  data: event.type === CHECKPOINT_EVENT ? event.checkpoint : event,
});
