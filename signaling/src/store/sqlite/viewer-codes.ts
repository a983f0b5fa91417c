// One-time viewer codes in SQLite: only their hashes.
import { z } from 'zod';
import { Grant } from '@guruconnect/contract/grants';
import { SessionId } from '@guruconnect/contract/ids';
import { Technician } from '@guruconnect/contract/session';
import type { CodeRecord, CodeStore } from '../store.ts';
import type { AuditChains } from './audit-chains.ts';
import { number, text, type Database, type Row } from './database.ts';

const codeOf = (row: Row): CodeRecord => ({
  hash: text(row, 'hash'),
  session_id: SessionId.parse(row['session_id']),
  technician: Technician.parse(JSON.parse(text(row, 'technician'))),
  grants: z.array(Grant).parse(JSON.parse(text(row, 'grants'))),
  expires_at_ms: number(row, 'expires_at_ms'),
});

/** Also within the transaction that creates its session. */
export function addCode(database: Database, code: CodeRecord): void {
  database.run(
    'INSERT INTO viewer_codes (hash, session_id, technician, grants, expires_at_ms) VALUES (?, ?, ?, ?, ?)',
    code.hash,
    code.session_id,
    JSON.stringify(code.technician),
    JSON.stringify(code.grants),
    code.expires_at_ms,
  );
}

export function sqliteViewerCodes(database: Database, chains: AuditChains): CodeStore {
  return {
    async add(code, act) {
      database.transaction(() => {
        addCode(database, code);
        if (act) chains.append(act);
      });
    },
    async take(hash, session_id, nowMs, act) {
      const taken = database.transaction(() => {
        const row = database.get(
          `UPDATE viewer_codes SET used = 1
           WHERE hash = ? AND session_id = ? AND used = 0 AND expires_at_ms > ? RETURNING *`,
          hash,
          session_id,
          nowMs,
        );
        if (row && act) chains.append(act(codeOf(row)));
        return row;
      });
      if (taken) return codeOf(taken);
      const row = database.get(
        'SELECT * FROM viewer_codes WHERE hash = ? AND session_id = ?',
        hash,
        session_id,
      );
      if (!row) return 'unknown';
      return number(row, 'used') === 1 ? 'used' : 'expired';
    },
  };
}
