// Runs the tools of the set-up (apt-get, npm, meson, ninja …): their output goes line by line to
// whoever shows progress and to a log file, the last lines are kept for the error message.
import { spawn, spawnSync } from 'node:child_process';
import { accessSync, closeSync, constants, mkdirSync, openSync, writeSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';

/** Lines of a failed tool that are repeated in the error; the log file has all of them. */
const TAIL_LINES = 25;

/**
 * Runs a tool to its end. Never throws because of what the tool did: look at `ok`. Rejects with the
 * abort reason when `signal` fires; the tool has been told to stop (SIGTERM) and has gone by then.
 * @param {string} file
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, signal?: AbortSignal, timeoutMs?: number,
 *           logFile?: string, onLine?: (line: string) => void }} [options]
 * @returns {Promise<{ ok: boolean, missing: boolean, status: string, tail: string[] }>} `missing`:
 *   there is no such tool; `status`: for people, e.g. `exit code 2`
 */
export async function runCommand(file, args, options = {}) {
  const { cwd, env, signal, timeoutMs, logFile, onLine } = options;
  signal?.throwIfAborted();
  if (logFile) mkdirSync(path.dirname(logFile), { recursive: true });
  const log = logFile ? openSync(logFile, 'a') : undefined;
  /** @type {string[]} */
  const tail = [];
  const take = (/** @type {string} */ line) => {
    if (log !== undefined) writeSync(log, `${line}\n`);
    tail.push(line);
    if (tail.length > TAIL_LINES) tail.shift();
    onLine?.(line);
  };
  if (log !== undefined) writeSync(log, `$ ${[file, ...args].join(' ')}\n`);
  try {
    const child = spawn(file, args, {
      cwd,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: timeoutMs,
    });
    const stop = () => child.kill('SIGTERM');
    signal?.addEventListener('abort', stop, { once: true });
    createInterface({ input: child.stdout }).on('line', take);
    createInterface({ input: child.stderr }).on('line', take);
    /** @type {{ ok: boolean, missing: boolean, status: string }} */
    const end = await new Promise((resolve) => {
      child.on('error', (/** @type {NodeJS.ErrnoException} */ error) =>
        resolve({ ok: false, missing: error.code === 'ENOENT', status: error.message }),
      );
      child.on('close', (code, killedBy) =>
        resolve({
          ok: code === 0,
          missing: false,
          status: killedBy ? `stopped by ${killedBy}` : `exit code ${code}`,
        }),
      );
    });
    signal?.removeEventListener('abort', stop);
    signal?.throwIfAborted();
    return { ...end, tail };
  } finally {
    if (log !== undefined) closeSync(log);
  }
}

/**
 * Asks a quick question of a tool (milliseconds, so synchronously); undefined when it is not there.
 * @param {string} file
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {{ code: number | null, stdout: string, stderr: string } | undefined}
 */
export function askCommand(file, args, env = process.env) {
  const answer = spawnSync(file, args, {
    env,
    encoding: 'utf8',
    timeout: 10_000,
    maxBuffer: 16 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (answer.error && answer.status === null && answer.signal === null) return undefined;
  return { code: answer.status, stdout: answer.stdout, stderr: answer.stderr };
}

/**
 * The full path of a command, or undefined: `command -v` without a shell.
 * @param {string} name
 * @param {string} [searchPath]
 */
export function findCommand(name, searchPath = process.env.PATH ?? '') {
  for (const folder of searchPath.split(path.delimiter)) {
    const file = path.join(folder, name);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // not in this folder, or not ours to run
    }
  }
  return undefined;
}
