// The HTTP side of the contract against the real server: every route bound, every refusal a coded
// problem document, every answer as its schema says (the harness throws on one that is not).
import { readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ERRORS, Problem } from '@guruconnect/contract/errors';
import { Capabilities } from '@guruconnect/contract/http/v1/capabilities';
import { API_BASE, ROUTES, type Route, type RouteName } from '@guruconnect/contract/http/v1/routes';
import type {
  CreatedSession,
  EventList,
  SessionList,
} from '@guruconnect/contract/http/v1/sessions';
import type { MachineList } from '@guruconnect/contract/http/v1/machines';
import { newId } from '@guruconnect/contract/ids';
import type { z } from 'zod';
import { newIntegratorKey } from '../src/keys/integrator-key.ts';
import { until } from './until.ts';
import { Harness, sessionRequest, type ApiAnswer } from './harness.ts';

let gc: Harness;
beforeAll(async () => {
  gc = await Harness.start();
});
afterAll(async () => {
  expect(gc.badAnswers).toEqual([]);
  await gc.close();
});

const expectProblem = (answer: ApiAnswer, code: keyof typeof ERRORS): void => {
  expect(answer.body).toMatchObject({ code });
  expect(answer.status).toBe(ERRORS[code].status);
  expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(answer.headers.get('cache-control')).toBe('no-store');
  const problem = Problem.parse(answer.body);
  expect(problem.instance).toContain(answer.headers.get('x-request-id'));
};

const routes = Object.entries(ROUTES) as [RouteName, Route][];
const examplePath = (path: string): string =>
  path
    .replace('{session_id}', newId('ses'))
    .replace('{viewer_id}', newId('vwr'))
    .replace('{webhook_id}', newId('whk'))
    .replace('/integrator-keys/{key_id}', `/integrator-keys/${newId('gik')}`)
    .replace('{device_id}', 'device-0')
    .replace('{key_id}', newId('mky'));

describe('every route', () => {
  it.each(routes)(
    '%s is bound: it answers something of its own, not "no such resource"',
    async (_, route) => {
      const body = route.body ? {} : undefined;
      const answer = await gc.api(route.method, examplePath(route.path), body);
      expect(answer.body['detail']).not.toBe(ERRORS.not_found.title);
      expect(answer.body['code']).not.toBe('method_not_allowed');
    },
  );

  it.each(routes)('%s names its methods when asked with another', async (_, route) => {
    const answer = await gc.api('PATCH', examplePath(route.path), {});
    expectProblem(answer, 'method_not_allowed');
    expect(answer.headers.get('allow')?.split(', ')).toContain(route.method);
  });

  const guarded = routes.filter(([, route]) => route.auth === 'integrator');
  it.each(guarded)(
    '%s needs a valid integrator key, before anything else',
    async (_, route) => {
      const wrong = newIntegratorKey();
      const typo = gc.key.slice(0, -1) + (gc.key.endsWith('0') ? '1' : '0');
      for (const key of [null, '', 'x', wrong, typo, `${gc.key}x`]) {
        const answer = await gc.api(route.method, examplePath(route.path), route.body && '{', {
          key,
        });
        expectProblem(answer, 'unauthenticated');
        expect(answer.headers.get('www-authenticate')).toContain('Bearer');
      }
    },
    20_000,
  );

  const withBody = routes.filter(([, route]) => route.body !== undefined);
  it.each(withBody)(
    '%s refuses bodies that are no JSON, too large, of another type',
    async (_, route) => {
      const path = examplePath(route.path);
      const send = (body: string, headers = {}) => gc.api(route.method, path, body, { headers });
      expectProblem(await send('{"a":'), 'invalid_json');
      expectProblem(await send(`{"a":"${'x'.repeat(70_000)}"}`), 'payload_too_large');
      expectProblem(await send('{}', { 'content-type': 'text/plain' }), 'unsupported_media_type');
      expectProblem(
        await send('{}', { 'content-type': 'application/json; charset=utf-7' }),
        'unsupported_media_type',
      );
      expectProblem(await send('{}', { 'content-encoding': 'gzip' }), 'unsupported_media_type');
      for (const body of ['null', '[]', '7', '"x"'])
        expectProblem(await send(body), 'invalid_request');
      const unknown = await send('{"no_such_field":1}');
      expectProblem(unknown, 'invalid_request');
      expect(Problem.parse(unknown.body).errors).toContainEqual({
        pointer: '/no_such_field',
        detail: 'unknown field',
      });
    },
  );
});

describe('what is no route', () => {
  it.each([
    '/api/integration/v1',
    '/api/integration/v1/nope',
    '/api/integration/v2/sessions',
    '/',
    '/admin',
    '/viewer',
  ])('%s is a problem document', async (path) => {
    const response = await fetch(gc.url + path);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ code: 'not_found' });
  });

  it('a path that can not be decoded is the caller’s mistake', async () => {
    const status = await new Promise<number>((resolve, reject) => {
      const request = httpRequest(`${gc.url}${API_BASE}/machines/%zz`, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      request.once('error', reject);
      request.end();
    });
    expect(status).toBe(400);
  });

  it('ids of the wrong kind are told by their place', async () => {
    const answer = await gc.api('GET', '/sessions/mch_00000000000000000000000000');
    expectProblem(answer, 'invalid_request');
    expect(Problem.parse(answer.body).errors?.[0]?.pointer).toBe('/session_id');
  });

  it('queries are checked as strictly as bodies', async () => {
    for (const query of [
      'limit=0',
      'limit=1000',
      'limit=x',
      'nope=1',
      'limit=1&limit=2',
      'state=dead',
    ])
      expectProblem(await gc.api('GET', `/sessions?${query}`), 'invalid_request');
    expectProblem(await gc.api('GET', '/sessions?cursor=bm9wZQ'), 'invalid_request');
  });
});

describe('capabilities', () => {
  it('answer at both URLs, to anybody, with an ETag that spares the second answer', async () => {
    const [versioned, bare] = await Promise.all([
      gc.api('GET', '/capabilities', undefined, { key: null }),
      gc.api('GET', '/api/integration/capabilities', undefined, { key: null }),
    ]);
    expect(versioned.status).toBe(200);
    expect(bare.body).toEqual(versioned.body);
    const capabilities = Capabilities.parse(bare.body);
    expect(capabilities.contract_version).toBe('1.0.0');
    expect(capabilities.features).toMatchObject({
      embedded_viewer: true,
      consent_prompt: true,
      file_transfer: false,
      session_recording: false,
    });
    expect(capabilities.feature_details['file_transfer']).toMatchObject({ state: 'unsupported' });
    expect(bare.headers.get('cache-control')).toMatch(/public, max-age=\d+/);
    const etag = bare.headers.get('etag') ?? '';
    const known = await gc.api('GET', '/capabilities', undefined, {
      key: null,
      headers: { 'if-none-match': etag },
    });
    expect(known.status).toBe(304);
    expect(known.text).toBe('');
    const other = await gc.api('GET', '/capabilities', undefined, {
      headers: { 'if-none-match': '"other"' },
    });
    expect(other.status).toBe(200);
  });
});

describe('a client_ref', () => {
  const request = (change = {}) =>
    sessionRequest({ device_id: 'named', client_ref: 'ticket-9', ...change });

  it('names one open session of a device, whoever asks at the same time', async () => {
    const routers = gc.node.routers.size;
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => gc.api('POST', '/sessions', request())),
    );
    const created = answers.filter(({ status }) => status === 201);
    expect(created).toHaveLength(1);
    const id = String(created[0]?.body['id']);
    for (const answer of answers)
      if (answer.status !== 201) {
        expectProblem(answer, 'client_ref_in_use');
        expect(answer.body['session_id']).toBe(id);
      }
    await until('the routers of the others to be closed', () =>
      Promise.resolve(gc.node.routers.size === routers + 1),
    );

    const other = await gc.api('POST', '/sessions', request({ device_id: 'named-2' }));
    expect(other.status).toBe(201);
    await gc.api('POST', `/sessions/${id}/end`, {});
    const next = await gc.api('POST', '/sessions', request());
    expect(next.status).toBe(201);
    const list = await gc.api<z.output<typeof SessionList>>(
      'GET',
      '/sessions?client_ref=ticket-9&device_id=named',
    );
    expect(list.body.sessions.map((session) => session.id)).toEqual([next.body['id'], id]);
  });

  it('is no obstacle to the same request under its Idempotency-Key', async () => {
    const headers = { 'idempotency-key': 'ticket-10' };
    const again = () =>
      gc.api('POST', '/sessions', request({ client_ref: 'ticket-10' }), { headers });
    const first = await again();
    expect(first.status).toBe(201);
    expect((await again()).text).toBe(first.text);
  });
});

describe('an Idempotency-Key', () => {
  it('makes fifty equal requests at once one session with one answer', async () => {
    const headers = { 'idempotency-key': 'fifty' };
    const request = sessionRequest({ device_id: 'fifty', metadata: { a: '1', b: '2' } });
    const turned = { ...request, metadata: { b: '2', a: '1' } };
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        gc.api<CreatedSession>('POST', '/sessions', i % 2 ? request : turned, { headers }),
      ),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    const list = await gc.api<z.output<typeof SessionList>>('GET', '/sessions?device_id=fifty');
    expect(list.body.sessions).toHaveLength(1);
  });

  it('used for another request is refused, at the same time and later', async () => {
    const headers = { 'idempotency-key': 'conflict' };
    const one = sessionRequest({ device_id: 'one' });
    const two = sessionRequest({ device_id: 'two' });
    const both = await Promise.all(
      [one, two].map((body) => gc.api('POST', '/sessions', body, { headers })),
    );
    expect(both.map(({ status }) => status).sort()).toEqual([201, 422]);
    expectProblem(
      await gc.api('POST', '/sessions', sessionRequest({ device_id: 'three' }), { headers }),
      'idempotency_conflict',
    );
  });

  it('of a request that failed is free again', async () => {
    const headers = { 'idempotency-key': 'failed' };
    await gc.node.cutLink();
    const failed = await gc.api('POST', '/sessions', sessionRequest({ device_id: 'failed' }), {
      headers,
    });
    expectProblem(failed, 'no_media_node');
    await gc.node.start();
    await gc.ready();
    const later = await gc.api('POST', '/sessions', sessionRequest({ device_id: 'failed' }), {
      headers,
    });
    expect(later.status).toBe(201);
  });

  it('that is no key is refused', async () => {
    for (const key of ['', ' ', 'x'.repeat(256)])
      expectProblem(
        await gc.api('POST', '/sessions', sessionRequest(), {
          headers: { 'idempotency-key': key },
        }),
        'invalid_request',
      );
  });
});

describe('lists', () => {
  it('of sessions come newest first, page by page, also while new ones are created', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 5; i += 1)
      ids.push((await gc.createSession({ device_id: 'paged', client_ref: `ref-${i}` })).id);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const next = cursor === undefined ? '' : `&cursor=${cursor}`;
      const { body } = await gc.api<z.output<typeof SessionList>>(
        'GET',
        `/sessions?device_id=paged&limit=2${next}`,
      );
      seen.push(...body.sessions.map(({ id }) => id));
      if (cursor === undefined) await gc.createSession({ device_id: 'paged' });
      cursor = body.next_cursor;
    } while (cursor !== undefined);
    expect(seen).toEqual(ids.reverse());
  });

  it('of sessions are narrowed by state and client_ref', async () => {
    const { id } = await gc.createSession({ device_id: 'narrow', client_ref: 'narrow-1' });
    await gc.createSession({ device_id: 'narrow', client_ref: 'narrow-2' });
    await gc.api('POST', `/sessions/${id}/end`);
    const found = async (query: string): Promise<string[]> =>
      (await gc.api<z.output<typeof SessionList>>('GET', `/sessions?${query}`)).body.sessions.map(
        (session) => session.client_ref ?? '',
      );
    expect(await found('device_id=narrow&state=ended')).toEqual(['narrow-1']);
    expect(await found('client_ref=narrow-2')).toEqual(['narrow-2']);
  });

  it('of machines are narrowed by presence', async () => {
    await gc.agentOnline('m-online');
    await gc.enrol('m-offline');
    const found = async (query: string): Promise<string[]> =>
      (await gc.api<z.output<typeof MachineList>>('GET', `/machines?${query}`)).body.machines.map(
        ({ device_id }) => device_id,
      );
    expect(await found('online=true')).toContain('m-online');
    expect(await found('online=true')).not.toContain('m-offline');
    expect(await found('online=false')).toContain('m-offline');
    const first = await gc.api<z.output<typeof MachineList>>('GET', '/machines?limit=1');
    expect(first.body.next_cursor).toBeDefined();
  });

  it('of events go on after a seq and tell the last one', async () => {
    const { id } = await gc.createSession({ device_id: 'events' });
    await gc.api('POST', `/sessions/${id}/end`, {});
    const { body } = await gc.api<z.output<typeof EventList>>(
      'GET',
      `/sessions/${id}/events?after=1&limit=1`,
    );
    expect(body.events.map(({ seq, type }) => [seq, type])).toEqual([[2, 'session.placed']]);
    expect(body.last_seq).toBe(3);
  });
});

describe('a request', () => {
  it('is told how much of its rate is left', async () => {
    const { headers } = await gc.api('GET', '/sessions');
    expect(headers.get('ratelimit-policy')).toBe('"key";q=6000;w=60');
    expect(headers.get('ratelimit')).toMatch(/^"key";r=\d+;t=\d+$/);
  });

  it('that has no such resource is told which', async () => {
    expectProblem(await gc.api('GET', `/sessions/${newId('ses')}`), 'session_not_found');
    expectProblem(await gc.api('POST', `/sessions/${newId('ses')}/end`, {}), 'session_not_found');
    expectProblem(await gc.api('GET', '/machines/nobody'), 'machine_not_found');
    expectProblem(await gc.api('GET', '/machines/nobody/keys'), 'machine_not_found');
  });

  it('can not smuggle a prototype, a header or a directive', async () => {
    expectProblem(
      await gc.api('POST', '/sessions', `{"__proto__":{"mode":"unattended"},"device_id":"x"}`),
      'invalid_request',
    );
    for (const origin of [
      "https://a.example; script-src 'unsafe-inline'",
      'https://*.example',
      'https://a.example/x',
    ])
      expectProblem(
        await gc.api('POST', '/sessions', sessionRequest({ embed_origins: [origin] })),
        'invalid_request',
      );
    const created = await gc.api<CreatedSession>(
      'POST',
      '/sessions',
      JSON.stringify(sessionRequest({ device_id: 'proto' })).replace(
        '"mode"',
        '"metadata":{"__proto__":"x","constructor":"y"},"mode"',
      ),
    );
    expect([201, 400]).toContain(created.status);
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });

  it('never leaves a device with more open sessions than the limit', async () => {
    const answers = await Promise.all(
      Array.from({ length: 12 }, () =>
        gc.api('POST', '/sessions', sessionRequest({ device_id: 'busy' })),
      ),
    );
    const codes = answers.map(({ status }) => status);
    expect(codes.filter((status) => status === 201)).toHaveLength(8);
    expect(codes.filter((status) => status === 429)).toHaveLength(4);
  });
});

it('a key that asks too often is told to wait, others are not', async () => {
  const limited = await Harness.start({ env: { GC_RATE_PER_MINUTE: '10' } });
  try {
    const answers: ApiAnswer[] = [];
    for (let i = 0; i < 12; i += 1) answers.push(await limited.api('GET', '/sessions'));
    const last = answers.at(-1);
    expect(last).toMatchObject({ status: 429, body: { code: 'rate_limited', retryable: true } });
    expect(Number(last?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await limited.api('GET', '/capabilities', undefined, { key: null })).status).toBe(200);
  } finally {
    await limited.close();
  }
});

it('health is told: alive, ready only with a media node, counted', async () => {
  const get = async (path: string) => fetch(gc.url + path);
  expect((await get('/livez')).status).toBe(200);
  expect((await get('/startupz')).status).toBe(200);
  expect(await (await get('/readyz')).json()).toEqual({
    status: 'ok',
    checks: { store: 'ok', media_node: 'ok', not_stopping: 'ok' },
  });
  await gc.node.cutLink();
  const notReady = await get('/readyz');
  expect((await get('/livez')).status).toBe(200);
  expect(notReady.status).toBe(503);
  await gc.node.start();
  await gc.ready();
  const metrics = await (await get('/metrics')).text();
  expect(metrics).toMatch(/^gc_http_requests_total\{route="sessions.create",status="201"\} \d+/m);
  expect(metrics).not.toMatch(/ses_|vwr_|mch_|gci_/);
});

describe('the description of the contract', () => {
  it('is served as it is checked in, to any origin, and not twice', async () => {
    const answer = await gc.api('GET', '/openapi.json');
    const file = new URL('../../contract/openapi/v1.json', import.meta.url);
    expect(answer.body).toEqual(JSON.parse(readFileSync(file, 'utf8')));
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    const url = `${gc.url}${API_BASE}/openapi.json`;
    const again = await fetch(url, {
      headers: { 'if-none-match': answer.headers.get('etag') ?? '' },
    });
    expect(again.status).toBe(304);
  });
});
