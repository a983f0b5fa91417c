// Step 3: mediasoup's worker, the one program npm cannot bring. In this order: the one the caller
// names, the cache, mediasoup's prebuilt one, a build from the source in the npm package. Only a
// worker that has carried a connection enters the cache, and it enters whole.
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder } from './cache-folder.mjs';
import { askCommand, runCommand } from './command.mjs';
import { withLock } from './lock.mjs';
import { buildWorker, ensureBuildPackages } from './media-worker/build.mjs';
import { downloadWorker } from './media-worker/prebuilt.mjs';
import { PROVEN_WITH, recipeHash } from './media-worker/recipe.mjs';
import { SetupError } from './setup-error.mjs';

const PROOF = fileURLToPath(new URL('media-worker/prove-media-worker.mjs', import.meta.url));
const PROOF_TIMEOUT_MS = 30_000;

/**
 * What a worker exits with when it is started without Node around it (worker/src/main.cpp).
 */
const EXIT_CODE_ALONE = 41;

/**
 * @typedef {{ root: string, env: NodeJS.ProcessEnv, nodeBin: string,
 *             step: import('./progress.mjs').Step, signal?: AbortSignal }} Context
 */

/**
 * @param {Context} context
 * @returns {Promise<string>} path of a worker that runs on this machine
 */
export async function ensureMediaWorker(context) {
  const { root, env, step, signal } = context;
  if (env.MEDIASOUP_WORKER_BIN) {
    requireGivenWorker(env.MEDIASOUP_WORKER_BIN);
    step.done(`the one MEDIASOUP_WORKER_BIN names (${env.MEDIASOUP_WORKER_BIN})`);
    return env.MEDIASOUP_WORKER_BIN;
  }
  const place = workerPlace(root, env);
  if (starts(place.binary)) {
    step.done(`${place.version} from the cache`);
    return place.binary;
  }
  const onWait = () => step.note('another set-up on this machine is at it, waiting for its result');
  await withLock(`${place.folder}.lock`, { onWait, signal }, async () => {
    if (starts(place.binary)) return step.done(`${place.version}, made by another set-up`);
    await make(place, context);
  });
  return place.binary;
}

/**
 * @typedef {{ mediasoup: string, version: string, folder: string, binary: string, origin: string }} Place
 * @param {string} root
 * @param {NodeJS.ProcessEnv} env
 * @returns {Place} where the worker for this mediasoup, machine and recipe is cached
 */
export function workerPlace(root, env) {
  const mediasoup = ['.', 'sfu']
    .map((folder) => path.join(root, folder, 'node_modules', 'mediasoup'))
    .find((folder) => existsSync(path.join(folder, 'package.json')));
  if (!mediasoup) {
    throw new SetupError('the npm package mediasoup is not installed', {
      todo: 'remove the node_modules folder and start again',
    });
  }
  const { version } = JSON.parse(readFileSync(path.join(mediasoup, 'package.json'), 'utf8'));
  const key = `${version}-${process.arch}-${recipeHash()}`;
  const folder = path.join(cacheFolder(env), 'media-worker', key);
  return {
    mediasoup,
    version,
    folder,
    binary: path.join(folder, 'mediasoup-worker'),
    origin: path.join(folder, 'origin.json'),
  };
}

/**
 * Whether this file is a worker that this machine can start: a few milliseconds, so it is asked at
 * every start. A cached one may have lost a library to a reinstalled system.
 * @param {string} binary
 */
export function starts(binary) {
  return existsSync(binary) && askCommand(binary, [], {})?.code === EXIT_CODE_ALONE;
}

/** @param {Place} place @param {Context} context */
async function make(place, context) {
  const { step } = context;
  if (existsSync(place.binary) && (await revive(place, context))) {
    return step.done(`${place.version} from the cache, with its libraries installed again`);
  }
  const origin = (await download(place, context)) ? 'prebuilt by its makers' : 'built from source';
  if (origin === 'built from source') await build(place, context);
  step.done(`${place.version}, ${origin} and proven here`);
}

/**
 * A cached worker that does not start lacks libraries: those that come with the build packages.
 * @param {Place} place
 * @param {Context} context
 */
async function revive({ binary, folder }, { step, signal }) {
  step.update('the cached one does not start, installing its libraries');
  await ensureBuildPackages({ step, signal, logFile: `${folder}.build.log` });
  return starts(binary);
}

/**
 * @param {Place} place
 * @param {Context} context
 * @returns {Promise<boolean>} whether it is in the cache now
 */
async function download(place, context) {
  const { step, env, nodeBin, signal } = context;
  const folder = `${place.folder}.download`;
  try {
    step.update('looking for a prebuilt one');
    const prebuilt = await downloadWorker({
      mediasoup: place.mediasoup,
      nodeBin,
      folder,
      env,
      signal,
    });
    let { reason } = prebuilt;
    if (prebuilt.binary) {
      const failure = await prove(prebuilt.binary, context);
      if (!failure) return keep(prebuilt.binary, place, 'prebuilt');
      reason = `the prebuilt one does not work here (${failure})`;
    }
    step.note(`${reason}: building from source, which takes some minutes, once per machine`);
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {Place} place @param {Context} context */
async function build(place, context) {
  const { step, signal } = context;
  const { mediasoup, version, folder } = place;
  const logFile = `${folder}.build.log`;
  const buildFolder = `${folder}.build`;
  if (version !== PROVEN_WITH) {
    step.note(`the recipe was last proven with mediasoup ${PROVEN_WITH}, this is ${version}`);
  }
  rmSync(logFile, { force: true });
  const binary = await buildWorker({ mediasoup, buildFolder, logFile, step, signal });
  step.update('proving that it works');
  const failure = await prove(binary, context);
  if (failure) {
    throw new SetupError(`the media worker that was just built does not work: ${failure}`, {
      todo:
        `please report this together with ${logFile}; until then a worker from elsewhere can be ` +
        'used with MEDIASOUP_WORKER_BIN=<path>',
    });
  }
  keep(binary, place, 'built from source');
  rmSync(buildFolder, { recursive: true, force: true });
}

/**
 * Lets the worker carry a real connection under the project's Node.
 * @param {string} binary
 * @param {Context} context
 * @returns {Promise<string | undefined>} what went wrong
 */
async function prove(binary, { nodeBin, signal }) {
  chmodSync(binary, 0o755);
  const end = await runCommand(nodeBin, [PROOF, binary], { signal, timeoutMs: PROOF_TIMEOUT_MS });
  return end.ok ? undefined : `${end.status}: ${end.tail.slice(-3).join(' ')}`;
}

/**
 * Into the cache by one rename: whoever looks sees all of it or nothing.
 * @param {string} binary
 * @param {Place} place
 * @param {string} origin
 */
function keep(binary, place, origin) {
  const fresh = `${place.folder}.new`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  copyFileSync(binary, path.join(fresh, path.basename(place.binary)));
  chmodSync(path.join(fresh, path.basename(place.binary)), 0o755);
  const sha256 = createHash('sha256').update(readFileSync(binary)).digest('hex');
  const note = { version: place.version, origin, sha256, provenAt: new Date().toISOString() };
  writeFileSync(
    path.join(fresh, path.basename(place.origin)),
    `${JSON.stringify(note, null, 2)}\n`,
  );
  rmSync(place.folder, { recursive: true, force: true });
  renameSync(fresh, place.folder);
  return true;
}

/** @param {string} binary */
function requireGivenWorker(binary) {
  if (starts(binary)) return;
  throw new SetupError(
    `MEDIASOUP_WORKER_BIN names ${binary}, which is not a media worker that runs on this machine`,
    { todo: 'correct the variable, or unset it and let the set-up take care of the worker' },
  );
}
