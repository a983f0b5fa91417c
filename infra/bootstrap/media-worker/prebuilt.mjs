// mediasoup's own prebuilt worker, where the network and the platform allow. Where it lives and
// what it is called is read from the npm package, so that no address stands in our source; its
// MEDIASOUP_WORKER_PREBUILT_DOWNLOAD_BASE_URL (a mirror) and MEDIASOUP_SKIP_WORKER_PREBUILT_DOWNLOAD
// mean the same here as there.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { runCommand } from '../command.mjs';
import { SetupError } from '../setup-error.mjs';

/** A closed network must not cost more than this before the build begins. */
const CONNECT_TIMEOUT_MS = 4_000;

/** The archive has about 10 MB. */
const DOWNLOAD_TIMEOUT_MS = 120_000;

/**
 * @param {{ mediasoup: string, nodeBin: string, folder: string, env: NodeJS.ProcessEnv,
 *           signal?: AbortSignal }} context `folder`: where the archive is unpacked
 * @returns {Promise<{ binary?: string, reason?: string }>} the binary, or for people why there is none
 */
export async function downloadWorker({ mediasoup, nodeBin, folder, env, signal }) {
  if (env.MEDIASOUP_SKIP_WORKER_PREBUILT_DOWNLOAD) {
    return { reason: 'the download is switched off by MEDIASOUP_SKIP_WORKER_PREBUILT_DOWNLOAD' };
  }
  const address = await prebuiltAddress({ mediasoup, nodeBin, env, signal });
  if (!address) return { reason: 'mediasoup does not say where its prebuilt worker is' };
  const fetched = await fetchBytes(address, signal);
  if (!fetched.bytes) return { reason: fetched.reason };

  checkDigest(fetched.bytes, env.GC_MEDIA_WORKER_SHA256);
  mkdirSync(folder, { recursive: true });
  const archive = path.join(folder, 'worker.tgz');
  writeFileSync(archive, fetched.bytes);
  const unpack = await runCommand('tar', ['-xzf', archive, '-C', folder, 'mediasoup-worker'], {
    signal,
  });
  if (!unpack.ok) return { reason: 'what was downloaded is not an archive with a worker in it' };
  return { binary: path.join(folder, 'mediasoup-worker') };
}

/**
 * @param {Uint8Array} bytes
 * @param {string | undefined} expected hex SHA-256 of the archive; nothing configured, nothing checked
 */
export function checkDigest(bytes, expected) {
  if (!expected) return;
  const actual = createHash('sha256').update(bytes).digest('hex');
  if (actual === expected.trim().toLowerCase()) return;
  throw new SetupError(
    `the prebuilt media worker has SHA-256 ${actual}, but GC_MEDIA_WORKER_SHA256 says ${expected}`,
    {
      todo:
        'find out which of the two is wrong before you go on; to build from source instead, set ' +
        'MEDIASOUP_SKIP_WORKER_PREBUILT_DOWNLOAD=1',
    },
  );
}

/**
 * @param {{ mediasoup: string, nodeBin: string, env: NodeJS.ProcessEnv, signal?: AbortSignal }} context
 */
async function prebuiltAddress({ mediasoup, nodeBin, env, signal }) {
  const { version, repository } = JSON.parse(
    readFileSync(path.join(mediasoup, 'package.json'), 'utf8'),
  );
  // The name carries platform and kernel generation; only mediasoup's script knows the rule.
  const script = await runCommand(nodeBin, ['npm-scripts.mjs', 'worker:prebuild-name'], {
    cwd: mediasoup,
    signal,
    timeoutMs: 10_000,
  });
  const name = /workerPrebuildTarName:([\w.-]+\.tgz)/.exec(script.tail.join('\n'))?.[1];
  const repositoryAddress = String(repository?.url ?? '')
    .replace(/^git\+/, '')
    .replace(/\.git$/, '');
  const base =
    env.MEDIASOUP_WORKER_PREBUILT_DOWNLOAD_BASE_URL ||
    (repositoryAddress.startsWith('https://') && `${repositoryAddress}/releases/download`);
  return name && base ? `${base}/${version}/${name}` : undefined;
}

/**
 * @param {string} address
 * @param {AbortSignal} [signal]
 * @returns {Promise<{ bytes?: Uint8Array, reason?: string }>}
 */
async function fetchBytes(address, signal) {
  const stop = new AbortController();
  const abort = () => stop.abort();
  signal?.addEventListener('abort', abort, { once: true });
  let deadline = setTimeout(abort, CONNECT_TIMEOUT_MS);
  try {
    const response = await fetch(address, { signal: stop.signal });
    clearTimeout(deadline);
    if (!response.ok) return { reason: `the download answers HTTP ${response.status}` };
    deadline = setTimeout(abort, DOWNLOAD_TIMEOUT_MS);
    return { bytes: new Uint8Array(await response.arrayBuffer()) };
  } catch {
    signal?.throwIfAborted();
    return { reason: 'the download cannot be reached from here' };
  } finally {
    clearTimeout(deadline);
    signal?.removeEventListener('abort', abort);
  }
}
