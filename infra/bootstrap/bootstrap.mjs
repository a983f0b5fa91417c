// Brings a fresh clone to where its commands can run: packages, dependencies, media worker. Runs
// on a machine where nothing is installed, so this folder uses Node built-ins only and nothing
// newer than Node 20. Each step finds out by itself that there is nothing to do.
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder } from './cache-folder.mjs';
import { ensureDependencies } from './dependencies.mjs';
import { withLock } from './lock.mjs';
import { ensureMediaWorker } from './media-worker.mjs';
import { packagesFor } from './package-lists.mjs';
import { ensurePackages } from './packages.mjs';
import { createSteps } from './progress.mjs';

export const ROOT = path.resolve(fileURLToPath(import.meta.url), '../../..');

/**
 * @param {{ want: Set<import('./package-lists.mjs').Purpose>, log: import('./progress.mjs').Log,
 *           env?: NodeJS.ProcessEnv, signal?: AbortSignal }} options
 *   `signal` stops the tool that is running and then rejects with its reason
 * @returns {Promise<{ nodeBin: string, workerBin: string, env: NodeJS.ProcessEnv }>}
 *   `env`: to start the project's programs with (the project's Node first on the PATH,
 *   MEDIASOUP_WORKER_BIN set)
 * @throws {import('./setup-error.mjs').SetupError} when a person has to do something first
 */
export async function bootstrap({ want, log, env = process.env, signal }) {
  const steps = createSteps(log, 3);
  const logFile = path.join(cacheFolder(env), 'setup.log');

  const packages = steps.begin('packages');
  await ensurePackages(packagesFor(want), { step: packages, signal, logFile });

  const dependencies = steps.begin('dependencies');
  const nodeBin = await ensureDependencies({
    root: ROOT,
    env,
    step: dependencies,
    signal,
    logFile,
    exclusively: (install) => {
      const onWait = () => dependencies.note('another set-up of this clone is at it, waiting');
      return withLock(path.join(ROOT, '.gc', 'dependencies.lock'), { onWait, signal }, install);
    },
  });

  const worker = steps.begin('media worker');
  const workerBin = await ensureMediaWorker({ root: ROOT, env, nodeBin, step: worker, signal });

  const searchPath = [path.dirname(nodeBin), env.PATH].filter(Boolean).join(path.delimiter);
  return { nodeBin, workerBin, env: { ...env, PATH: searchPath, MEDIASOUP_WORKER_BIN: workerBin } };
}
