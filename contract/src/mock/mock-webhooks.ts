// Webhooks of the mock broker: signed like the real ones, in order within a session, tried again within
// seconds instead of days, and to any address, since a test's receiver is on this machine. Owned by
// MockBroker.
import { CHECKPOINT_EVENT, type Checkpoint } from '../audit.ts';
import { GcError } from '../errors.ts';
import type { CreateWebhook, Delivery, Webhook, WebhookBody } from '../http/v1/webhooks.ts';
import { newId, type SessionId, type WebhookId } from '../ids.ts';
import type { JournalEvent } from '../journal.ts';
import {
  newSigningKeys,
  signedHeaders,
  type SigningKeys,
  type ToldKeys,
} from '../node/webhook-signer.ts';

const MAX_WEBHOOKS = 16;
const ATTEMPT_MS = 15_000;
/** Pauses between attempts: long enough to be seen, short enough for a test. */
const RETRY_MS = [500, 2_000, 8_000] as const;

/** Of a session, or of the audit. */
type Lane = SessionId | undefined;
type Kept = { delivery: Delivery; readonly body: string };
type Subscription = {
  webhook: Webhook;
  keys: { readonly pair: SigningKeys; readonly untilMs: number }[];
  /** Oldest first. */
  readonly kept: Kept[];
  /** Those with deliveries on the way. */
  readonly lanes: Set<Lane>;
};
type Attempt = Pick<Delivery, 'last_status' | 'last_error'>;
type Told = Webhook & { readonly secret: string };

const now = (): string => new Date().toISOString();

export class MockWebhooks {
  readonly #subscriptions = new Map<WebhookId, Subscription>();
  readonly #stop = new AbortController();

  /** @throws GcError `invalid_request`, `limit_reached`. */
  create({ url, events, description }: CreateWebhook): Told {
    const { username, password, hash } = new URL(url);
    const fault = username || password ? 'must not hold credentials' : 'must not have a fragment';
    if (username || password || hash)
      throw new GcError('invalid_request', `The URL of a webhook ${fault}`, {
        faults: [{ pointer: '/url', detail: fault }],
      });
    if (this.#subscriptions.size >= MAX_WEBHOOKS)
      throw new GcError('limit_reached', `There can be ${MAX_WEBHOOKS} webhooks`);
    const { keys, told } = newSigningKeys();
    const webhook: Webhook = {
      id: newId('whk'),
      url,
      ...(events === undefined ? {} : { events }),
      ...(description === undefined ? {} : { description }),
      state: 'active',
      public_key: told.public_key,
      created_at: now(),
    };
    const first = { pair: keys, untilMs: Infinity };
    this.#subscriptions.set(webhook.id, { webhook, keys: [first], kept: [], lanes: new Set() });
    return { ...webhook, secret: told.secret };
  }

  list(): Webhook[] {
    return [...this.#subscriptions.values()].map(({ webhook }) => webhook).reverse();
  }

  /** @throws GcError `not_found`; so do all below. */
  read(id: WebhookId): Webhook {
    return this.#find(id).webhook;
  }

  remove(id: WebhookId): Webhook {
    const subscription = this.#find(id);
    this.#subscriptions.delete(id);
    this.#disable(subscription, 'by_integrator');
    return this.#enabled(subscription.webhook);
  }

  enable(id: WebhookId): Webhook {
    const subscription = this.#find(id);
    subscription.webhook = this.#enabled(subscription.webhook);
    return subscription.webhook;
  }

  disable(id: WebhookId): Webhook {
    const subscription = this.#find(id);
    this.#disable(subscription, 'by_integrator');
    return subscription.webhook;
  }

  rotate(id: WebhookId, overlapS: number): Told {
    const subscription = this.#find(id);
    const { keys, told }: { keys: SigningKeys; told: ToldKeys } = newSigningKeys();
    const untilMs = Date.now() + overlapS * 1000;
    const old = subscription.keys.map((key) => ({
      ...key,
      untilMs: Math.min(key.untilMs, untilMs),
    }));
    subscription.keys = [{ pair: keys, untilMs: Infinity }, ...old].slice(0, 3);
    subscription.webhook = { ...subscription.webhook, public_key: told.public_key };
    return { ...subscription.webhook, secret: told.secret };
  }

  /** One attempt, now. */
  async test(id: WebhookId): Promise<Delivery> {
    const subscription = this.#find(id);
    const data = { webhook_id: id };
    const kept = keep(id, { type: 'webhook.test', timestamp: now(), data }, {});
    subscription.kept.push(kept);
    const attempt = await this.#attempt(subscription, kept);
    settle(kept, attempt, 'failed');
    return kept.delivery;
  }

  /** Newest first. */
  deliveries(id: WebhookId): Delivery[] {
    return this.#find(id)
      .kept.map(({ delivery }) => delivery)
      .reverse();
  }

  /** @returns how many. @throws GcError `illegal_transition` while it is disabled. */
  replay(id: WebhookId, sinceMs: number | undefined): number {
    const subscription = this.#find(id);
    if (subscription.webhook.state === 'disabled')
      throw new GcError('illegal_transition', 'Enable the webhook first');
    const meant = subscription.kept.filter(
      ({ delivery }) =>
        delivery.session_id !== undefined &&
        delivery.state !== 'pending' &&
        (sinceMs === undefined
          ? delivery.state === 'failed'
          : Date.parse(delivery.created_at) >= sinceMs),
    );
    for (const kept of meant) kept.delivery = { ...kept.delivery, state: 'pending' };
    for (const { delivery } of meant)
      if (delivery.seq !== undefined) this.#wake(subscription, delivery.session_id);
    return meant.length;
  }

  /** Whoever wants it gets it, once the event before it was taken or given up. */
  tell(event: JournalEvent): void {
    const { type, at: timestamp, session_id, seq } = event;
    for (const subscription of this.#subscriptions.values()) {
      const { id, state, events } = subscription.webhook;
      if (state === 'disabled' || (events && !events.includes(type))) continue;
      subscription.kept.push(keep(id, { type, timestamp, data: event }, { session_id, seq }));
      this.#wake(subscription, session_id);
    }
  }

  /** Only who asked for it by name. */
  tellCheckpoint(checkpoint: Checkpoint): void {
    const body = { type: CHECKPOINT_EVENT, timestamp: checkpoint.at, data: checkpoint };
    for (const subscription of this.#subscriptions.values()) {
      const { id, state, events } = subscription.webhook;
      if (state === 'disabled' || !events?.includes(CHECKPOINT_EVENT)) continue;
      subscription.kept.push(keep(id, body, { seq: checkpoint.seq }));
      this.#wake(subscription, undefined);
    }
  }

  /** Idempotent. */
  close(): void {
    this.#stop.abort();
  }

  #find(id: WebhookId): Subscription {
    const subscription = this.#subscriptions.get(id);
    if (!subscription) throw new GcError('not_found', 'There is no such webhook');
    return subscription;
  }

  #enabled({ disabled_reason: _, ...webhook }: Webhook): Webhook {
    return { ...webhook, state: 'active' } as Webhook;
  }

  #disable(subscription: Subscription, disabled_reason: Webhook['disabled_reason']): void {
    subscription.webhook = { ...subscription.webhook, state: 'disabled', disabled_reason };
    for (const kept of subscription.kept)
      if (kept.delivery.state === 'pending') settle(kept, kept.delivery, 'failed');
  }

  #wake(subscription: Subscription, lane: Lane): void {
    if (subscription.lanes.has(lane)) return;
    subscription.lanes.add(lane);
    void this.#carry(subscription, lane).finally(() => subscription.lanes.delete(lane));
  }

  async #carry(subscription: Subscription, lane: Lane): Promise<void> {
    const next = (): Kept | undefined =>
      subscription.kept.find(
        ({ delivery }) => delivery.session_id === lane && delivery.state === 'pending',
      );
    for (let kept = next(); kept && !this.#stop.signal.aborted; kept = next()) {
      for (const pauseMs of [...RETRY_MS, undefined]) {
        const attempt = await this.#attempt(subscription, kept);
        // Disabled meanwhile, or the broker stops: it counts as failed already, or nobody asks.
        if (kept.delivery.state !== 'pending' || this.#stop.signal.aborted) break;
        settle(kept, attempt, pauseMs);
        if (attempt.last_status === 410) this.#disable(subscription, 'gone');
        if (kept.delivery.state !== 'pending' || pauseMs === undefined) break;
        await pause(pauseMs, this.#stop.signal);
      }
      if (kept.delivery.state === 'failed' && tookNothingSince(subscription, kept))
        if (subscription.webhook.state === 'active') this.#disable(subscription, 'failing');
    }
  }

  async #attempt({ webhook, keys }: Subscription, { delivery, body }: Kept): Promise<Attempt> {
    const nowMs = Date.now();
    const pairs = keys.filter(({ untilMs }) => untilMs > nowMs).map(({ pair }) => pair);
    const late = AbortSignal.timeout(ATTEMPT_MS);
    try {
      const response = await fetch(webhook.url, {
        method: 'POST',
        redirect: 'manual',
        headers: {
          ...signedHeaders(delivery.id, body, pairs, nowMs),
          'content-type': 'application/json',
          'user-agent': 'GuruConnect-Webhooks/1 (mock broker)',
        },
        body,
        signal: AbortSignal.any([late, this.#stop.signal]),
      });
      await response.body?.cancel();
      const last_status = response.status;
      if (last_status >= 300 && last_status < 400) return { last_status, last_error: 'redirect' };
      return response.ok ? { last_status } : { last_status, last_error: 'status' };
    } catch {
      return { last_error: late.aborted ? 'timeout' : 'connection' };
    }
  }
}

function keep(
  webhook_id: WebhookId,
  body: WebhookBody,
  about: { session_id?: SessionId; seq?: number },
): Kept {
  const delivery: Delivery = {
    id: newId('dlv'),
    webhook_id,
    type: body.type,
    ...about,
    state: 'pending',
    attempts: 0,
    created_at: now(),
  };
  return { delivery, body: JSON.stringify(body) };
}

/** @param otherwise what follows when it was not taken: another attempt after so long, or none. */
function settle(
  kept: Kept,
  { last_status, last_error }: Attempt,
  otherwise: number | 'failed' | undefined,
): void {
  const { next_attempt_at: _next, last_status: _s, last_error: _e, ...before } = kept.delivery;
  const isAttempt = last_status !== undefined || last_error !== undefined;
  const mayRetry = typeof otherwise === 'number' && last_status !== 410;
  const wasTaken = isAttempt && last_error === undefined;
  kept.delivery = {
    ...before,
    state: wasTaken ? 'delivered' : mayRetry ? 'pending' : 'failed',
    attempts: before.attempts + (isAttempt ? 1 : 0),
    ...(isAttempt ? { last_attempt_at: now() } : {}),
    ...(last_status === undefined ? {} : { last_status }),
    ...(last_error === undefined ? {} : { last_error }),
    ...(!wasTaken && mayRetry
      ? { next_attempt_at: new Date(Date.now() + otherwise).toISOString() }
      : {}),
  } as Delivery;
}

const tookNothingSince = ({ kept }: Subscription, { delivery: since }: Kept): boolean =>
  !kept.some(
    ({ delivery }) =>
      delivery.state === 'delivered' &&
      (delivery.last_attempt_at ?? delivery.created_at) >= since.created_at,
  );

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
