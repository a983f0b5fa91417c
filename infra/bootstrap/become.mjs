// Runs a command so that the outside cannot tell it from us: same stdio, our signals are its
// signals, its end is our end. (Node 20 has no exec(2).)
import { spawn } from 'node:child_process';
import os from 'node:os';
import { SetupError } from './setup-error.mjs';

const PASSED_ON = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);

/**
 * Takes over the signals that ask us to stop. Until `passTo` they abort `stop`, with the signal's
 * name as the reason; afterwards they are the command's to answer, however it likes. On a terminal
 * a command sees Ctrl+C twice: the terminal tells the whole process group.
 */
export function takeSignals() {
  const controller = new AbortController();
  /** @type {(signal: NodeJS.Signals) => void} */
  let receive = (signal) => controller.abort(signal);
  for (const signal of PASSED_ON) process.on(signal, () => receive(signal));
  return {
    stop: controller.signal,
    /** @param {import('node:child_process').ChildProcess} child */
    passTo(child) {
      receive = (signal) => child.kill(signal);
    },
  };
}

/**
 * Resolves, with our exit code set, when the command has ended.
 * @param {string[]} command
 * @param {NodeJS.ProcessEnv} env
 * @param {ReturnType<typeof takeSignals>} signals
 */
export async function become([file = '', ...args], env, signals) {
  const child = spawn(file, args, { env, stdio: 'inherit' });
  signals.passTo(child);
  /** @type {{ code: number | null, signal: NodeJS.Signals | null }} */
  const end = await new Promise((resolve, reject) => {
    child.on('error', (error) => {
      const todo = 'check the command after --';
      reject(new SetupError(`cannot start ${file}`, { todo, cause: error }));
    });
    child.on('exit', (code, signal) => resolve({ code, signal }));
  });
  if (end.signal) dieBy(end.signal);
  else process.exitCode = end.code ?? 1;
}

/**
 * Ends this process as the signal would have, so that whoever waits for us sees the truth.
 * @param {NodeJS.Signals} signal
 */
export function dieBy(signal) {
  process.exitCode = 128 + (os.constants.signals[signal] ?? 0); // if the signal does not end us
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}
