// Agent releases as an RMM and an endpoint fetch them, from a folder the publisher has filled.
import { createHash } from 'node:crypto';
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Capabilities } from '@guruconnect/contract/http/v1/capabilities';
import type { AgentRelease, ReleaseList } from '@guruconnect/contract/http/v1/releases';
import type { z } from 'zod';
import { publish } from '../../infra/release/publish.ts';
import { Harness } from './harness.ts';
import { until } from './until.ts';

const CONTENT = Array.from({ length: 50_000 }, (_, i) => `${i}\n`).join('');
const CHECKSUM = createHash('sha256').update(CONTENT).digest('hex');

let folder: string;
let gc: Harness;

const fill = async (): Promise<void> => {
  folder = await mkdtemp(join(tmpdir(), 'gc-releases-'));
  const source = join(folder, 'source.bin');
  await writeFile(source, CONTENT);
  for (const [platform, version] of [
    ['linux-x64', '1.9.0'],
    ['linux-x64', '1.10.0'],
    ['linux-x64', '2.0.0-rc.1'],
    ['windows-x64', '1.10.0'],
  ] as const)
    await publish({ directory: folder, platform, version, source });
};
const start = async (env: Record<string, string> = {}): Promise<void> => {
  gc = await Harness.start({
    nodes: 0,
    env: { GC_RELEASES_DIR: folder, ...env },
    timings: { releasesLookMs: 10 },
  });
};
const list = async (query = '') =>
  (await gc.api<z.output<typeof ReleaseList>>('GET', `/agent/releases${query}`)).body.releases;
const download = (headers: Record<string, string> = {}, method = 'GET') =>
  fetch(`${gc.url}/api/integration/v1/agent/releases/linux-x64/1.10.0/download`, {
    method,
    headers,
  });

describe('releases', () => {
  beforeAll(async () => {
    await fill();
    await start();
  });
  afterAll(async () => {
    expect(gc.badAnswers).toEqual([]);
    await gc.close();
    await rm(folder, { recursive: true });
  });

  it('are listed newest first, and by platform', async () => {
    expect((await list('?platform=linux-x64')).map(({ version }) => version)).toEqual([
      '2.0.0-rc.1',
      '1.10.0',
      '1.9.0',
    ]);
    expect(await list()).toHaveLength(4);
    const odd = await gc.api('GET', '/agent/releases?platform=beos');
    expect(odd.body).toMatchObject({ code: 'invalid_request' });
  });

  it('have a latest one, which is no pre-release, and which is what its checksum says', async () => {
    const { body } = await gc.api<AgentRelease>('GET', '/agent/releases/linux-x64/latest');
    expect(body).toMatchObject({ version: '1.10.0', checksum_sha256: CHECKSUM });
    const file = await fetch(body.download_url);
    const bytes = Buffer.from(await file.arrayBuffer());
    expect(bytes.length).toBe(body.size_bytes);
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(CHECKSUM);
    expect(file.headers.get('repr-digest')).toBe(
      `sha-256=:${Buffer.from(CHECKSUM, 'hex').toString('base64')}:`,
    );
    expect(file.headers.get('content-disposition')).toContain('attachment');
  });

  it('are told to who has a key, and handed out to who has none', async () => {
    for (const path of ['/agent/releases', '/agent/releases/linux-x64/latest'])
      expect((await gc.api('GET', path, undefined, { key: null })).status).toBe(401);
    expect((await download()).status).toBe(200);
  });

  it('go on where a download was cut', async () => {
    const whole = await download();
    const etag = whole.headers.get('etag') ?? '';
    expect(etag).toBe(`"${CHECKSUM}"`);
    const rest = await download({ range: 'bytes=100000-', 'if-range': etag });
    expect(rest.status).toBe(206);
    expect(rest.headers.get('content-range')).toBe(
      `bytes 100000-${CONTENT.length - 1}/${CONTENT.length}`,
    );
    expect(await rest.text()).toBe(CONTENT.slice(100_000));
    expect((await whole.text()) === CONTENT).toBe(true);
  });

  it('are sent whole when the range was meant for another file', async () => {
    const answer = await download({ range: 'bytes=100000-', 'if-range': '"another"' });
    expect(answer.status).toBe(200);
    expect((await answer.text()).length).toBe(CONTENT.length);
  });

  it('are not sent again to who has them, nor on HEAD', async () => {
    const known = await download({ 'if-none-match': `"${CHECKSUM}"` });
    expect(known.status).toBe(304);
    expect(await known.text()).toBe('');
    const head = await download({}, 'HEAD');
    expect(head.headers.get('content-length')).toBe(String(CONTENT.length));
    expect(await head.text()).toBe('');
  });

  it('refuse a range beyond their end with a problem document', async () => {
    const answer = await download({ range: `bytes=${CONTENT.length}-` });
    expect(answer.status).toBe(416);
    expect(answer.headers.get('content-range')).toBe(`bytes */${CONTENT.length}`);
    expect(answer.headers.get('etag')).toBeNull();
    expect(await answer.json()).toMatchObject({ code: 'range_not_satisfiable' });
  });

  it.each([
    ['linux-x64/9.9.9', 404, 'not_found'],
    ['windows-x64/1.9.0', 404, 'not_found'],
    ['linux-x64/..%2Freleases.json', 400, 'invalid_request'],
    ['beos/1.9.0', 400, 'invalid_request'],
  ])('%s is refused', async (path, status, code) => {
    const answer = await gc.api('GET', `/agent/releases/${path}/download`);
    expect(answer).toMatchObject({ status, body: { code } });
  });
});

describe('a release that is not what it was', () => {
  beforeEach(fill);
  afterEach(async () => {
    await gc.close();
    await rm(folder, { recursive: true });
  });
  const file = (): string => join(folder, 'guruconnect-agent-1.10.0-linux-x64.bin');

  it('is not offered after a start, and the log is loud about it', async () => {
    await writeFile(file(), CONTENT.replace('7', '8'));
    await start();
    expect((await list('?platform=linux-x64')).map(({ version }) => version)).toEqual([
      '2.0.0-rc.1',
      '1.9.0',
    ]);
    expect((await download()).status).toBe(404);
    const loud = gc.log.find((line) => line.includes('agent release is NOT offered'));
    expect(JSON.parse(loud ?? '{}')).toMatchObject({ version: '1.10.0', platform: 'linux-x64' });
  });

  it('is not handed out when it changes while the server runs', async () => {
    await start();
    expect((await download()).status).toBe(200);
    await appendFile(file(), 'x');
    expect((await download()).status).toBe(404);
  });
});

describe('while the server runs', () => {
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gc-releases-'));
    await start();
  });
  afterEach(async () => {
    expect(gc.badAnswers).toEqual([]);
    await gc.close();
    await rm(folder, { recursive: true });
  });
  const put = async (version: string): Promise<void> => {
    const source = join(folder, 'source.bin');
    await writeFile(source, CONTENT);
    await publish({ directory: folder, platform: 'linux-x64', version, source });
  };
  const versions = async (): Promise<string[]> => (await list()).map(({ version }) => version);
  const offered = (...expected: string[]): Promise<unknown> =>
    until(`${expected.join(', ')} to be offered`, async () => {
      const { status } = await gc.api('GET', '/agent/releases');
      return status === 200 && (await versions()).join() === expected.join();
    });
  const isOn = async (): Promise<boolean | undefined> =>
    (await gc.api<Capabilities>('GET', '/capabilities')).body.features['agent_releases'];

  it('the first release switches the feature on, the next one is offered, too', async () => {
    expect(await isOn()).toBe(false);
    await put('1.10.0');
    await offered('1.10.0');
    expect(await isOn()).toBe(true);
    expect((await download()).status).toBe(200);
    await put('1.11.0');
    await offered('1.11.0', '1.10.0');
  });

  it('a manifest that is half written takes nothing away', async () => {
    await put('1.10.0');
    await offered('1.10.0');
    const manifest = join(folder, 'releases.json');
    const whole = await readFile(manifest, 'utf8');
    const lines = gc.log.length;
    await writeFile(manifest, whole.slice(0, whole.length / 2));
    await until('the log to tell', () =>
      gc.log.slice(lines).some((line) => line.includes('no valid releases.json')),
    );
    expect(await versions()).toEqual(['1.10.0']);
    expect((await download()).status).toBe(200);
    await rm(manifest);
    await put('1.11.0');
    await offered('1.11.0');
  });

  it('a file that is still being copied is offered once it is whole', async () => {
    await put('1.10.0');
    await put('1.11.0');
    await offered('1.11.0', '1.10.0');
    const file = join(folder, 'guruconnect-agent-1.11.0-linux-x64.bin');
    await writeFile(file, CONTENT.slice(0, 1000));
    await offered('1.10.0');
    await writeFile(file, CONTENT);
    await offered('1.11.0', '1.10.0');
    // Of the same size, but not the same.
    await writeFile(file, CONTENT.replace('7', '8'));
    await offered('1.10.0');
  });
});

describe('without releases', () => {
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gc-releases-'));
  });
  afterEach(async () => {
    await gc.close();
    await rm(folder, { recursive: true });
  });
  const expectOff = async (reason: string): Promise<void> => {
    const { body } = await gc.api<Capabilities>('GET', '/capabilities');
    expect(body.features['agent_releases']).toBe(false);
    const detail = body.feature_details['agent_releases'];
    expect(detail).toMatchObject({ state: 'off' });
    expect(detail?.reason_if_off).toContain(reason);
    for (const path of ['', '/linux-x64/latest', '/linux-x64/1.0.0/download'])
      expect(await gc.api('GET', `/agent/releases${path}`)).toMatchObject({
        status: 403,
        body: { code: 'feature_off' },
      });
  };

  it('the feature is off, with the reason', async () => {
    await start({ GC_RELEASES_DIR: '' });
    await expectOff('no folder');
  });

  it('a folder that can not be read turns it off, too', async () => {
    await writeFile(join(folder, 'releases.json'), '{ "releases": [ { } ] }');
    await start();
    await expectOff('can not be read');
  });
});
