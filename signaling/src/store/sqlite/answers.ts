// Answers kept for Idempotency-Keys.
import type { SavedAnswer } from '../store.ts';
import { number, text, type Database } from './database.ts';

/** Within the transaction that makes what the answer tells of. */
export function saveAnswer(database: Database, saved: SavedAnswer): void {
  database.run(
    `INSERT INTO answers (scope, key, request_hash, answer, expires_at_ms) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET request_hash = excluded.request_hash, answer = excluded.answer,
       expires_at_ms = excluded.expires_at_ms`,
    saved.scope,
    saved.key,
    saved.request_hash,
    saved.answer,
    saved.expires_at_ms,
  );
}

export function readAnswer(
  database: Database,
  scope: string,
  key: string,
  nowMs: number,
): SavedAnswer | undefined {
  const row = database.get(
    'SELECT * FROM answers WHERE scope = ? AND key = ? AND expires_at_ms > ?',
    scope,
    key,
    nowMs,
  );
  return row
    ? {
        scope,
        key,
        request_hash: text(row, 'request_hash'),
        answer: text(row, 'answer'),
        expires_at_ms: number(row, 'expires_at_ms'),
      }
    : undefined;
}
