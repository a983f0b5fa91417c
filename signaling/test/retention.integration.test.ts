// What is forgotten is gone for everybody, and lists that are being read do not mind.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { SessionList } from '@guruconnect/contract/http/v1/sessions';
import type { z } from 'zod';
import { Database } from '../src/store/sqlite/database.ts';
import { Harness } from './harness.ts';
import { until } from './until.ts';

let directory: string;
let gc: Harness | undefined;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'gc-retention-'));
});
afterEach(async () => {
  await gc?.close();
  rmSync(directory, { recursive: true, force: true });
});

it('a session is forgotten 90 days after its end: session_not_found, and no list breaks', async () => {
  const file = join(directory, 'store.sqlite');
  gc = await Harness.start({ env: { GC_STORE: file }, timings: { purgeMs: 20 } });
  const ids: string[] = [];
  for (let i = 0; i < 4; i += 1) ids.unshift((await gc.createSession({ device_id: 'd' })).id);
  const [newest = '', next = '', old = '', oldest = ''] = ids;
  for (const id of [next, old]) await gc.api('POST', `/sessions/${id}/end`, {});
  const page = await gc.api<z.output<typeof SessionList>>('GET', '/sessions?limit=3');
  expect(page.body.sessions.map(({ id }) => id)).toEqual([newest, next, old]);

  await gc.stopSignaling();
  const database = new Database(file);
  const daysAgo = (days: number): number => Date.now() - days * 86_400_000;
  database.run('UPDATE sessions SET ended_at_ms = ? WHERE id = ?', daysAgo(91), old);
  database.run('UPDATE sessions SET ended_at_ms = ? WHERE id = ?', daysAgo(89), next);
  database.close();
  await gc.startSignaling();
  await gc.ready();

  const { api } = gc;
  const get = (path: string) => api.call(gc, 'GET', path);
  await until('the old session to be forgotten', async () => {
    const { status } = await get(`/sessions/${old}`);
    return status === 404;
  });
  for (const path of [`/sessions/${old}`, `/sessions/${old}/events`, `/sessions/${old}/viewers`])
    expect(await get(path)).toMatchObject({ status: 404, body: { code: 'session_not_found' } });
  expect(await gc.api('POST', `/sessions/${old}/end`, {})).toMatchObject({ status: 404 });
  expect((await gc.events(next)).at(-1)?.type).toBe('session.ended');
  // The cursor names a session that is no longer there.
  const rest = await get(`/sessions?limit=3&cursor=${page.body.next_cursor ?? ''}`);
  expect(rest).toMatchObject({ status: 200, body: { sessions: [{ id: oldest }] } });
});
