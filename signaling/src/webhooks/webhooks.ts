// What an integrator does with webhooks: subscribe, look, switch, rotate, test, replay. Owned by
// main.ts; the outbox does the delivering.
import type { AuditActName, AuditActor } from '@guruconnect/contract/audit';
import { GcError } from '@guruconnect/contract/errors';
import { newId, type WebhookId } from '@guruconnect/contract/ids';
import type { CreateWebhook } from '@guruconnect/contract/http/v1/webhooks';
import { signedHeaders } from '@guruconnect/contract/node/webhook-signer';
import type { FeatureGate, Features } from '../features.ts';
import { LIMITS } from '../limits.ts';
import type { AuditAct } from '../store/audit.ts';
import type { DeliveryRecord, WebhookRecord, WebhookStore } from '../store/webhooks.ts';
import { urlFault } from './address-guard.ts';
import { attemptDelivery, type DeliveryOptions } from './webhook-delivery.ts';
import type { WebhookKeys } from './webhook-keys.ts';
import type { WebhookOutbox } from './webhook-outbox.ts';

export type WebhooksParts = {
  readonly store: { readonly webhooks: WebhookStore };
  readonly keys: WebhookKeys;
  readonly outbox: WebhookOutbox;
  readonly features: Features;
  readonly delivery: Omit<DeliveryOptions, 'signal'>;
};

export type ToldWebhook = WebhookRecord & { readonly secret: string };
type DeliveryFilter = Parameters<WebhookStore['deliveries']>[0];

export class Webhooks {
  readonly #store: WebhookStore;
  readonly #keys: WebhookKeys;
  readonly #outbox: WebhookOutbox;
  readonly #gate: FeatureGate;
  readonly #delivery: WebhooksParts['delivery'];
  readonly #stop = new AbortController();
  /** Test deliveries on the way. */
  #testing = 0;

  constructor(parts: WebhooksParts) {
    this.#store = parts.store.webhooks;
    this.#keys = parts.keys;
    this.#outbox = parts.outbox;
    this.#delivery = parts.delivery;
    this.#gate = parts.features.declare('webhooks', {
      through: 'webhooks.create',
      limits: { webhooks: LIMITS.webhooks, timeout_s: parts.delivery.timeoutMs / 1000 },
    });
  }

  /** @throws GcError `feature_off`, `invalid_request` (the URL), `limit_reached`. */
  async create({ url, events, description }: CreateWebhook, by: AuditActor): Promise<ToldWebhook> {
    this.#gate.require();
    const fault = urlFault(url, this.#delivery.allowPrivate);
    if (fault !== undefined)
      throw new GcError('invalid_request', `The URL of a webhook ${fault}`, {
        faults: [{ pointer: '/url', detail: fault }],
      });
    const id = newId('whk');
    const { sealed, told } = this.#keys.make(id);
    const webhook: WebhookRecord = {
      id,
      url,
      events,
      description,
      public_key: told.public_key,
      keys: [sealed],
      created_at_ms: Date.now(),
    };
    const act = actOf('webhook.created', id, by, { url: new URL(url).origin, events });
    if (!(await this.#store.add(webhook, LIMITS.webhooks, act)))
      throw new GcError('limit_reached', `There can be ${LIMITS.webhooks} webhooks`);
    await this.#outbox.refresh();
    return { ...webhook, secret: told.secret };
  }

  async list(): Promise<WebhookRecord[]> {
    this.#gate.require();
    return this.#store.list();
  }

  /** @throws GcError `not_found`, `feature_off`; so do all below. */
  async read(id: WebhookId): Promise<WebhookRecord> {
    this.#gate.require();
    return found(await this.#store.read(id));
  }

  async remove(id: WebhookId, by: AuditActor): Promise<WebhookRecord> {
    this.#gate.require();
    return this.#changed(await this.#store.remove(id, actOf('webhook.removed', id, by)));
  }

  /** @throws GcError also `illegal_transition` when it could not sign. */
  async enable(id: WebhookId, by: AuditActor): Promise<WebhookRecord> {
    if (!this.#keys.canSign(await this.read(id)))
      throw new GcError('illegal_transition', 'Its keys are lost: rotate its secret first');
    return this.#changed(await this.#store.enable(id, actOf('webhook.enabled', id, by)));
  }

  async disable(id: WebhookId, by: AuditActor): Promise<WebhookRecord> {
    await this.read(id);
    const act = actOf('webhook.disabled', id, by, { reason: 'by_integrator' });
    return this.#changed(await this.#store.disable(id, 'by_integrator', act));
  }

  async rotateSecret(id: WebhookId, overlapS: number, by: AuditActor): Promise<ToldWebhook> {
    const before = await this.read(id);
    const act = actOf('webhook.secret_rotated', id, by, { overlap_s: overlapS });
    const { webhook, told } = await this.#keys.rotate(before, overlapS * 1000, Date.now(), act);
    return { ...found(webhook), secret: told.secret };
  }

  /** One attempt, now, of a delivery that is about nothing. @throws GcError also `limit_reached`. */
  async test(id: WebhookId): Promise<DeliveryRecord> {
    const webhook = await this.read(id);
    if (!this.#keys.canSign(webhook))
      throw new GcError('illegal_transition', 'Its keys are lost: rotate its secret first');
    if (this.#testing >= LIMITS.webhookTestsAtOnce)
      throw new GcError('limit_reached', `${LIMITS.webhookTestsAtOnce} tests run already`);
    this.#testing += 1;
    try {
      const delivery = await this.#sendTest(webhook);
      await this.#store.addFinished(delivery);
      return delivery;
    } finally {
      this.#testing -= 1;
    }
  }

  /** @throws GcError `not_found`, `feature_off`. */
  async deliveries(filter: DeliveryFilter): Promise<DeliveryRecord[]> {
    await this.read(filter.webhook_id);
    return this.#store.deliveries(filter);
  }

  /** @throws GcError also `illegal_transition` while it is disabled. @returns how many. */
  async replay(id: WebhookId, sinceMs: number | undefined): Promise<number> {
    const { disabled_reason } = await this.read(id);
    if (disabled_reason !== undefined)
      throw new GcError('illegal_transition', 'Enable the webhook first');
    const replayed = await this.#store.replay(id, sinceMs, Date.now());
    await this.#outbox.refresh();
    return replayed;
  }

  /** Breaks tests on the way off. Idempotent. */
  close(): void {
    this.#stop.abort(new GcError('shutting_down'));
  }

  async #sendTest(webhook: WebhookRecord): Promise<DeliveryRecord> {
    const type = 'webhook.test';
    const nowMs = Date.now();
    const id = newId('dlv', nowMs);
    const body = JSON.stringify({
      type,
      timestamp: new Date(nowMs).toISOString(),
      data: { webhook_id: webhook.id },
    });
    const headers = signedHeaders(id, body, this.#keys.of(webhook, nowMs), nowMs);
    const { status, error } = await attemptDelivery(
      { url: webhook.url, headers, body },
      { ...this.#delivery, signal: this.#stop.signal },
    );
    return {
      id,
      webhook_id: webhook.id,
      type,
      state: error === undefined ? 'delivered' : 'failed',
      attempts: 1,
      last_attempt_at_ms: nowMs,
      last_status: status,
      last_error: error,
      created_at_ms: nowMs,
    };
  }

  async #changed(webhook: WebhookRecord | undefined): Promise<WebhookRecord> {
    await this.#outbox.refresh();
    return found(webhook);
  }
}

function found(webhook: WebhookRecord | undefined): WebhookRecord {
  if (!webhook) throw new GcError('not_found', 'There is no such webhook');
  return webhook;
}

const actOf = (
  act: AuditActName,
  id: WebhookId,
  actor: AuditActor,
  details: Readonly<Record<string, unknown>> = {},
): AuditAct => ({
  act,
  actor,
  subject: { kind: 'webhook', id },
  details,
  at_ms: Date.now(),
});
