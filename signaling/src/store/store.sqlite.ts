// The embedded store: one SQLite file, one process (node:sqlite). Owned by main.ts.
import type { Store } from './store.ts';
import { readAnswer } from './sqlite/answers.ts';
import { AuditChains } from './sqlite/audit-chains.ts';
import { sqliteAudit } from './sqlite/audit.ts';
import { Database, number, text } from './sqlite/database.ts';
import { sqliteIntegratorKeys } from './sqlite/integrator-keys.ts';
import { sqliteMachines } from './sqlite/machines.ts';
import { sqlitePlacements } from './sqlite/placements.ts';
import { purgeSqlite } from './sqlite/purge.ts';
import { sqliteSessions } from './sqlite/sessions.ts';
import { sqliteViewerCodes } from './sqlite/viewer-codes.ts';
import { enqueueCheckpoint, enqueueDeliveries, sqliteWebhooks } from './sqlite/webhooks.ts';

/**
 * @param location a file (made with mode 0600), or ":memory:".
 * @param options.deliveries false writes none for new events: nobody would ever send them.
 * @throws Error when the file can not be used: held by another process, no database, newer schema.
 */
export function openSqliteStore(
  location: string,
  options: { readonly deliveries: boolean } = { deliveries: true },
): Store {
  const database = new Database(location);
  const chains = new AuditChains(database);
  chains.adopt(Date.now());
  return {
    sessions: sqliteSessions(database, chains, (event) => {
      if (options.deliveries) enqueueDeliveries(database, event);
    }),
    placements: sqlitePlacements(database),
    codes: sqliteViewerCodes(database, chains),
    machines: sqliteMachines(database, chains),
    integratorKeys: sqliteIntegratorKeys(database, chains),
    webhooks: sqliteWebhooks(database, chains),
    audit: sqliteAudit(database, chains, (checkpoint) => {
      if (options.deliveries) enqueueCheckpoint(database, checkpoint);
    }),
    signingKeys: {
      async list() {
        return database
          .all('SELECT * FROM signing_keys ORDER BY created_at_ms DESC')
          .map((row) => ({
            kid: text(row, 'kid'),
            private_jwk: text(row, 'private_jwk'),
            created_at_ms: number(row, 'created_at_ms'),
          }));
      },
      async addFirst(key) {
        database.run(
          `INSERT INTO signing_keys (kid, private_jwk, created_at_ms)
           SELECT ?, ?, ? WHERE NOT EXISTS (SELECT 1 FROM signing_keys)`,
          key.kid,
          key.private_jwk,
          key.created_at_ms,
        );
      },
    },
    async savedAnswer(scope, key, nowMs) {
      return readAnswer(database, scope, key, nowMs);
    },
    async once(name, untilMs) {
      return (
        database.run(
          'INSERT INTO once (name, until_ms) VALUES (?, ?) ON CONFLICT DO NOTHING',
          name,
          untilMs,
        ) === 1
      );
    },
    purge(due, signal) {
      return purgeSqlite(database, chains, due, signal);
    },
    async check() {
      database.transaction(() => database.get('SELECT 1'));
    },
    async close() {
      database.close();
    },
  };
}
