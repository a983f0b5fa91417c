// The audit in SQLite: what is read of its chains, checkpoints, keys.
import { setImmediate as others } from 'node:timers/promises';
import { Checkpoint } from '@guruconnect/contract/audit';
import type { AuditStore } from '../audit.ts';
import { serverEntry, type AuditChains } from './audit-chains.ts';
import { number, text, type Database, type Row } from './database.ts';

const checkpointOf = (row: Row): Checkpoint =>
  Checkpoint.parse(JSON.parse(text(row, 'checkpoint')));

/** @param onCheckpoint what is written in the same transaction as a checkpoint. */
export function sqliteAudit(
  database: Database,
  chains: AuditChains,
  onCheckpoint: (checkpoint: Checkpoint) => void,
): AuditStore {
  return {
    async append(act) {
      database.transaction(() => {
        chains.append(act);
      });
    },
    async entries(after, limit) {
      return database
        .all('SELECT entry FROM audit WHERE seq > ? ORDER BY seq LIMIT ?', after, limit)
        .map(serverEntry);
    },
    async sessionEntries(id, after, limit) {
      return chains.entriesOf(id, after, limit);
    },
    async last() {
      const row = database.get('SELECT entry FROM audit ORDER BY seq DESC LIMIT 1');
      return row && serverEntry(row);
    },
    async anchorSessions(at_ms) {
      while (database.transaction(() => chains.anchorSome(at_ms)) > 0) await others();
    },

    async addCheckpoint(checkpoint) {
      // Whoever gets it may hold us to it after a power cut.
      database.synced(() => {
        const added = database.run(
          `INSERT INTO audit_checkpoints (seq, at_ms, checkpoint) VALUES (?, ?, ?)
           ON CONFLICT DO NOTHING`,
          checkpoint.seq,
          Date.parse(checkpoint.at),
          JSON.stringify(checkpoint),
        );
        if (added === 1) onCheckpoint(checkpoint);
      });
    },
    async checkpoints(after, limit) {
      return database
        .all(
          'SELECT checkpoint FROM audit_checkpoints WHERE seq > ? ORDER BY seq LIMIT ?',
          after,
          limit,
        )
        .map(checkpointOf);
    },
    async lastCheckpoint() {
      const row = database.get(
        'SELECT checkpoint FROM audit_checkpoints ORDER BY seq DESC LIMIT 1',
      );
      return row && checkpointOf(row);
    },

    async keys() {
      return database
        .all('SELECT * FROM audit_keys ORDER BY created_at_ms DESC, key_id')
        .map((row) => ({
          key_id: text(row, 'key_id'),
          public_key: text(row, 'public_key'),
          seed: row['seed'] === null ? undefined : text(row, 'seed'),
          created_at_ms: number(row, 'created_at_ms'),
        }));
    },
    async addKey(key, act) {
      database.transaction(() => {
        const added = database.run(
          `INSERT INTO audit_keys (key_id, public_key, seed, created_at_ms) VALUES (?, ?, ?, ?)
           ON CONFLICT DO NOTHING`,
          key.key_id,
          key.public_key,
          key.seed ?? null,
          key.created_at_ms,
        );
        if (added === 1) chains.append(act);
      });
    },
  };
}
