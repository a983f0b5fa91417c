// Forgetting, in SQLite: small steps, each a transaction of its own of a few milliseconds, with the
// event loop let go in between, however much has piled up.
import { setImmediate as others } from 'node:timers/promises';
import { newId } from '@guruconnect/contract/ids';
import type { Due } from '../store.ts';
import type { AuditChains } from './audit-chains.ts';
import { number, text, type Database } from './database.ts';
import { purgeIntegratorKeys } from './integrator-keys.ts';

/** A code is told "used" or "expired" for this long after its end, then it is unknown. */
const KEEP_CODES_MS = 60 * 60_000;
const KEEP_ENROLMENTS_MS = 24 * 60 * 60_000;
/** How long, and how many for each webhook, finished deliveries can be listed and replayed. */
const KEEP_DELIVERIES_MS = 14 * 24 * 60 * 60_000;
const KEEP_DELIVERIES = 10_000;

/** Rows of one step: a few milliseconds. */
const ROWS = 500;
/** Sessions of one step; each with a journal of 15 entries takes about 0.1 ms (20,000: 2.2 s). */
const SESSIONS = 10;

type Step = {
  readonly most: number;
  /** @returns how many went; as many as `most` means that there may be more. */
  readonly run: () => number;
};

/** @param signal stops between two steps. */
export async function purgeSqlite(
  database: Database,
  chains: AuditChains,
  due: Due,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (const { most, run } of stepsOf(database, chains, due))
    for (let went = most; went >= most;) {
      await others();
      if (signal?.aborted) return;
      went = database.transaction(run);
    }
}

function stepsOf(
  database: Database,
  chains: AuditChains,
  { nowMs, sessionsEndedBeforeMs, auditBeforeMs }: Due,
): Step[] {
  const rows = (table: string, key: string, condition: string, ...values: (string | number)[]) => ({
    most: ROWS,
    run: () =>
      database.run(
        `DELETE FROM ${table} WHERE (${key}) IN
           (SELECT ${key} FROM ${table} WHERE ${condition} LIMIT ${ROWS})`,
        ...values,
      ),
  });
  const webhooks = database.all('SELECT id FROM webhooks').map((row) => text(row, 'id'));
  return [
    rows('once', 'name', 'until_ms < ?', nowMs),
    rows('answers', 'scope, key', 'expires_at_ms < ?', nowMs),
    rows('viewer_codes', 'hash', 'expires_at_ms < ?', nowMs - KEEP_CODES_MS),
    rows('enrolment_tokens', 'hash', 'expires_at_ms < ?', nowMs - KEEP_ENROLMENTS_MS),
    {
      most: Infinity,
      run: () => {
        purgeIntegratorKeys(database, nowMs);
        return 0;
      },
    },
    // Ids sort by time, so that only old ones are looked at. What is pending is bounded by
    // WebhookOutbox.
    rows(
      'deliveries',
      'id',
      "id < ? AND state <> 'pending'",
      newId('dlv', Math.max(0, nowMs - KEEP_DELIVERIES_MS)),
    ),
    ...webhooks.map((id) =>
      rows(
        'deliveries',
        'id',
        `webhook_id = ?1 AND state <> 'pending' AND id <=
           (SELECT id FROM deliveries WHERE webhook_id = ?1 AND state <> 'pending'
            ORDER BY id DESC LIMIT 1 OFFSET ${KEEP_DELIVERIES})`,
        id,
      ),
    ),
    { most: SESSIONS, run: () => forgetSessions(database, chains, sessionsEndedBeforeMs, nowMs) },
    cutAudit(database, chains, auditBeforeMs ?? 0, nowMs),
  ];
}

/** Not one whose router is still to be closed, nor one that a webhook is still to hear of. */
function forgetSessions(
  database: Database,
  chains: AuditChains,
  endedBeforeMs: number,
  nowMs: number,
): number {
  const ids = database
    .all(
      `SELECT id FROM sessions AS s WHERE ended_at_ms < ?
         AND NOT EXISTS (SELECT 1 FROM placements WHERE session_id = s.id)
         AND NOT EXISTS (SELECT 1 FROM deliveries WHERE session_id = s.id AND state = 'pending')
       ORDER BY ended_at_ms LIMIT ${SESSIONS}`,
      endedBeforeMs,
    )
    .map((row) => text(row, 'id'));
  if (ids.length > 0)
    chains.append({
      act: 'sessions.forgotten',
      actor: { kind: 'server' },
      details: { session_ids: ids },
      at_ms: nowMs,
    });
  for (const id of ids) {
    for (const table of ['deliveries', 'journal', 'epochs'])
      database.run(`DELETE FROM ${table} WHERE session_id = ?`, id);
    database.run('DELETE FROM sessions WHERE id = ?', id);
  }
  return ids.length;
}

/**
 * The oldest entries of the server's chain, up to one that a checkpoint vouches for: that one stays,
 * and with it the proof of all that follows. What is about to go is told first.
 */
function cutAudit(database: Database, chains: AuditChains, beforeMs: number, nowMs: number): Step {
  let isTold = false;
  const run = (): number => {
    const checkpoint = database.get(
      'SELECT max(seq) AS seq FROM audit_checkpoints WHERE at_ms < ?',
      beforeMs,
    );
    const first_seq = checkpoint ? number(checkpoint, 'seq') : 0;
    if (!database.get('SELECT 1 FROM audit WHERE seq < ?', first_seq)) return 0;
    if (!isTold)
      chains.append({
        act: 'audit.cut',
        actor: { kind: 'server' },
        details: { first_seq },
        at_ms: nowMs,
      });
    isTold = true;
    database.run('DELETE FROM audit_checkpoints WHERE seq < ?', first_seq);
    return database.run(
      `DELETE FROM audit WHERE seq IN
         (SELECT seq FROM audit WHERE seq < ? ORDER BY seq LIMIT ${ROWS})`,
      first_seq,
    );
  };
  return { most: ROWS, run };
}
