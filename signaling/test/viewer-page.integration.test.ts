// The viewer page: framed by exactly the session's origins, nothing else by anybody.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '@guruconnect/contract/ids';
import { Harness } from './harness.ts';

let gc: Harness;
let directory: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'gc-viewer-'));
  mkdirSync(join(directory, 'assets'));
  writeFileSync(join(directory, 'index.html'), '<!doctype html><title>the viewer</title>');
  writeFileSync(join(directory, 'assets', 'index-abc123.js'), 'export {};');
  writeFileSync(join(directory, 'secret.txt'), 'not for anybody');
  gc = await Harness.start({ env: { GC_VIEWER_DIR: directory } });
});
afterAll(async () => {
  await gc.close();
  rmSync(directory, { recursive: true, force: true });
});

const get = (path: string) => fetch(gc.url + path);
const directives = (response: Response): Map<string, string> =>
  new Map(
    (response.headers.get('content-security-policy') ?? '').split(/; ?/).map((directive) => {
      const [name = '', ...values] = directive.split(' ');
      return [name, values.join(' ')];
    }),
  );

describe('the page of a session', () => {
  it('may be framed by its origins and nobody else, and loads nothing but its own', async () => {
    const { id } = await gc.createSession({
      embed_origins: ['https://rmm.example', 'https://rmm.example:8443'],
    });
    const response = await get(`/viewer/${id}`);
    expect(response.status).toBe(200);
    expect(await response.text()).toContain('the viewer');
    const csp = directives(response);
    expect(csp.get('frame-ancestors')).toBe('https://rmm.example https://rmm.example:8443');
    expect(csp.get('default-src')).toBe("'none'");
    expect(csp.get('script-src')).toBe("'self'");
    expect(csp.get('connect-src')).toBe(`'self' ${gc.url.replace('http', 'ws')}`);
    expect(csp.get('base-uri')).toBe("'none'");
    expect(csp.get('object-src')).toBe("'none'");
    expect(csp.get('require-trusted-types-for')).toBe("'script'");
    expect(response.headers.get('cross-origin-opener-policy')).toBe('same-origin-allow-popups');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect([...csp.values()].join(' ')).not.toContain('unsafe');
    expect(response.headers.get('x-frame-options')).toBeNull();
    expect(response.headers.get('referrer-policy')).toBe('no-referrer');
    expect(response.headers.get('permissions-policy')).toContain('camera=()');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('set-cookie')).toBeNull();
  });

  it('that names no origins can not be framed', async () => {
    const { id } = await gc.createSession({ device_id: 'unframed' });
    expect(directives(await get(`/viewer/${id}`)).get('frame-ancestors')).toBe("'none'");
  });

  it('is there also after the end, so that it can say so', async () => {
    const { id } = await gc.createSession({ device_id: 'over' });
    await gc.api('POST', `/sessions/${id}/end`, {});
    expect((await get(`/viewer/${id}`)).status).toBe(200);
  });

  it('that never was is a page that says nothing more', async () => {
    for (const id of [newId('ses'), 'nonsense', '..%2f..%2fetc%2fpasswd']) {
      const response = await get(`/viewer/${id}`);
      expect(response.status).toBe(404);
      expect(response.headers.get('content-type')).toContain('text/html');
      expect(response.headers.get('x-frame-options')).toBe('DENY');
      const text = await response.text();
      expect(text).not.toContain(id);
      expect(text).not.toContain('the viewer');
    }
  });
});

it('assets keep their content for ever, and nothing else of the folder is served', async () => {
  const asset = await get('/viewer/assets/index-abc123.js');
  expect(asset.status).toBe(200);
  expect(asset.headers.get('cache-control')).toMatch(/immutable/);
  expect(asset.headers.get('content-type')).toContain('javascript');
  for (const path of [
    '/viewer/assets/',
    '/viewer/assets/nope.js',
    '/viewer/assets/..%2fsecret.txt',
    '/viewer/secret.txt',
  ])
    expect((await get(path)).status, path).toBe(404);
});

it('every other route can not be framed and may load nothing', async () => {
  for (const path of [
    '/',
    '/livez',
    '/metrics',
    '/api/integration/capabilities',
    '/api/integration/v1/sessions',
    '/nope',
  ]) {
    const response = await get(path);
    expect(response.headers.get('x-frame-options'), path).toBe('DENY');
    for (const name of ['default-src', 'frame-ancestors', 'object-src', 'base-uri'])
      expect(directives(response).get(name), path).toBe("'none'");
    expect(response.headers.get('x-content-type-options'), path).toBe('nosniff');
    expect(response.headers.get('referrer-policy'), path).toBe('no-referrer');
    expect(response.headers.get('set-cookie'), path).toBeNull();
    expect(response.headers.get('x-powered-by'), path).toBeNull();
  }
});

it('with embedded_viewer off no session can be framed', async () => {
  const off = await Harness.start({
    env: { GC_VIEWER_DIR: directory, GC_FEATURES_OFF: 'embedded_viewer' },
  });
  try {
    const { id } = await off.createSession();
    const response = await fetch(`${off.url}/viewer/${id}`);
    expect(directives(response).get('frame-ancestors')).toBe("'none'");
  } finally {
    await off.close();
  }
});

it('without a built viewer a person is told so', async () => {
  const bare = await Harness.start();
  try {
    const { id } = await bare.createSession();
    const response = await fetch(`${bare.url}/viewer/${id}`);
    expect(response.status).toBe(503);
    expect(await response.text()).toContain('GC_VIEWER_DIR');
  } finally {
    await bare.close();
  }
});

it('over https browsers are told to stay there', async () => {
  expect((await get('/livez')).headers.get('strict-transport-security')).toBeNull();
  const secure = await Harness.start({
    nodes: 0,
    env: { GC_PUBLIC_URL: 'https://gc.example', GC_VIEWER_DIR: directory },
  });
  try {
    // Behind a proxy that ends TLS: we listen on plain http ourselves.
    const port = secure.config.port;
    for (const path of ['/livez', '/api/integration/v1/sessions', '/viewer/nothing', '/nope']) {
      const response = await fetch(`http://127.0.0.1:${port}${path}`);
      const told = response.headers.get('strict-transport-security');
      expect(told, path).toBe('max-age=31536000; includeSubDomains');
    }
  } finally {
    await secure.close();
  }
});

it('no answer but two public files may be read by another origin', async () => {
  const allowed = async (path: string): Promise<string | null> => {
    const response = await fetch(gc.url + path, { headers: { origin: 'https://evil.example' } });
    return response.headers.get('access-control-allow-origin');
  };
  const { id } = await gc.createSession({ device_id: 'read-by-others' });
  for (const path of ['/livez', `/viewer/${id}`, '/api/integration/capabilities', '/metrics'])
    expect(await allowed(path), path).toBeNull();
  expect(await allowed('/api/integration/v1/openapi.json')).toBe('*');
});
