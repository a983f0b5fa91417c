// One SQLite file: opened, locked, brought to the current schema; prepared statements and
// transactions. Owned by store.sqlite.ts. Calls block the event loop for tens of microseconds.
import { chmodSync, closeSync, openSync } from 'node:fs';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { MIGRATIONS } from './schema.ts';

/** Keys and the journal are nobody else's business. */
const FILE_MODE = 0o600;
/** A process that was just killed may hold its lock for a moment longer. */
const LOCK_WAIT_MS = 5_000;

export type Row = Record<string, unknown>;

export class Database {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  /**
   * @param location a file, or ":memory:".
   * @throws Error when it is no database, of a newer schema, or used by another process.
   */
  constructor(location: string) {
    if (location !== ':memory:') {
      // Created by us before SQLite does it with the umask's mode; its -wal file gets the same.
      closeSync(openSync(location, 'a', FILE_MODE));
      chmodSync(location, FILE_MODE);
    }
    this.#database = new DatabaseSync(location, { timeout: LOCK_WAIT_MS });
    try {
      // EXCLUSIVE: two processes on one embedded store would each believe to own every session.
      // NORMAL with WAL: a killed process loses nothing; a power cut may lose the last moments.
      this.#database.exec(
        'PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;',
      );
      this.transaction(() => {
        this.#migrate();
      });
    } catch (cause) {
      this.#database.close();
      throw new Error(`the store ${location} can not be opened`, { cause });
    }
  }

  run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#prepare(sql).run(...values).changes);
  }

  get(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#prepare(sql).get(...values);
  }

  all(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#prepare(sql).all(...values);
  }

  /** All or nothing. Not nested. */
  transaction<T>(work: () => T): T {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.#database.exec('COMMIT');
      return result;
    } catch (error) {
      // SQLite has rolled back by itself after some faults (disk full).
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  /** As a transaction, and on the disk, with everything before it, when this returns. */
  synced<T>(work: () => T): T {
    this.#database.exec('PRAGMA synchronous = FULL');
    try {
      return this.transaction(work);
    } finally {
      this.#database.exec('PRAGMA synchronous = NORMAL');
    }
  }

  close(): void {
    if (!this.#database.isOpen) return;
    this.#statements.clear();
    this.#database.close();
  }

  #prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known) return known;
    const statement = this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  #migrate(): void {
    const row = this.#database.prepare('PRAGMA user_version').get();
    const version = Number(row?.['user_version'] ?? 0);
    if (version > MIGRATIONS.length)
      throw new Error(`the store has schema ${version}, this build knows ${MIGRATIONS.length}`);
    for (const migration of MIGRATIONS.slice(version)) this.#database.exec(migration);
    this.#database.exec(`PRAGMA user_version = ${MIGRATIONS.length}`);
  }
}

export const text = (row: Row, column: string): string => String(row[column]);
export const number = (row: Row, column: string): number => Number(row[column]);
export const numberOrNone = (row: Row, column: string): number | undefined =>
  row[column] === null || row[column] === undefined ? undefined : Number(row[column]);
