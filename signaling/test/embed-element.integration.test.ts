// <guru-session> as pages of other origins load it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Problem } from '@guruconnect/contract/errors';
import { Harness } from './harness.ts';

const MODULE = 'export class GuruSession {}\n';
const PATH = '/embed/v1/guru-session.js';

let gc: Harness;
let directory: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'gc-embed-'));
  writeFileSync(join(directory, 'guru-session.js'), MODULE);
  writeFileSync(join(directory, 'secret.txt'), 'not for anybody');
  gc = await Harness.start({ env: { GC_EMBED_DIR: directory } });
});
afterAll(async () => {
  await gc.close();
  rmSync(directory, { recursive: true, force: true });
});

it('is a module that any page may load, without a key', async () => {
  const response = await fetch(gc.url + PATH, { headers: { origin: 'https://rmm.example' } });
  expect(response.status).toBe(200);
  expect(await response.text()).toBe(MODULE);
  expect(response.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
  expect(response.headers.get('access-control-allow-origin')).toBe('*');
  expect(response.headers.get('cross-origin-resource-policy')).toBe('cross-origin');
  expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  expect(response.headers.get('set-cookie')).toBeNull();
});

it('is kept for an hour, and asked for again without being sent', async () => {
  const first = await fetch(gc.url + PATH);
  expect(first.headers.get('cache-control')).toMatch(/^public, max-age=3600\b/);
  const etag = first.headers.get('etag') ?? '';
  const again = await fetch(gc.url + PATH, { headers: { 'if-none-match': etag } });
  expect(again.status).toBe(304);
  expect(await again.text()).toBe('');
  const other = await fetch(gc.url + PATH, { headers: { 'if-none-match': '"other"' } });
  expect(other.status).toBe(200);
});

it('is all that is served of its folder', async () => {
  for (const path of ['/embed/', '/embed/v1/', '/embed/v1/secret.txt', '/embed/v2/guru-session.js'])
    expect((await fetch(gc.url + path)).status, path).toBe(404);
});

it.each([
  ['no folder', {}],
  ['an empty folder', { GC_EMBED_DIR: tmpdir() }],
])('says what its operator has to do when there is %s', async (_what, env) => {
  const bare = await Harness.start({ env });
  try {
    const response = await fetch(bare.url + PATH);
    expect(response.status).toBe(404);
    expect(Problem.parse(await response.json())).toMatchObject({
      code: 'not_found',
      detail: expect.stringContaining('GC_EMBED_DIR') as string,
    });
  } finally {
    await bare.close();
  }
});
