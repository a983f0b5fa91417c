// What the contract's routes are compared with: express 5 that parses JSON and answers JSON, alone
// (bare), and with the same zod schemas and one insert into SQLite (zod_sqlite). Run by api-bench.ts
// as a process of its own; the kind is in GC_BENCH_KIND, the port in GC_PORT.
import { DatabaseSync } from 'node:sqlite';
import express, { type Express } from 'express';
import { z } from 'zod';
import { newId } from '@guruconnect/contract/ids';
import { CreateSession } from '@guruconnect/contract/http/v1/sessions';
import { ROUTE_EXAMPLES } from '@guruconnect/contract/openapi/route-examples';

const { GC_PORT, GC_BENCH_KIND, GC_STORE } = z
  .object({
    GC_PORT: z.coerce.number(),
    GC_BENCH_KIND: z.enum(['bare', 'zod_sqlite']),
    GC_STORE: z.string(),
  })
  .parse(process.env);

/** An answer as long as the real one. */
const CREATED = ROUTE_EXAMPLES['sessions.create'].response as object;
const READ = ROUTE_EXAMPLES['sessions.read'].response as object;

function bare(app: Express): void {
  app.post('/sessions', (request, response) => {
    const { device_id } = request.body as { device_id: unknown };
    response.status(201).json({ ...CREATED, device_id });
  });
  app.get('/sessions/:id', (request, response) => {
    response.json({ ...READ, id: request.params.id });
  });
}

function zodSqlite(app: Express): void {
  const database = new DatabaseSync(GC_STORE);
  database.exec(
    'PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; CREATE TABLE sessions (id TEXT PRIMARY KEY, record TEXT) STRICT, WITHOUT ROWID',
  );
  const insert = database.prepare('INSERT INTO sessions VALUES (?, ?)');
  const select = database.prepare('SELECT record FROM sessions WHERE id = ?');
  app.post('/sessions', (request, response) => {
    const { device_id } = CreateSession.parse(request.body);
    const session = { ...CREATED, id: newId('ses'), device_id };
    insert.run(session.id, JSON.stringify(session));
    response.status(201).json(session);
  });
  app.get('/sessions/:id', (request, response) => {
    const row = select.get(request.params.id);
    if (row) response.json(JSON.parse(String(row['record'])) as unknown);
    else response.status(404).json({});
  });
}

const app = express();
app.disable('x-powered-by');
app.set('etag', false);
app.use(express.json());
if (GC_BENCH_KIND === 'bare') bare(app);
else zodSqlite(app);
const server = app.listen(GC_PORT, '127.0.0.1', () => process.send?.({ ready: true }));
const stop = (): void => {
  server.close();
  server.closeAllConnections();
  if (process.connected) process.disconnect();
};
process.once('SIGTERM', stop);
process.once('disconnect', stop);
