// Where verify-audit reads from: a copy of an embedded store, or an export, which is one entry as a
// JSON line each, in any mix of chains but each chain in its order. What is no JSON stays text, and
// the verifier says so.
import { readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { AuditKey, SERVER_CHAIN } from '@guruconnect/contract/audit';
import type { JournalEvent } from '@guruconnect/contract/journal';
import { entryOfEvent } from '@guruconnect/contract/node/audit-chain';
import type { AuditSource, SessionChain } from '@guruconnect/contract/node/audit-verifier';

export type OpenedAudit = {
  readonly source: AuditSource;
  /** As it says itself: worth as much as it is. */
  readonly keys: readonly Pick<AuditKey, 'key_id' | 'public_key'>[];
  readonly checkpoints: readonly unknown[];
  close(): void;
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    // the verifier refuses it
    return text;
  }
};

/** @throws Error when it can not be read. */
export const readLines = (file: string): unknown[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map(parsed);

/**
 * @param file a copy: it is opened for writing.
 * @throws Error when it is no store, or one without an audit.
 */
export function openStoreAudit(file: string): OpenedAudit {
  const database = new DatabaseSync(file);
  try {
    // No file for memory shared with others is needed then.
    database.exec('PRAGMA locking_mode = EXCLUSIVE');
    const all = (sql: string) => database.prepare(sql).all();
    const checkpoints = all('SELECT checkpoint FROM audit_checkpoints ORDER BY seq').map((row) =>
      parsed(String(row['checkpoint'])),
    );
    const keys = all('SELECT key_id, public_key FROM audit_keys').map((row) => ({
      key_id: String(row['key_id']),
      public_key: String(row['public_key']),
    }));
    return {
      source: {
        server: { [Symbol.iterator]: () => serverRows(database) },
        sessions: { [Symbol.iterator]: () => sessionRows(database) },
      },
      keys,
      checkpoints,
      close: () => {
        database.close();
      },
    };
  } catch (cause) {
    database.close();
    throw new Error('this is no store with an audit', { cause });
  }
}

function* serverRows(database: DatabaseSync): Generator<unknown> {
  const rows = database.prepare('SELECT seq, hash, entry FROM audit ORDER BY seq').iterate();
  for (const { seq, hash, entry } of rows) {
    const value = parsed(String(entry));
    // The columns are what the server goes on from: they say the same, or the entry was touched.
    const isSame =
      typeof value === 'object' &&
      value !== null &&
      (value as Record<string, unknown>)['hash'] === hash &&
      (value as Record<string, unknown>)['seq'] === seq;
    yield isSame ? value : { ...(value as object), seq, hash };
  }
}

function* sessionRows(database: DatabaseSync): Generator<SessionChain> {
  const ids = database.prepare('SELECT DISTINCT session_id FROM journal ORDER BY session_id').all();
  for (const { session_id } of ids) {
    const id = String(session_id);
    yield { id, entries: { [Symbol.iterator]: () => journalRows(database, id) } };
  }
}

function* journalRows(database: DatabaseSync, id: string): Generator<unknown> {
  const rows = database
    .prepare('SELECT seq, event, prev_hash, hash FROM journal WHERE session_id = ? ORDER BY seq')
    .iterate(id);
  for (const { seq, event, prev_hash, hash } of rows) {
    const value = parsed(String(event));
    yield typeof value === 'object' && value !== null
      ? { ...entryOfEvent({ ...(value as JournalEvent), seq: Number(seq) }), prev_hash, hash }
      : value;
  }
}

/** @throws Error when it can not be read. */
export function openExportedAudit(file: string): OpenedAudit {
  const chains = new Map<string, unknown[]>();
  for (const line of readLines(file)) {
    const chain =
      typeof line === 'object' && line !== null ? (line as Record<string, unknown>)['chain'] : '';
    // A line that names no chain is a fault of the server's.
    const name = typeof chain === 'string' && chain !== '' ? chain : SERVER_CHAIN;
    const entries = chains.get(name) ?? [];
    entries.push(line);
    chains.set(name, entries);
  }
  const server = chains.get(SERVER_CHAIN) ?? [];
  chains.delete(SERVER_CHAIN);
  const keys = server
    .filter((entry) => (entry as Record<string, unknown> | null)?.['act'] === 'audit_key.changed')
    .map((entry) => (entry as { details?: unknown }).details)
    .flatMap((details) => {
      const key = AuditKey.pick({ key_id: true, public_key: true }).safeParse(details);
      return key.success ? [key.data] : [];
    });
  const sessions = [...chains].map(([id, entries]) => ({ id, entries }));
  return { source: { server, sessions }, keys, checkpoints: [], close: () => undefined };
}
