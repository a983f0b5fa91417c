// The embedded store: one SQLite file, one process (node:sqlite). Owned by main.ts.
import type { Store } from './store.ts';
import { readAnswer } from './sqlite/answers.ts';
import { Database, number, text } from './sqlite/database.ts';
import { purgeIntegratorKeys, sqliteIntegratorKeys } from './sqlite/integrator-keys.ts';
import { sqliteMachines } from './sqlite/machines.ts';
import { sqlitePlacements } from './sqlite/placements.ts';
import { sqliteSessions } from './sqlite/sessions.ts';
import { sqliteViewerCodes } from './sqlite/viewer-codes.ts';
import { enqueueDeliveries, purgeDeliveries, sqliteWebhooks } from './sqlite/webhooks.ts';

/** A code is told "used" or "expired" for this long after its end, then it is unknown. */
const KEEP_CODES_MS = 60 * 60_000;
const KEEP_ENROLMENTS_MS = 24 * 60 * 60_000;

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
  return {
    sessions: sqliteSessions(database, (event) => {
      if (options.deliveries) enqueueDeliveries(database, event);
    }),
    placements: sqlitePlacements(database),
    codes: sqliteViewerCodes(database),
    machines: sqliteMachines(database),
    integratorKeys: sqliteIntegratorKeys(database),
    webhooks: sqliteWebhooks(database),
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
    async purge(nowMs) {
      database.transaction(() => {
        database.run('DELETE FROM once WHERE until_ms < ?', nowMs);
        database.run('DELETE FROM answers WHERE expires_at_ms < ?', nowMs);
        database.run('DELETE FROM viewer_codes WHERE expires_at_ms < ?', nowMs - KEEP_CODES_MS);
        database.run(
          'DELETE FROM enrolment_tokens WHERE expires_at_ms < ?',
          nowMs - KEEP_ENROLMENTS_MS,
        );
        purgeIntegratorKeys(database, nowMs);
        purgeDeliveries(database, nowMs);
      });
    },
    async check() {
      database.transaction(() => database.get('SELECT 1'));
    },
    async close() {
      database.close();
    },
  };
}
