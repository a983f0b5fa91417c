// Carries one webhook's deliveries: heads of lanes whose time has come, several sessions at once,
// one delivery of a session at a time. What it carries is only in the store; it can be killed at
// any moment. Owned by WebhookOutbox.
import type { DeliveryId, WebhookId } from '@guruconnect/contract/ids';
import type { Logger } from '../logger.ts';
import type { Metrics } from '../metrics.ts';
import type { LaneHead, WebhookRecord, WebhookStore } from '../store/webhooks.ts';
import { afterAttempt, type Attempt } from './retry-schedule.ts';

export type CourierParts = {
  readonly webhooks: WebhookStore;
  readonly retryScheduleS: readonly number[];
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** Rejects when `signal` is aborted. */
  readonly attempt: (
    webhook: WebhookRecord,
    head: LaneHead,
    signal: AbortSignal,
  ) => Promise<Attempt>;
};

/** A receiver that hangs holds this many sockets; as many sessions go on beside a slow one. */
export const AT_ONCE = 8;
/** The store can not be written (disk full): nothing gets better by hurry. */
const STORE_PAUSE_MS = 5_000;
/** Longest a timer sleeps; setTimeout counts 24 days at most. */
const MAX_SLEEP_MS = 60 * 60_000;

export class WebhookCourier {
  readonly #id: WebhookId;
  readonly #parts: CourierParts;
  readonly #logger: Logger;
  readonly #carrying = new Map<DeliveryId, Promise<void>>();
  readonly #stop = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #lookAgain = false;

  constructor(id: WebhookId, parts: CourierParts) {
    this.#id = id;
    this.#parts = parts;
    this.#logger = parts.logger.child({ webhook_id: id });
  }

  /** There may be something to carry. */
  wake(): void {
    if (this.#stop.signal.aborted) return;
    this.#lookAgain = true;
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
  }

  /** Attempts on the way are broken off and count as not made. Idempotent. */
  async close(reason: string): Promise<void> {
    this.#stop.abort(new Error(reason));
    clearTimeout(this.#timer);
    await this.#looking;
    await Promise.all(this.#carrying.values());
  }

  async #look(): Promise<void> {
    clearTimeout(this.#timer);
    let wakeInMs: number | undefined;
    try {
      while (this.#lookAgain && !this.#stop.signal.aborted) {
        this.#lookAgain = false;
        wakeInMs = await this.#takeWhatIsDue();
      }
    } catch (err) {
      this.#logger.error({ err }, 'deliveries can not be read');
      wakeInMs = STORE_PAUSE_MS;
    }
    this.#sleep(wakeInMs);
  }

  /** @returns until the next one is due, milliseconds; undefined when none waits for a time. */
  async #takeWhatIsDue(): Promise<number | undefined> {
    const webhook = await this.#parts.webhooks.read(this.#id);
    if (!webhook || webhook.disabled_reason !== undefined) return undefined;
    const heads = await this.#parts.webhooks.heads(this.#id, 2 * AT_ONCE);
    for (const head of heads) {
      if (this.#carrying.has(head.id)) continue;
      // Whoever comes back looks again.
      if (this.#carrying.size >= AT_ONCE) return undefined;
      const waitMs = head.next_attempt_at_ms - Date.now();
      if (waitMs > 0) return waitMs;
      this.#carrying.set(head.id, this.#carry(webhook, head));
    }
    return undefined;
  }

  async #carry(webhook: WebhookRecord, head: LaneHead): Promise<void> {
    try {
      const started_at_ms = Date.now();
      const attempt = await this.#parts.attempt(webhook, head, this.#stop.signal);
      await this.#settle(head, attempt, started_at_ms);
      this.#carrying.delete(head.id);
      this.wake();
    } catch (err) {
      if (!this.#stop.signal.aborted) {
        this.#logger.error({ err, delivery_id: head.id }, 'a delivery could not be made');
        // Held back for as long as it pauses: it would be the next one again.
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, STORE_PAUSE_MS);
          this.#stop.signal.addEventListener('abort', () => {
            clearTimeout(timer);
            resolve();
          });
        });
      }
      this.#carrying.delete(head.id);
      this.wake();
    }
  }

  async #settle(head: LaneHead, attempt: Attempt, started_at_ms: number): Promise<void> {
    const { metrics, webhooks, retryScheduleS } = this.#parts;
    const nowMs = Date.now();
    // Read again: what succeeded meanwhile counts.
    const webhook = await webhooks.read(this.#id);
    const next = afterAttempt(
      attempt,
      {
        retries: head.retries,
        roundStartedAtMs: head.round_started_at_ms,
        lastSuccessAtMs: webhook?.last_success_at_ms,
        nowMs,
      },
      retryScheduleS,
    );
    await webhooks.settle({
      id: head.id,
      webhook_id: this.#id,
      started_at_ms,
      ended_at_ms: nowMs,
      status: attempt.status,
      error: attempt.error,
      next,
    });
    metrics.webhookAttempts.inc({ result: attempt.error ?? 'delivered' });
    const { session_id, seq } = head.event;
    const told = { delivery_id: head.id, session_id, seq, status: attempt.status };
    this.#logger.debug({ ...told, result: attempt.error ?? 'delivered' }, 'delivery attempted');
    if (next.kind !== 'failed') return;
    this.#logger.warn({ ...told, result: attempt.error }, 'delivery given up');
    if (next.disable === undefined) return;
    metrics.webhooksDisabled.inc({ reason: next.disable });
    this.#logger.warn({ reason: next.disable }, 'webhook disabled');
  }

  #sleep(forMs: number | undefined): void {
    clearTimeout(this.#timer);
    if (forMs === undefined || this.#stop.signal.aborted) return;
    this.#timer = setTimeout(
      () => {
        this.wake();
      },
      Math.min(forMs, MAX_SLEEP_MS),
    );
  }
}
