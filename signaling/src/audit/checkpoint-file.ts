// The file that checkpoints are exported to, one JSON line each: opened for appending, never read
// back but for its last line, so it may be append-only (chattr +a) or on a disk of its own. Owned by
// Audit.
import { closeSync, fstatSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs';
import { Checkpoint } from '@guruconnect/contract/audit';

const FILE_MODE = 0o600;
/** A line has about 300 bytes. */
const TAIL_BYTES = 4096;

export class CheckpointFile {
  readonly #path: string;
  readonly #fd: number;
  #isOpen = true;
  #lastSeq: number;

  /** @throws Error when it can not be opened for appending. */
  constructor(path: string) {
    this.#path = path;
    this.#fd = openSync(path, 'a', FILE_MODE);
    const tail = readTail(path);
    // A line that a crash broke off stays as it is; the checkpoint is written again, whole.
    if (tail !== '' && !tail.endsWith('\n')) writeSync(this.#fd, '\n');
    this.#lastSeq = Math.max(0, ...tail.split('\n').map(seqOf));
  }

  /** How far the file has got. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** On the disk when it returns. @throws Error of the file system. */
  append(checkpoint: Checkpoint): void {
    writeSync(this.#fd, `${JSON.stringify(checkpoint)}\n`);
    fsyncSync(this.#fd);
    this.#lastSeq = checkpoint.seq;
  }

  get path(): string {
    return this.#path;
  }

  /** Idempotent. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    closeSync(this.#fd);
  }
}

function readTail(path: string): string {
  const fd = openSync(path, 'r');
  try {
    const { size } = fstatSync(fd);
    const bytes = Buffer.alloc(Math.min(size, TAIL_BYTES));
    readSync(fd, bytes, 0, bytes.length, size - bytes.length);
    return bytes.toString();
  } finally {
    closeSync(fd);
  }
}

/** 0 for what is no checkpoint: the first line of the tail is cut off anywhere. */
function seqOf(line: string): number {
  try {
    return Checkpoint.parse(JSON.parse(line)).seq;
  } catch {
    // half a line, or something else
    return 0;
  }
}
