import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { auditStoreContract } from '../../test/audit-store-contract.ts';
import { sessionRecord } from '../../test/records.ts';
import { storeContract } from '../../test/store-contract.ts';
import { webhookStoreContract } from '../../test/webhook-store-contract.ts';
import { Database } from './sqlite/database.ts';
import { MIGRATIONS } from './sqlite/schema.ts';
import { openSqliteStore } from './store.sqlite.ts';

auditStoreContract('SQLite in memory', async () => openSqliteStore(':memory:'));
storeContract('SQLite in memory', async () => openSqliteStore(':memory:'));
webhookStoreContract('SQLite in memory', async () => openSqliteStore(':memory:'));

describe('a store in a file', () => {
  let directory: string;
  let file: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'gc-store-'));
    file = join(directory, 'store.sqlite');
  });
  afterEach(() => {
    rmSync(directory, { recursive: true, force: true });
  });

  it('is there again after it was closed', async () => {
    const first = openSqliteStore(file);
    const record = sessionRecord();
    await first.sessions.create(record, []);
    await first.close();
    const second = openSqliteStore(file);
    expect(await second.sessions.read(record.id)).toEqual(record);
    await second.close();
  });

  it('is for its owner only, also when the file was there before with another mode', async () => {
    writeFileSync(file, '', { mode: 0o644 });
    const store = openSqliteStore(file);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    await store.close();
  });

  it('of an older build learns when its sessions ended', async () => {
    const before = new DatabaseSync(file);
    for (const step of MIGRATIONS.slice(0, 2)) before.exec(step);
    before.exec('PRAGMA user_version = 2');
    const record = sessionRecord({ state: 'ended', ended_at_ms: 100 });
    before
      .prepare('INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?)')
      .run(record.id, record.rev, record.device_id, 'ended', null, JSON.stringify(record));
    before.close();
    const store = openSqliteStore(file);
    await store.purge({ nowMs: 0, sessionsEndedBeforeMs: 100 });
    expect(await store.sessions.read(record.id)).toEqual(record);
    await store.purge({ nowMs: 0, sessionsEndedBeforeMs: 101 });
    expect(await store.sessions.read(record.id)).toBeUndefined();
    await store.close();
  });

  it('of an older build gets chains for its journals, once', async () => {
    const before = new DatabaseSync(file);
    for (const step of MIGRATIONS.slice(0, 3)) before.exec(step);
    before.exec('PRAGMA user_version = 3');
    const record = sessionRecord({ state: 'ended', ended_at_ms: 100 });
    const write = before.prepare('INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?, ?)');
    write.run(record.id, 0, record.device_id, 'ended', null, JSON.stringify(record), 100);
    for (const [index, type] of ['session.created', 'session.ended'].entries()) {
      const event = { seq: index + 1, session_id: record.id, type, at: '', data: {} };
      before
        .prepare('INSERT INTO journal VALUES (?, ?, ?)')
        .run(record.id, event.seq, JSON.stringify(event));
    }
    before.close();
    for (let opened = 0; opened < 2; opened += 1) {
      const store = openSqliteStore(file);
      expect(await store.audit.entries(0, 10)).toMatchObject([
        { act: 'session.adopted', details: { anchor: { seq: 2 } } },
        { act: 'session.ended', details: { anchor: { seq: 2 } } },
      ]);
      const [first, second] = await store.audit.sessionEntries(record.id, 0, 10);
      expect(second?.prev_hash).toBe(first?.hash);
      await store.close();
    }
  });

  it('of a newer build is left alone', () => {
    const database = new Database(file);
    database.run('PRAGMA user_version = 999');
    database.close();
    expect(() => openSqliteStore(file)).toThrow('can not be opened');
  });

  it('that is no database is refused', () => {
    writeFileSync(file, 'this is a letter to my aunt, and no database at all');
    expect(() => openSqliteStore(file)).toThrow('can not be opened');
  });
});
