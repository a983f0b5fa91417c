import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ROOT } from './bootstrap.mjs';
import { ensureMediaWorker, workerPlace } from './media-worker.mjs';

/** Set by the bootstrap that runs the tests. */
const REAL_WORKER = process.env['MEDIASOUP_WORKER_BIN'] ?? workerPlace(ROOT, process.env).binary;

let folder: string;
let server: Server;
let answer: Buffer | undefined;
let requested: string[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'guruconnect-worker-'));
  answer = undefined;
  requested = [];
  server = createServer((request, response) => {
    requested.push(request.url ?? '');
    response.writeHead(answer ? 200 : 404).end(answer);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

function archiveOf(binary: string): Buffer {
  copyFileSync(binary, join(folder, 'mediasoup-worker'));
  execFileSync('tar', ['-czf', 'worker.tgz', 'mediasoup-worker'], { cwd: folder });
  return readFileSync(join(folder, 'worker.tgz'));
}

/** An empty cache and our server as the mirror; a build is not waited for but refused. */
function attempt(extra: NodeJS.ProcessEnv = {}) {
  const { port } = server.address() as AddressInfo;
  const env: NodeJS.ProcessEnv = {
    PATH: process.env['PATH'],
    GC_CACHE_DIR: join(folder, 'cache'),
    MEDIASOUP_WORKER_PREBUILT_DOWNLOAD_BASE_URL: `http://127.0.0.1:${port}`,
    ...extra,
  };
  const said: string[] = [];
  const stop = new AbortController();
  const step = {
    update: () => {},
    done: (text: string) => said.push(text),
    note: (text: string) => {
      said.push(text);
      if (text.includes('building from source')) stop.abort(new Error('would build'));
    },
  };
  const context = { root: ROOT, env, nodeBin: process.execPath, step, signal: stop.signal };
  return { result: ensureMediaWorker(context), said, place: workerPlace(ROOT, env) };
}

test('a prebuilt worker is proven, kept whole and found again', async () => {
  answer = archiveOf(REAL_WORKER);
  const { result, place, said } = attempt();
  expect(await result).toBe(place.binary);
  expect(said).toEqual([expect.stringContaining('prebuilt')]);
  expect(requested).toEqual([
    expect.stringMatching(new RegExp(`^/${place.version}/mediasoup-worker-.*\\.tgz$`)),
  ]);
  const sha256 = createHash('sha256').update(readFileSync(place.binary)).digest('hex');
  expect(JSON.parse(readFileSync(place.origin, 'utf8'))).toMatchObject({ sha256 });

  const again = attempt();
  expect(await again.result).toBe(place.binary);
  expect(again.said).toEqual([expect.stringContaining('from the cache')]);
  expect(requested).toHaveLength(1);
});

test('two set-ups at once make one worker', async () => {
  answer = archiveOf(REAL_WORKER);
  const both = [attempt(), attempt()];
  const [one, other] = await Promise.all(both.map(({ result }) => result));
  expect(one).toBe(other);
  expect(requested).toHaveLength(1);
});

test('a prebuilt worker that does not run here is not kept', async () => {
  const broken = join(folder, 'broken');
  writeFileSync(broken, '#!/bin/sh\nexit 41\n', { mode: 0o755 });
  answer = archiveOf(broken);
  const { result, place, said } = attempt();
  await expect(result).rejects.toThrow('would build');
  expect(said).toEqual([expect.stringContaining('the prebuilt one does not work here')]);
  expect(existsSync(place.folder)).toBe(false);
});

test('a prebuilt worker with another digest than configured stops everything', async () => {
  answer = archiveOf(REAL_WORKER);
  const { result, place } = attempt({ GC_MEDIA_WORKER_SHA256: 'f'.repeat(64) });
  await expect(result).rejects.toThrow('GC_MEDIA_WORKER_SHA256');
  expect(existsSync(place.folder)).toBe(false);
});

test('a prebuilt worker with the configured digest is taken', async () => {
  answer = archiveOf(REAL_WORKER);
  const sha256 = createHash('sha256').update(answer).digest('hex');
  const { result, place } = attempt({ GC_MEDIA_WORKER_SHA256: sha256.toUpperCase() });
  expect(await result).toBe(place.binary);
});

test('without a prebuilt worker it says why it builds', async () => {
  const { result, said } = attempt();
  await expect(result).rejects.toThrow('would build');
  expect(said).toEqual([expect.stringContaining('HTTP 404')]);
});

test('the worker somebody names is used as it is', async () => {
  const { result } = attempt({ MEDIASOUP_WORKER_BIN: REAL_WORKER });
  expect(await result).toBe(REAL_WORKER);
  expect(requested).toEqual([]);
});

test.each(['/nowhere/mediasoup-worker', '/bin/true'])('%s is refused as a worker', async (file) => {
  await expect(attempt({ MEDIASOUP_WORKER_BIN: file }).result).rejects.toThrow(file);
});
