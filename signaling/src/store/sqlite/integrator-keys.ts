// Minted integrator keys in SQLite.
import { z } from 'zod';
import { IntegratorKeyId } from '@guruconnect/contract/ids';
import type { IntegratorKeyRecord, IntegratorKeyStore } from '../integrator-keys.ts';
import type { AuditChains } from './audit-chains.ts';
import { number, numberOrNone, text, type Database, type Row } from './database.ts';

/** A key that is over is still listed for this long: somebody may ask who used it. */
const KEEP_DEAD_KEYS_MS = 90 * 24 * 60 * 60_000;

const keyOf = (row: Row): IntegratorKeyRecord => ({
  id: IntegratorKeyId.parse(row['id']),
  public_id: text(row, 'public_id'),
  hash: text(row, 'hash'),
  name: text(row, 'name'),
  scopes: z.array(z.string()).parse(JSON.parse(text(row, 'scopes'))),
  created_at_ms: number(row, 'created_at_ms'),
  expires_at_ms: numberOrNone(row, 'expires_at_ms'),
  revoked_at_ms: numberOrNone(row, 'revoked_at_ms'),
});

export function sqliteIntegratorKeys(database: Database, chains: AuditChains): IntegratorKeyStore {
  return {
    async add(key, limit, act) {
      return database.transaction(() => {
        const live = database.get(
          `SELECT count(*) AS live FROM integrator_keys
           WHERE revoked_at_ms IS NULL AND (expires_at_ms IS NULL OR expires_at_ms > ?)`,
          key.created_at_ms,
        );
        if (live && number(live, 'live') >= limit) return false;
        database.run(
          `INSERT INTO integrator_keys (id, public_id, hash, name, scopes, created_at_ms, expires_at_ms)
           VALUES (?, ?, ?, ?, ?, ?, ?)`,
          key.id,
          key.public_id,
          key.hash,
          key.name,
          JSON.stringify(key.scopes),
          key.created_at_ms,
          key.expires_at_ms ?? null,
        );
        if (act) chains.append(act);
        return true;
      });
    },
    async find(public_id) {
      const row = database.get('SELECT * FROM integrator_keys WHERE public_id = ?', public_id);
      return row ? keyOf(row) : undefined;
    },
    async list() {
      return database.all('SELECT * FROM integrator_keys ORDER BY id DESC').map(keyOf);
    },
    async revoke(id, nowMs, act) {
      database.transaction(() => {
        const revoked = database.run(
          'UPDATE integrator_keys SET revoked_at_ms = ? WHERE id = ? AND revoked_at_ms IS NULL',
          nowMs,
          id,
        );
        if (revoked === 1 && act) chains.append(act);
      });
      const row = database.get('SELECT * FROM integrator_keys WHERE id = ?', id);
      return row ? keyOf(row) : undefined;
    },
    async used(id, nowMs) {
      database.run(
        `INSERT INTO integrator_key_uses (id, at_ms) VALUES (?, ?)
         ON CONFLICT DO UPDATE SET at_ms = excluded.at_ms`,
        id,
        nowMs,
      );
    },
    async lastUses() {
      return new Map(
        database
          .all('SELECT * FROM integrator_key_uses')
          .map((row) => [text(row, 'id'), number(row, 'at_ms')]),
      );
    },
  };
}

/** Within the transaction of Store.purge. */
export function purgeIntegratorKeys(database: Database, nowMs: number): void {
  const before = nowMs - KEEP_DEAD_KEYS_MS;
  database.run(
    'DELETE FROM integrator_keys WHERE revoked_at_ms < ?1 OR expires_at_ms < ?1',
    before,
  );
  database.run('DELETE FROM integrator_key_uses WHERE at_ms < ?', before);
}
