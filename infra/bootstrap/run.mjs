// node infra/bootstrap/run.mjs <run|test|bench>[,…] -- <command …>
// Sets up what is missing, then becomes the command.
import { become, dieBy, takeSignals } from './become.mjs';
import { bootstrap } from './bootstrap.mjs';
import { createLog } from './progress.mjs';
import { describeSetupError, SetupError } from './setup-error.mjs';

const PURPOSES = /** @type {const} */ (['run', 'test', 'bench']);

/** @param {string[]} words */
function parseArguments([wanted = '', separator, ...command]) {
  const words = wanted.split(',');
  const want = new Set(PURPOSES.filter((purpose) => words.includes(purpose)));
  if (want.size !== words.length || separator !== '--' || command.length === 0) {
    throw new SetupError('I do not understand how I was called', {
      todo: 'node infra/bootstrap/run.mjs <run|test|bench>[,…] -- <command …>',
    });
  }
  return { want, command };
}

const signals = takeSignals();
try {
  const { want, command } = parseArguments(process.argv.slice(2));
  const log = createLog(process.stderr);
  const { env } = await bootstrap({ want, log, signal: signals.stop });
  await become(command, env, signals);
} catch (error) {
  if (signals.stop.aborted) {
    dieBy(signals.stop.reason);
  } else if (error instanceof SetupError) {
    process.stderr.write(`\n${describeSetupError(error)}\n`);
    process.exitCode = 1;
  } else {
    throw error;
  }
}
