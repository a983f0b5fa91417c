// Webhooks and their deliveries in SQLite. The columns of a delivery say everything but its body:
// that is made of the journal's entry, which is stored once however many webhooks hear of it.
import { z } from 'zod';
import { Checkpoint, CHECKPOINT_EVENT } from '@guruconnect/contract/audit';
import { DeliveryId, newId, SessionId, WebhookId } from '@guruconnect/contract/ids';
import { JournalEvent } from '@guruconnect/contract/journal';
import { Delivery, Webhook, WebhookEventName } from '@guruconnect/contract/http/v1/webhooks';
import type {
  DeliveryRecord,
  Settled,
  ToldEvent,
  WebhookRecord,
  WebhookStore,
} from '../webhooks.ts';
import type { AuditChains } from './audit-chains.ts';
import { number, numberOrNone, text, type Database, type Row } from './database.ts';

const Keys = z.array(z.object({ sealed: z.string(), until_ms: z.number().optional() }));
const DisabledReason = Webhook.shape.disabled_reason;

const textOrNone = (row: Row, column: string): string | undefined =>
  row[column] === null ? undefined : text(row, column);

const webhookOf = (row: Row): WebhookRecord => {
  const events = textOrNone(row, 'events');
  return {
    id: WebhookId.parse(row['id']),
    url: text(row, 'url'),
    events: events === undefined ? undefined : z.array(WebhookEventName).parse(JSON.parse(events)),
    description: textOrNone(row, 'description'),
    disabled_reason: DisabledReason.parse(textOrNone(row, 'disabled_reason')),
    public_key: text(row, 'public_key'),
    keys: Keys.parse(JSON.parse(text(row, 'keys'))),
    created_at_ms: number(row, 'created_at_ms'),
    last_success_at_ms: numberOrNone(row, 'last_success_at_ms'),
  };
};

const deliveryOf = (row: Row): DeliveryRecord => ({
  id: DeliveryId.parse(row['id']),
  webhook_id: WebhookId.parse(row['webhook_id']),
  type: text(row, 'type'),
  session_id: SessionId.optional().parse(textOrNone(row, 'session_id')),
  seq: numberOrNone(row, 'seq'),
  state: Delivery.shape.state.parse(row['state']),
  attempts: number(row, 'attempts'),
  next_attempt_at_ms: numberOrNone(row, 'next_attempt_at_ms'),
  last_attempt_at_ms: numberOrNone(row, 'last_attempt_at_ms'),
  last_status: numberOrNone(row, 'last_status'),
  last_error: Delivery.shape.last_error.parse(textOrNone(row, 'last_error')),
  created_at_ms: number(row, 'created_at_ms'),
});

/** Of a row with either. */
function toldOf(row: Row): ToldEvent {
  const event = textOrNone(row, 'event');
  if (event !== undefined) return JournalEvent.parse(JSON.parse(event));
  const checkpoint = Checkpoint.parse(JSON.parse(text(row, 'checkpoint')));
  return { type: CHECKPOINT_EVENT, seq: checkpoint.seq, at: checkpoint.at, checkpoint };
}

/** Within the transaction that writes `event`: one delivery for each webhook that wants it. */
export function enqueueDeliveries(database: Database, event: JournalEvent): void {
  const wanting = database.all(
    `SELECT id FROM webhooks WHERE disabled_reason IS NULL
       AND (events IS NULL OR EXISTS (SELECT 1 FROM json_each(events) WHERE value = ?))`,
    event.type,
  );
  enqueue(database, wanting, event);
}

/** Within the transaction that writes a checkpoint: for each webhook that asked for it by name. */
export function enqueueCheckpoint(database: Database, { seq, at }: Checkpoint): void {
  const wanting = database.all(
    `SELECT id FROM webhooks WHERE disabled_reason IS NULL
       AND EXISTS (SELECT 1 FROM json_each(events) WHERE value = ?)`,
    CHECKPOINT_EVENT,
  );
  enqueue(database, wanting, { type: CHECKPOINT_EVENT, seq, at });
}

function enqueue(
  database: Database,
  webhooks: readonly Row[],
  event: Pick<ToldEvent, 'type' | 'seq' | 'at' | 'session_id'>,
): void {
  const atMs = Date.parse(event.at);
  for (const webhook of webhooks)
    database.run(
      `INSERT INTO deliveries
         (id, webhook_id, type, session_id, seq, state, created_at_ms, next_attempt_at_ms)
       SELECT ?1, ?2, ?3, ?4, ?5, 'pending', ?6,
         CASE WHEN EXISTS (SELECT 1 FROM deliveries
           WHERE webhook_id = ?2 AND session_id IS ?4 AND state = 'pending') THEN NULL ELSE ?6 END`,
      newId('dlv', atMs),
      text(webhook, 'id'),
      event.type,
      event.session_id ?? null,
      event.seq,
      atMs,
    );
}

export function sqliteWebhooks(database: Database, chains: AuditChains): WebhookStore {
  const readNow = (id: WebhookId): WebhookRecord | undefined => {
    const row = database.get('SELECT * FROM webhooks WHERE id = ?', id);
    return row ? webhookOf(row) : undefined;
  };
  const disableNow = (id: WebhookId, reason: string): void => {
    database.run(
      'UPDATE webhooks SET disabled_reason = ? WHERE id = ? AND disabled_reason IS NULL',
      reason,
      id,
    );
    database.run(
      `UPDATE deliveries SET state = 'failed', next_attempt_at_ms = NULL
       WHERE webhook_id = ? AND state = 'pending'`,
      id,
    );
  };
  /** The first pending delivery of each lane gets a time, all others lose theirs. */
  const setHeads = (webhookId: WebhookId, nowMs: number, lane?: string | null): void => {
    database.run(
      `UPDATE deliveries AS d SET next_attempt_at_ms =
         CASE WHEN seq = (SELECT min(seq) FROM deliveries AS e WHERE e.webhook_id = d.webhook_id
           AND e.session_id IS d.session_id AND e.state = 'pending')
         THEN coalesce(next_attempt_at_ms, ?) ELSE NULL END
       WHERE webhook_id = ? AND state = 'pending' ${lane === undefined ? '' : 'AND session_id IS ?'}`,
      nowMs,
      webhookId,
      ...(lane === undefined ? [] : [lane]),
    );
  };
  const settleNow = (attempt: Settled): void => {
    const row = database.get('SELECT session_id FROM deliveries WHERE id = ?', attempt.id);
    if (!row) return;
    const { next, started_at_ms, ended_at_ms } = attempt;
    database.run(
      `UPDATE deliveries SET attempts = attempts + 1, last_attempt_at_ms = ?, last_status = ?,
         last_error = ? WHERE id = ?`,
      started_at_ms,
      attempt.status ?? null,
      attempt.error ?? null,
      attempt.id,
    );
    if (next.kind === 'retry')
      // One that was given up meanwhile (its webhook was disabled) stays so.
      database.run(
        `UPDATE deliveries SET retries = retries + 1, next_attempt_at_ms = ?,
           round_started_at_ms = coalesce(round_started_at_ms, ?)
         WHERE id = ? AND state = 'pending'`,
        next.at_ms,
        started_at_ms,
        attempt.id,
      );
    else
      database.run(
        'UPDATE deliveries SET state = ?, next_attempt_at_ms = NULL WHERE id = ?',
        next.kind,
        attempt.id,
      );
    if (next.kind === 'delivered')
      database.run(
        'UPDATE webhooks SET last_success_at_ms = ? WHERE id = ?',
        ended_at_ms,
        attempt.webhook_id,
      );
    if (next.kind === 'failed' && next.disable) disableNow(attempt.webhook_id, next.disable);
    setHeads(attempt.webhook_id, ended_at_ms, textOrNone(row, 'session_id') ?? null);
  };

  return {
    async add(webhook, limit, act) {
      return database.transaction(() => {
        const count = database.get('SELECT count(*) AS count FROM webhooks');
        if (count && number(count, 'count') >= limit) return false;
        database.run(
          `INSERT INTO webhooks (id, url, events, description, public_key, keys, created_at_ms)
           VALUES (?, ?, ?, ?, ?, ?, ?)`,
          webhook.id,
          webhook.url,
          webhook.events === undefined ? null : JSON.stringify(webhook.events),
          webhook.description ?? null,
          webhook.public_key,
          JSON.stringify(webhook.keys),
          webhook.created_at_ms,
        );
        if (act) chains.append(act);
        return true;
      });
    },
    async list() {
      return database.all('SELECT * FROM webhooks ORDER BY id DESC').map(webhookOf);
    },
    async read(id) {
      return readNow(id);
    },
    async setKeys(id, public_key, keys, act) {
      return database.transaction(() => {
        const changed = database.run(
          'UPDATE webhooks SET public_key = ?, keys = ? WHERE id = ?',
          public_key,
          JSON.stringify(keys),
          id,
        );
        if (changed === 1 && act) chains.append(act);
        return readNow(id);
      });
    },
    async enable(id, act) {
      return database.transaction(() => {
        const enabled = database.run(
          'UPDATE webhooks SET disabled_reason = NULL WHERE id = ? AND disabled_reason IS NOT NULL',
          id,
        );
        if (enabled === 1 && act) chains.append(act);
        return readNow(id);
      });
    },
    async disable(id, reason, act) {
      return database.transaction(() => {
        const before = readNow(id);
        disableNow(id, reason);
        if (before && before.disabled_reason === undefined && act) chains.append(act);
        return readNow(id);
      });
    },
    async remove(id, act) {
      return database.transaction(() => {
        const webhook = readNow(id);
        if (webhook && act) chains.append(act);
        database.run('DELETE FROM deliveries WHERE webhook_id = ?', id);
        database.run('DELETE FROM webhooks WHERE id = ?', id);
        return webhook;
      });
    },

    async heads(webhook_id, limit) {
      return database
        .all(
          `SELECT d.id, d.next_attempt_at_ms, d.retries, d.round_started_at_ms, j.event, c.checkpoint
           FROM deliveries AS d
           LEFT JOIN journal AS j ON j.session_id = d.session_id AND j.seq = d.seq
           LEFT JOIN audit_checkpoints AS c ON d.session_id IS NULL AND c.seq = d.seq
           WHERE d.webhook_id = ? AND d.next_attempt_at_ms IS NOT NULL
             AND (j.event IS NOT NULL OR c.checkpoint IS NOT NULL)
           ORDER BY d.next_attempt_at_ms, d.id LIMIT ?`,
          webhook_id,
          limit,
        )
        .map((row) => ({
          id: DeliveryId.parse(row['id']),
          event: toldOf(row),
          next_attempt_at_ms: number(row, 'next_attempt_at_ms'),
          retries: number(row, 'retries'),
          round_started_at_ms: numberOrNone(row, 'round_started_at_ms'),
        }));
    },
    async settle(attempt) {
      database.transaction(() => {
        settleNow(attempt);
      });
    },
    async addFinished(delivery) {
      // A webhook that was removed meanwhile gets no delivery that nobody would ever forget.
      database.run(
        `INSERT INTO deliveries (id, webhook_id, type, state, attempts, last_attempt_at_ms,
           last_status, last_error, created_at_ms)
         SELECT ?, id, ?, ?, ?, ?, ?, ?, ? FROM webhooks WHERE id = ?`,
        delivery.id,
        delivery.type,
        delivery.state,
        delivery.attempts,
        delivery.last_attempt_at_ms ?? null,
        delivery.last_status ?? null,
        delivery.last_error ?? null,
        delivery.created_at_ms,
        delivery.webhook_id,
      );
    },
    async deliveries({ webhook_id, state, before, limit }) {
      return database
        .all(
          `SELECT * FROM deliveries WHERE webhook_id = ? ${state === undefined ? '' : 'AND state = ?'}
           ${before === undefined ? '' : 'AND id < ?'} ORDER BY id DESC LIMIT ?`,
          webhook_id,
          ...(state === undefined ? [] : [state]),
          ...(before === undefined ? [] : [before]),
          limit,
        )
        .map(deliveryOf);
    },
    async replay(webhook_id, since_ms, nowMs) {
      return database.transaction(() => {
        const replayed = database.run(
          `UPDATE deliveries SET state = 'pending', retries = 0, round_started_at_ms = NULL
           WHERE webhook_id = ? AND seq IS NOT NULL AND state <> 'pending' AND
             ${since_ms === undefined ? "state = 'failed'" : 'created_at_ms >= ?'}`,
          webhook_id,
          ...(since_ms === undefined ? [] : [since_ms]),
        );
        setHeads(webhook_id, nowMs);
        return replayed;
      });
    },
    async backlog() {
      return database
        .all(
          `SELECT webhook_id, count(*) AS pending, min(created_at_ms) AS oldest FROM deliveries
           WHERE state = 'pending' GROUP BY webhook_id`,
        )
        .map((row) => ({
          webhook_id: WebhookId.parse(row['webhook_id']),
          pending: number(row, 'pending'),
          oldest_created_at_ms: number(row, 'oldest'),
        }));
    },
  };
}
