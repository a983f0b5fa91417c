// A copy of an embedded store as it is at one moment, also while a server has it open and locked:
// only read, never opened, so that nothing of the original can change. Owned by verify-audit.ts.
import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  copyFileSync,
  createReadStream,
  existsSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** A server moves its write-ahead log into the file every thousand pages or so: that takes moments. */
const TRIES = 20;
const PAUSE_MS = 100;
/** With the salt that changes whenever SQLite begins its log anew (file format, 4.1). */
const WAL_HEADER_BYTES = 32;

export type StoreSnapshot = {
  /** File of the copy; its log is beside it. */
  readonly file: string;
  /** Deletes the copy. Idempotent. */
  close(): void;
};

/**
 * The log is only added to while the file stays as it is, so a log that was copied between two looks
 * at the same file belongs to it; what is half written at its end SQLite leaves out by itself.
 * @throws Error when there is no such file, or it changed all the time.
 */
export async function snapshotStore(store: string): Promise<StoreSnapshot> {
  // It holds keys, as the store does: for nobody else, and not for long.
  const directory = mkdtempSync(join(tmpdir(), 'gc-audit-'));
  const close = (): void => {
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    const file = join(directory, 'store.sqlite');
    for (let tried = 0; tried < TRIES; tried += 1) {
      if (tried > 0) await pause(PAUSE_MS);
      copyFileSync(store, file, constants.COPYFILE_FICLONE);
      const log = `${store}-wal`;
      rmSync(`${file}-wal`, { force: true });
      if (existsSync(log)) copyFileSync(log, `${file}-wal`);
      const isSame =
        (await hashOf(store)) === (await hashOf(file)) &&
        headerOf(log).equals(headerOf(`${file}-wal`));
      if (isSame) return { file, close };
    }
    throw new Error(`${store} changes all the time: try again`);
  } catch (error) {
    close();
    throw error;
  }
}

async function hashOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** Empty when there is no log. */
function headerOf(log: string): Buffer {
  if (!existsSync(log)) return Buffer.alloc(0);
  const fd = openSync(log, 'r');
  try {
    const header = Buffer.alloc(WAL_HEADER_BYTES);
    return header.subarray(0, readSync(fd, header, 0, header.length, 0));
  } finally {
    closeSync(fd);
  }
}
