// The chains of the audit in SQLite: entries are appended here within the transaction of what they
// tell, and nowhere else.
import { SERVER_CHAIN, type Anchor, type AuditEntry } from '@guruconnect/contract/audit';
import { SessionId } from '@guruconnect/contract/ids';
import type { JournalEvent } from '@guruconnect/contract/journal';
import { chained, entryOfEvent, GENESIS } from '@guruconnect/contract/node/audit-chain';
import type { AuditAct } from '../audit.ts';
import { number, text, type Database, type Row } from './database.ts';

/** Sessions named by one entry: about 12 KiB. */
const ANCHORS_OF_ENTRY = 100;

export const serverEntry = (row: Row): AuditEntry => JSON.parse(text(row, 'entry')) as AuditEntry;

export class AuditChains {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Within a transaction: to the server's chain. */
  append({ act, actor, subject, details = {}, at_ms }: AuditAct): void {
    const last = this.#database.get('SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1');
    const seq = last ? number(last, 'seq') + 1 : 1;
    const at = new Date(at_ms).toISOString();
    const entry = chained(
      { chain: SERVER_CHAIN, seq, at, actor, act, ...(subject ? { subject } : {}), details },
      last ? text(last, 'hash') : GENESIS,
    );
    this.#database.run(
      'INSERT INTO audit (seq, hash, entry) VALUES (?, ?, ?)',
      seq,
      entry.hash,
      JSON.stringify(entry),
    );
  }

  /** Within a transaction: the next event of a journal, as the next entry of its chain. */
  appendEvent(event: JournalEvent): void {
    const before = this.#database.get(
      'SELECT hash FROM journal WHERE session_id = ? AND seq < ? ORDER BY seq DESC LIMIT 1',
      event.session_id,
      event.seq,
    );
    const prevHash = before ? text(before, 'hash') : GENESIS;
    const { hash } = chained(entryOfEvent(event), prevHash);
    this.#database.run(
      'INSERT INTO journal (session_id, seq, event, prev_hash, hash) VALUES (?, ?, ?, ?, ?)',
      event.session_id,
      event.seq,
      JSON.stringify(event),
      prevHash,
      hash,
    );
  }

  /** Where the chain of a session is now; undefined while its journal is empty. */
  anchor(session_id: SessionId): Anchor | undefined {
    const row = this.#database.get(
      'SELECT seq, hash FROM journal WHERE session_id = ? ORDER BY seq DESC LIMIT 1',
      session_id,
    );
    return row && { session_id, seq: number(row, 'seq'), hash: text(row, 'hash') };
  }

  /** Within a transaction. @returns how many sessions were named. */
  anchorSome(at_ms: number): number {
    const ids = this.#database
      .all(`SELECT id FROM sessions WHERE unanchored = 1 LIMIT ${ANCHORS_OF_ENTRY}`)
      .map((row) => SessionId.parse(row['id']));
    if (ids.length === 0) return 0;
    this.append({
      act: 'sessions.anchored',
      actor: { kind: 'server' },
      details: { anchors: ids.flatMap((id) => this.anchor(id) ?? []) },
      at_ms,
    });
    for (const id of ids) this.#database.run('UPDATE sessions SET unanchored = 0 WHERE id = ?', id);
    return ids.length;
  }

  /** Of a session's chain, in order. */
  entriesOf(id: SessionId, after: number, limit: number): AuditEntry[] {
    return this.#database
      .all(
        `SELECT event, prev_hash, hash FROM journal WHERE session_id = ? AND seq > ?
         ORDER BY seq LIMIT ?`,
        id,
        after,
        limit,
      )
      .map((row) => ({
        ...entryOfEvent(JSON.parse(text(row, 'event')) as JournalEvent),
        prev_hash: text(row, 'prev_hash'),
        hash: text(row, 'hash'),
      }));
  }

  /** Journals that an earlier build wrote get a chain each. Once, when the store is opened. */
  adopt(at_ms: number): void {
    const ids = this.#database
      .all('SELECT DISTINCT session_id FROM journal WHERE hash IS NULL')
      .map((row) => SessionId.parse(row['session_id']));
    for (const id of ids) this.#database.transaction(() => this.#adoptOne(id, at_ms));
  }

  #adoptOne(id: SessionId, at_ms: number): void {
    let prevHash = GENESIS;
    const rows = this.#database.all(
      'SELECT seq, event FROM journal WHERE session_id = ? ORDER BY seq',
      id,
    );
    for (const row of rows) {
      const event = JSON.parse(text(row, 'event')) as JournalEvent;
      const { hash } = chained(entryOfEvent(event), prevHash);
      this.#database.run(
        'UPDATE journal SET prev_hash = ?, hash = ? WHERE session_id = ? AND seq = ?',
        prevHash,
        hash,
        id,
        number(row, 'seq'),
      );
      prevHash = hash;
    }
    const anchor = this.anchor(id);
    const subject = { kind: 'session', id };
    const told = { actor: { kind: 'server' as const }, subject, details: { anchor }, at_ms };
    this.append({ act: 'session.adopted', ...told });
    const over = this.#database.get("SELECT 1 FROM sessions WHERE id = ? AND state = 'ended'", id);
    if (over) this.append({ act: 'session.ended', ...told });
  }
}
