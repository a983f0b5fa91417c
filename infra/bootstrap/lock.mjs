// One set-up at a time per thing that is set up. The lock is the kernel's (flock), held by a tiny
// child that lives exactly as long as our end of its stdin: when this process ends, however it
// ends, the kernel closes the pipe, `cat` reads its end and the lock is free. There is no such
// thing as a stale lock, so there is nothing to clean up after a crash.
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';

/** If nothing holds the lock, flock answers well within this time. */
const BUSY_AFTER_MS = 500;

/**
 * Runs `action` while holding the lock `file`. `onWait` is called when somebody else holds it.
 * Where there is no flock command (not Linux) the action runs without a lock.
 * @template T
 * @param {string} file created when missing, never removed (removing it would split the lock)
 * @param {{ onWait?: () => void, signal?: AbortSignal }} options
 * @param {() => Promise<T>} action
 * @returns {Promise<T>}
 */
export async function withLock(file, { onWait, signal }, action) {
  signal?.throwIfAborted();
  mkdirSync(path.dirname(file), { recursive: true });
  // `cat` runs only once the lock is held, so its echo is the news that we have it. In a process
  // group of its own so that Ctrl-C cannot take the lock away while its owner still cleans up.
  const holder = spawn('flock', [file, 'cat'], {
    stdio: ['pipe', 'pipe', 'ignore'],
    detached: true,
  });
  const waiting = setTimeout(() => onWait?.(), BUSY_AFTER_MS);
  const giveUp = () => holder.kill('SIGKILL');
  signal?.addEventListener('abort', giveUp, { once: true });
  const gone = new Promise((resolve) => holder.once('close', resolve));
  try {
    await new Promise((resolve) => {
      holder.once('error', resolve);
      holder.once('close', resolve);
      holder.stdout.once('data', resolve);
      holder.stdin.on('error', () => {}); // EPIPE when it was killed: `close` tells
      holder.stdin.write('\n');
    });
    clearTimeout(waiting);
    signal?.throwIfAborted();
    return await action();
  } finally {
    clearTimeout(waiting);
    signal?.removeEventListener('abort', giveUp);
    holder.stdin.end();
    if (holder.pid !== undefined) await gone;
  }
}
