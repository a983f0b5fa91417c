// The sample RMM over HTTP, against a server that checks every request by the contract.
import { request as httpRequest } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { GcError } from '@guruconnect/contract/errors';
import { ROUTE_EXAMPLES } from '@guruconnect/contract/openapi/route-examples';
import { EXAMPLE_KEY, ExampleServer } from '../../../contract/test/example-server.ts';
import { readConfig } from './config.ts';
import { startRmm, type RunningRmm } from './rmm.ts';

let gc: ExampleServer;
let rmm: RunningRmm;
let origin: string;

beforeAll(async () => {
  gc = await ExampleServer.start();
});
afterAll(() => gc.close());
beforeEach(async () => {
  gc.play();
  rmm = await startRmm({
    apiUrl: gc.url,
    integratorKey: EXAMPLE_KEY,
    deviceId: 'front-desk-07',
    port: 0,
  });
  origin = new URL(rmm.url).origin;
});
afterEach(() => rmm.close());

const { viewer } = ROUTE_EXAMPLES['sessions.create'].response as unknown as {
  viewer: { url: string; code: string };
};
const post = (path: string, body: unknown, from = origin): Promise<Response> =>
  fetch(`${origin}${path}`, {
    method: 'POST',
    headers: { origin: from },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

describe('opening the viewer on its own', () => {
  it('pre-creates a session at every visit and redirects with the code in the fragment', async () => {
    for (let visit = 0; visit < 2; visit += 1) {
      const response = await fetch(rmm.openUrl, { redirect: 'manual' });
      expect(response.status).toBe(302);
      expect(response.headers.get('location')).toBe(`${viewer.url}#code=${viewer.code}`);
      expect(response.headers.get('cache-control')).toBe('no-store');
      expect(response.headers.get('referrer-policy')).toBe('no-referrer');
    }
    expect(gc.seen.map(({ name }) => name)).toEqual(['sessions.create', 'sessions.create']);
    expect(gc.seen[0]?.body).toMatchObject({
      device_id: 'front-desk-07',
      mode: 'unattended',
      grants: ['control', 'view'],
      embed_origins: [],
    });
    // Two visits are two sessions, not one told twice.
    expect(new Set(gc.seen.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(2);
  });

  it('takes mode and grants from the address', async () => {
    await fetch(`${rmm.openUrl}?mode=attended&grants=view`, { redirect: 'manual' });
    expect(gc.seen[0]?.body).toMatchObject({ mode: 'attended', grants: ['view'] });
  });

  it('says what is wrong with them, and creates nothing', async () => {
    const response = await fetch(`${rmm.openUrl}?grants=control`, { redirect: 'manual' });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain('invalid_request');
    expect(gc.seen).toEqual([]);
  });

  it('says a refusal of the contract in words and with its code, and nothing of it as markup', async () => {
    gc.play(() => {
      throw new GcError('machine_quarantined', '<script>alert(1)</script>');
    });
    const page = await (await fetch(rmm.openUrl, { redirect: 'manual' })).text();
    expect(page).toContain('machine_quarantined');
    expect(page).toContain('&lt;script&gt;');
    expect(page).not.toContain('<script>alert');
  });
});

describe('the dashboard', () => {
  it('is a page without inline scripts that frames nothing but GuruConnect', async () => {
    const response = await fetch(rmm.url);
    expect(response.headers.get('content-security-policy')).toBe(
      `default-src 'self'; frame-src ${gc.url}; frame-ancestors 'none'; base-uri 'none'`,
    );
    const page = await response.text();
    expect(page).not.toMatch(/<script(?![^>]*src=)|style=|onclick=/);
    expect(page).not.toContain(EXAMPLE_KEY);
    const script = await (await fetch(`${origin}/rmm.js`)).text();
    expect(script).not.toMatch(/^import/m);
    expect(() => new Function(script)).not.toThrow();
  });

  it('creates sessions that its own origin may frame', async () => {
    const response = await post('/api/sessions', { mode: 'attended' });
    expect(response.status).toBe(201);
    expect(await response.json()).toMatchObject({ viewer: { code: viewer.code } });
    expect(gc.seen[0]?.body).toMatchObject({ mode: 'attended', embed_origins: [origin] });
  });

  it('shows the device as the contract tells it', async () => {
    const machine = (await (await fetch(`${origin}/api/device`)).json()) as object;
    expect(machine).toMatchObject({ online: expect.any(Boolean) as boolean });
    expect(gc.seen[0]).toMatchObject({ params: { device_id: 'front-desk-07' } });
  });

  it('does nothing for another page', async () => {
    const response = await post('/api/sessions', {}, 'https://evil.example');
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ code: 'origin_not_allowed' });
    expect(gc.seen).toEqual([]);
  });

  it('answers only under its own address', async () => {
    const status = await new Promise((resolve, reject) => {
      const { port } = new URL(origin);
      httpRequest({ port, path: '/', headers: { host: 'rebound.example' } }, (response) => {
        response.resume();
        resolve([response.statusCode, response.headers.location]);
      })
        .on('error', reject)
        .end();
    });
    expect(status).toEqual([307, `${origin}/`]);
  });

  it.each([
    ['not JSON', '{', 400, 'invalid_json'],
    ['too long', 'x'.repeat(10_000), 413, 'payload_too_large'],
    ['an unknown grant', '{"grants":["fly"]}', 400, 'invalid_request'],
  ])('refuses a body that is %s', async (_name, body, status, code) => {
    const response = await post('/api/sessions', body);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ code });
  });

  it('has no other page', async () => {
    expect((await fetch(`${origin}/etc/passwd`)).status).toBe(404);
    expect((await post('/api/sessions/nonsense/end', {})).status).toBe(400);
  });
});

describe('its environment', () => {
  it('is refused with every fault at once and without the secret', () => {
    expect(() => readConfig({ GC_API_URL: 'ftp://x', GC_INTEGRATOR_KEY: 'secret' })).toThrow(
      expect.objectContaining({
        message: expect.stringMatching(/GC_API_URL[^]*GC_INTEGRATOR_KEY[^]*GC_DEVICE_ID/) as string,
      }),
    );
    expect(() => readConfig({ GC_INTEGRATOR_KEY: 'secret' })).not.toThrow(/secret/);
  });
});
