// The example RMM over HTTP, against a server that checks every request by the contract.
import { readdirSync, readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { Webhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { GcError } from '@guruconnect/contract/errors';
import { ROUTE_EXAMPLES } from '@guruconnect/contract/openapi/route-examples';
import { EXAMPLE_KEY, ExampleServer, type Seen } from '../../../contract/test/example-server.ts';
import { readConfig } from './config.ts';
import { startRmm, type RunningRmm } from './rmm.ts';

let gc: ExampleServer;
let rmm: RunningRmm;
let origin: string;
/** How it subscribed. */
let hook: Seen | undefined;

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
  hook = gc.seen.find(({ name }) => name === 'webhooks.create');
  gc.play();
});
afterEach(() => rmm.close());

const { viewer } = ROUTE_EXAMPLES['sessions.create'].response as unknown as {
  viewer: { url: string; code: string };
};
const { id: SESSION_ID } = ROUTE_EXAMPLES['sessions.read'].response as unknown as { id: string };
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
      `default-src 'self'; script-src 'self' ${gc.url}; frame-src ${gc.url}; frame-ancestors 'none'; base-uri 'none'`,
    );
    const page = await response.text();
    expect(page).not.toMatch(/<script(?![^>]*src=)|style=|onclick=/);
    expect(page).not.toContain(EXAMPLE_KEY);
    // The element comes from GuruConnect; everything else is its own.
    const sources = [...page.matchAll(/src="([^"]+)"/g)].map(([, source]) => source);
    expect(sources).toContain(`${gc.url}/embed/v1/guru-session.js`);
    for (const source of sources.filter((each) => each?.startsWith('/')))
      expect((await fetch(origin + source)).status, source).toBe(200);
  });

  it('creates sessions that its own origin may frame', async () => {
    const response = await post('/api/sessions', { mode: 'attended' });
    expect(response.status).toBe(201);
    expect(await response.json()).toMatchObject({ viewer: { code: viewer.code } });
    expect(gc.seen[0]?.body).toMatchObject({ mode: 'attended', embed_origins: [origin] });
  });

  it('lists all machines, page by page, and says which one is meant', async () => {
    const { machines } = ROUTE_EXAMPLES['machines.list'].response as { machines: object[] };
    gc.play(({ query }) => (query['cursor'] ? { machines } : { machines, next_cursor: 'more' }));
    expect(await (await fetch(`${origin}/api/machines`)).json()).toEqual({
      machines: [...machines, ...machines],
      selected: 'front-desk-07',
    });
    expect(gc.seen.map(({ query }) => query['cursor'])).toEqual([undefined, 'more']);
  });

  it('tells a session with its events, and asks only for what came after the last', async () => {
    const story = () => fetch(`${origin}/api/sessions/${SESSION_ID}`);
    expect(await (await story()).json()).toMatchObject({
      session: { id: SESSION_ID, consent: { state: expect.any(String) as string } },
      events: [{ seq: 7 }, { seq: 8, ways: ['api'] }],
      webhooks: { state: 'active' },
    });
    await story();
    const asked = gc.seen.filter(({ name }) => name === 'sessions.events');
    expect(asked.map(({ query }) => query['after'])).toEqual(['0', '8']);
  });

  it('passes on the code of a refusal, for the page to act on', async () => {
    gc.play(() => {
      throw new GcError('limit_reached', '8 sessions of this device are open');
    });
    const response = await post('/api/sessions', { device: 'front-desk-07' });
    expect(response.status).toBe(429);
    expect(await response.json()).toMatchObject({
      code: 'limit_reached',
      detail: '8 sessions of this device are open',
      retryable: true,
    });
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
    ['too long', 'x'.repeat(100_000), 413, 'payload_too_large'],
    ['an unknown grant', '{"grants":["fly"]}', 400, 'invalid_request'],
  ])('refuses a body that is %s', async (_name, body, status, code) => {
    const response = await post('/api/sessions', body);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ code });
  });

  it('has no other page', async () => {
    expect((await fetch(`${origin}/etc/passwd`)).status).toBe(404);
    expect((await post('/api/sessions/ses_nonsense/end', {})).status).toBe(400);
  });
});

describe('its webhook', () => {
  const { secret } = ROUTE_EXAMPLES['webhooks.create'].response as unknown as { secret: string };
  const signed = (id: string, data: object, signer = secret, at = new Date()) => {
    const text = JSON.stringify({ type: 'session.live', timestamp: at.toISOString(), data });
    return fetch(`${origin}/hooks/guruconnect`, {
      method: 'POST',
      headers: {
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
        'webhook-signature': new Webhook(signer).sign(id, at, text),
      },
      body: text,
    });
  };
  const event = (seq: number) => ({
    seq,
    session_id: SESSION_ID,
    type: 'session.live',
    at: '2026-12-01T09:30:06.120Z',
    data: {},
  });
  const heard = async (): Promise<unknown[]> => {
    const response = await fetch(`${origin}/api/sessions/${SESSION_ID}`);
    const { events } = (await response.json()) as { events: { seq: number; ways: string[] }[] };
    return events.map(({ seq, ways }) => [seq, ways]);
  };

  it('is subscribed for every event, at its own address, and given up at the end', async () => {
    expect(hook?.body).toMatchObject({ url: `${origin}/hooks/guruconnect` });
    await rmm.close();
    expect(gc.seen.map(({ name }) => name)).toEqual(['webhooks.remove']);
  });

  it('takes an event once, however often it is delivered, and whichever way it comes too', async () => {
    for (const id of ['dlv_1', 'dlv_1', 'dlv_2'])
      expect((await signed(id, event(8))).status).toBe(204);
    expect((await signed('dlv_3', event(9))).status).toBe(204);
    expect(await heard()).toEqual([
      [7, ['api']],
      [8, ['api', 'webhook']],
      [9, ['webhook']],
    ]);
  });

  it('answers what it does not know yet, so that it is not sent again', async () => {
    const later = { ...event(9), type: 'session.dreamt' };
    expect((await signed('dlv_4', later)).status).toBe(204);
    expect(await heard()).toHaveLength(2);
  });

  it('refuses what GuruConnect did not sign, or signed long ago', async () => {
    const stranger = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
    const old = new Date(Date.now() - 3_600_000);
    for (const answer of [
      await signed('dlv_5', event(9), stranger),
      await signed('dlv_6', event(9), secret, old),
      await fetch(`${origin}/hooks/guruconnect`, { method: 'POST', body: '{}' }),
    ]) {
      expect(answer.status).toBe(401);
      expect(await answer.json()).toMatchObject({ code: 'unauthenticated' });
    }
    expect(await heard()).toHaveLength(2);
  });

  it('is done without where GuruConnect does not deliver to this address', async () => {
    gc.play(({ name }) => {
      if (name !== 'webhooks.create') return undefined;
      throw new GcError('invalid_request', 'The URL of a webhook must be https');
    });
    const bare = await startRmm({ apiUrl: gc.url, integratorKey: EXAMPLE_KEY, port: 0 });
    try {
      const response = await fetch(`${new URL(bare.url).origin}/api/sessions/${SESSION_ID}`);
      expect(await response.json()).toMatchObject({
        webhooks: { state: 'none', code: 'invalid_request' },
        events: [{ seq: 7 }, { seq: 8 }],
      });
    } finally {
      await bare.close();
    }
  });
});

it('knows of GuruConnect the contract only, and of the rest of this folder nothing', () => {
  const folder = new URL('.', import.meta.url);
  const imported = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ts|mjs)$/.test(name) && !name.includes('.test.'))
    .flatMap((name) => [
      ...readFileSync(new URL(name, folder), 'utf8').matchAll(/(?:from|import\() ?'([^']+)'/g),
    ])
    .map(([, name = '']) => name);
  const foreign = imported.filter(
    (name) => !/^(node:|\.\/|@guruconnect\/contract\/|zod$|standardwebhooks$)/.test(name),
  );
  expect(imported.length).toBeGreaterThan(20);
  expect(foreign).toEqual([]);
});

describe('its environment', () => {
  it('is refused with every fault at once and without the secret', () => {
    expect(() =>
      readConfig({ GC_API_URL: 'ftp://x', GC_INTEGRATOR_KEY: 'secret', GC_RMM_PORT: 'x' }),
    ).toThrow(
      expect.objectContaining({
        message: expect.stringMatching(/GC_API_URL[^]*GC_INTEGRATOR_KEY[^]*GC_RMM_PORT/) as string,
      }),
    );
    expect(() => readConfig({ GC_INTEGRATOR_KEY: 'secret' })).not.toThrow(/secret/);
  });
});
