// Where GuruConnect posts events to: subscribed at start, each delivery verified by its signature and
// taken once. Owned by the RMM's server; a real RMM subscribes once and keeps the secret in its vault.
import { Webhook } from 'standardwebhooks';
import type { Client } from '@guruconnect/contract/client/client';
import { GcError, parseOr, type ErrorCode } from '@guruconnect/contract/errors';
import { WebhookBody } from '@guruconnect/contract/http/v1/webhooks';
import { JournalEvent } from '@guruconnect/contract/journal';

/** Deliveries whose id is remembered, the latest: an attempt is repeated within days, most at once. */
const MAX_REMEMBERED = 10_000;
const UNSUBSCRIBE_TIMEOUT_MS = 2_000;

/** Of a request as node:http has them. */
type Headers = Readonly<Record<string, string | string[] | undefined>>;

export type Subscription =
  | { readonly state: 'active' }
  /** Events then come by the events API alone, which is the truth anyway. */
  | { readonly state: 'none'; readonly code: ErrorCode; readonly detail: string };

export class WebhookDoor {
  readonly #gc: Client;
  readonly #onEvent: (event: JournalEvent) => void;
  readonly #handled = new Set<string>();
  #id: string | undefined;
  #verifier: Webhook | undefined;
  #subscription: Subscription = { state: 'none', code: 'not_found', detail: 'Not subscribed yet' };

  constructor(gc: Client, onEvent: (event: JournalEvent) => void) {
    this.#gc = gc;
    this.#onEvent = onEvent;
  }

  get subscription(): Subscription {
    return this.#subscription;
  }

  /** Never throws: an operator may have switched webhooks off, or private addresses. */
  async subscribe(url: string): Promise<void> {
    try {
      const { id, secret } = await this.#gc.webhooks.create({ url, description: 'Example RMM' });
      this.#id = id;
      this.#verifier = new Webhook(secret);
      this.#subscription = { state: 'active' };
    } catch (thrown) {
      const { code, message } = GcError.from(thrown);
      this.#subscription = { state: 'none', code, detail: message };
    }
  }

  /**
   * @param body as it came, byte for byte: the signature is over it.
   * @throws GcError `unauthenticated` for what GuruConnect did not sign, or not within five minutes.
   */
  take(headers: Headers, body: string): void {
    const id = String(headers['webhook-id']);
    let signed: unknown;
    try {
      signed = this.#verifier?.verify(body, {
        'webhook-id': id,
        'webhook-timestamp': String(headers['webhook-timestamp']),
        'webhook-signature': String(headers['webhook-signature']),
      });
    } catch (cause) {
      throw new GcError('unauthenticated', 'The signature does not fit', { cause });
    }
    if (signed === undefined) throw new GcError('unauthenticated', 'Nobody is subscribed');
    // The same at every attempt and replay.
    if (this.#handled.has(id)) return;
    const { type, data } = parseOr(WebhookBody, signed, 'The delivery');
    // A later version may tell of events this build does not know; they are answered all the same.
    const event = type === 'webhook.test' ? undefined : JournalEvent.safeParse(data).data;
    if (event) this.#onEvent(event);
    // Only now: what could not be taken comes again.
    this.#handled.add(id);
    const oldest = this.#handled.values().next();
    if (this.#handled.size > MAX_REMEMBERED && !oldest.done) this.#handled.delete(oldest.value);
  }

  /** Idempotent; a GuruConnect that is gone already is none of its business. */
  async close(): Promise<void> {
    const id = this.#id;
    this.#id = undefined;
    this.#verifier = undefined;
    if (id === undefined) return;
    const signal = AbortSignal.timeout(UNSUBSCRIBE_TIMEOUT_MS);
    await this.#gc.webhooks.remove({ webhook_id: id }, { signal }).catch(() => undefined);
  }
}
