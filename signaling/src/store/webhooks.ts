// Webhooks and what is to be delivered to them, as they outlive a process. Deliveries of events are
// not added here: SessionStore writes them in the transaction of the events themselves, so none is
// lost and none is told too early.
//
// A lane is what keeps its order: the deliveries of one session, or of the audit, to one webhook. Only the first
// pending one of a lane, its head, has a time for its next attempt; the others wait for it.
import type { Checkpoint, CHECKPOINT_EVENT } from '@guruconnect/contract/audit';
import type { DeliveryId, SessionId, WebhookId } from '@guruconnect/contract/ids';
import type { JournalEvent } from '@guruconnect/contract/journal';
import type { Delivery, Webhook, WebhookEventName } from '@guruconnect/contract/http/v1/webhooks';
import type { AuditAct } from './audit.ts';

export type DisabledReason = NonNullable<Webhook['disabled_reason']>;
export type DeliveryError = NonNullable<Delivery['last_error']>;

/** What signs deliveries, sealed (webhooks/secret-box.ts): the store can not read it. */
export type SealedKeys = {
  readonly sealed: string;
  /** Signs beside newer keys until then; absent for the newest. */
  readonly until_ms?: number | undefined;
};

export type WebhookRecord = {
  readonly id: WebhookId;
  readonly url: string;
  /** Undefined: every event of sessions. */
  readonly events?: readonly WebhookEventName[] | undefined;
  readonly description?: string | undefined;
  /** Undefined: active. */
  readonly disabled_reason?: DisabledReason | undefined;
  /** whpk_… of the newest keys. */
  readonly public_key: string;
  /** Newest first. */
  readonly keys: readonly SealedKeys[];
  readonly created_at_ms: number;
  readonly last_success_at_ms?: number | undefined;
};

export type DeliveryRecord = {
  readonly id: DeliveryId;
  readonly webhook_id: WebhookId;
  readonly type: string;
  /** The event it tells; absent for a test, and the session for a checkpoint. */
  readonly session_id?: SessionId | undefined;
  readonly seq?: number | undefined;
  readonly state: Delivery['state'];
  readonly attempts: number;
  readonly next_attempt_at_ms?: number | undefined;
  readonly last_attempt_at_ms?: number | undefined;
  readonly last_status?: number | undefined;
  readonly last_error?: DeliveryError | undefined;
  readonly created_at_ms: number;
};

/** A checkpoint of the audit, told like an event: its lane is that of no session. */
export type CheckpointEvent = {
  readonly type: typeof CHECKPOINT_EVENT;
  readonly session_id?: undefined;
  readonly seq: number;
  readonly at: string;
  readonly checkpoint: Checkpoint;
};
export type ToldEvent = JournalEvent | CheckpointEvent;

export type LaneHead = {
  readonly id: DeliveryId;
  readonly event: ToldEvent;
  readonly next_attempt_at_ms: number;
  /** Failed attempts since it was created or replayed. */
  readonly retries: number;
  /** First attempt since it was created or replayed. */
  readonly round_started_at_ms?: number | undefined;
};

/** What an attempt came to, and what follows from it (webhooks/retry-schedule.ts decides). */
export type Settled = {
  readonly id: DeliveryId;
  readonly webhook_id: WebhookId;
  readonly started_at_ms: number;
  readonly ended_at_ms: number;
  readonly status?: number | undefined;
  readonly error?: DeliveryError | undefined;
  readonly next:
    | { readonly kind: 'delivered' }
    | { readonly kind: 'retry'; readonly at_ms: number }
    | { readonly kind: 'failed'; readonly disable?: DisabledReason | undefined };
};

export type Backlog = {
  readonly webhook_id: WebhookId;
  readonly pending: number;
  readonly oldest_created_at_ms: number;
};

export type WebhookStore = {
  /** @returns false when there are `limit` already; nothing is added then. */
  add(webhook: WebhookRecord, limit: number, act?: AuditAct): Promise<boolean>;
  /** Newest first. */
  list(): Promise<WebhookRecord[]>;
  read(id: WebhookId): Promise<WebhookRecord | undefined>;
  setKeys(
    id: WebhookId,
    public_key: string,
    keys: readonly SealedKeys[],
    act?: AuditAct,
  ): Promise<WebhookRecord | undefined>;
  enable(id: WebhookId, act?: AuditAct): Promise<WebhookRecord | undefined>;
  /** What is pending has failed. A disabled webhook keeps the reason it has. */
  disable(
    id: WebhookId,
    reason: DisabledReason,
    act?: AuditAct,
  ): Promise<WebhookRecord | undefined>;
  /** With all its deliveries. @returns what it was. */
  remove(id: WebhookId, act?: AuditAct): Promise<WebhookRecord | undefined>;

  /** The next heads of lanes, soonest attempt first; also those whose time has not come. */
  heads(webhook_id: WebhookId, limit: number): Promise<LaneHead[]>;
  /** Writes an attempt and lets the lane go on. What was removed meanwhile stays removed. */
  settle(attempt: Settled): Promise<void>;
  /** A delivery that is over already (a test). */
  addFinished(delivery: DeliveryRecord): Promise<void>;
  /** Newest first. */
  deliveries(filter: {
    readonly webhook_id: WebhookId;
    readonly state?: Delivery['state'] | undefined;
    readonly before?: DeliveryId | undefined;
    readonly limit: number;
  }): Promise<DeliveryRecord[]>;
  /**
   * Makes pending again what failed, or with `since_ms` all that was created since then. Tests are
   * not sent again. @returns how many became pending.
   */
  replay(webhook_id: WebhookId, since_ms: number | undefined, nowMs: number): Promise<number>;
  /** Of webhooks that have something pending. */
  backlog(): Promise<Backlog[]>;
};
