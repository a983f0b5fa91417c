// node infra/bootstrap/run.mjs <run|test|bench>[,…] -- <command …>
// Sets up what is missing, then becomes, as far as the outside can tell, the command: same stdio,
// signals passed on, same end.
import { spawn } from 'node:child_process';
import os from 'node:os';
import { bootstrap } from './bootstrap.mjs';
import { createLog } from './progress.mjs';
import { describeSetupError, SetupError } from './setup-error.mjs';

const PURPOSES = /** @type {const} */ (['run', 'test', 'bench']);
const FORWARDED = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);

/** @param {string[]} words */
function parseArguments([wanted = '', separator, ...command]) {
  const want = new Set(PURPOSES.filter((purpose) => wanted.split(',').includes(purpose)));
  const understood = want.size === wanted.split(',').length;
  if (!understood || separator !== '--' || command.length === 0) {
    throw new SetupError('I do not understand how I was called', {
      todo: 'node infra/bootstrap/run.mjs <run|test|bench>[,…] -- <command …>',
    });
  }
  return { want, command };
}

/**
 * Until the command runs a signal stops the set-up, afterwards it is the command's to answer. A
 * command may see Ctrl-C twice, once from the terminal and once from us.
 */
async function main() {
  const stop = new AbortController();
  /** @type {(signal: NodeJS.Signals) => void} */
  let receive = (signal) => stop.abort(signal);
  for (const signal of FORWARDED) process.on(signal, () => receive(signal));

  /** @type {NodeJS.Signals | undefined} */
  let endedBy;
  try {
    const { want, command } = parseArguments(process.argv.slice(2));
    const log = createLog(process.stderr);
    const { env } = await bootstrap({ want, log, signal: stop.signal });
    const [file = '', ...args] = command;
    const child = spawn(file, args, { env, stdio: 'inherit' });
    receive = (signal) => child.kill(signal);
    endedBy = await new Promise((resolve, reject) => {
      child.on('error', () =>
        reject(new SetupError(`cannot start ${file}`, { todo: 'check the command after --' })),
      );
      child.on('exit', (code, signal) => {
        process.exitCode = code ?? 1;
        resolve(signal ?? undefined);
      });
    });
  } catch (error) {
    if (stop.signal.aborted) endedBy = stop.signal.reason;
    else if (!(error instanceof SetupError)) throw error;
    else {
      process.stderr.write(`\n${describeSetupError(error)}\n`);
      process.exitCode = 1;
    }
  }
  if (endedBy) dieBy(endedBy);
}

/** So that a shell or a supervisor sees the same end as the command's. @param {NodeJS.Signals} signal */
function dieBy(signal) {
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
  // Reached when the signal does not end a process: the shell's convention says the rest.
  setTimeout(() => process.exit(128 + (os.constants.signals[signal] ?? 0)), 100);
}

await main();
