// The mock broker (contract/src/mock) tells the truth: what it plays is what the real server does with
// a real agent's words, and what it refuses is what the real server refuses.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CreateSession } from '@guruconnect/contract/http/v1/sessions';
import type { Problem } from '@guruconnect/contract/errors';
import { API_BASE } from '@guruconnect/contract/http/v1/routes';
import { newId } from '@guruconnect/contract/ids';
import { startMockBroker, type MockBroker } from '@guruconnect/contract/mock/mock-broker';
import type { ScenarioName } from '@guruconnect/contract/mock/scenarios';
import type { Session } from '@guruconnect/contract/session';
import type { ConsentAnswer } from '@guruconnect/contract/tokens';
import type { z } from 'zod';
import type { FakeAgent } from './fake-agent.ts';
import { Harness, sessionRequest } from './harness.ts';
import { until } from './until.ts';

let gc: Harness;
let mock: MockBroker;
beforeAll(async () => {
  gc = await Harness.start({ env: { GC_RATE_PER_MINUTE: '6000' } });
  mock = await startMockBroker({ speed: 0 });
});
afterAll(async () => {
  await mock.close();
  await gc.close();
});

type Side = {
  readonly url: string;
  readonly key: string;
  /** Ids of things that are there, by their kind. */
  readonly ids: Record<string, string>;
};
type Asked = {
  readonly body?: unknown;
  readonly key?: string | null;
  readonly headers?: Record<string, string>;
};
async function ask(side: Side, method: string, path: string, asked: Asked = {}) {
  const { body, key = side.key } = asked;
  const there = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => side.ids[name] ?? name);
  const response = await fetch(
    side.url + (there.startsWith('//') ? there.slice(1) : API_BASE + there),
    {
      method,
      headers: {
        ...(key === null ? {} : { authorization: `Bearer ${key}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...asked.headers,
      },
      ...(body === undefined
        ? {}
        : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    },
  );
  const text = await response.text();
  return { response, json: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown> };
}

type Request = Partial<z.input<typeof CreateSession>> & { readonly device_id: string };
type Told = { types: string[]; session: Partial<Session> };

const story = (types: string[], session: Session): Told => {
  const { state, end_reason, consent, epoch, agent_online, last_seq, viewers } = session;
  return {
    types,
    session: { state, end_reason, consent, epoch, agent_online, last_seq, viewers },
  };
};

async function played(scenario: ScenarioName, request: Request): Promise<Told> {
  const side: Side = { url: mock.baseUrl, key: mock.integratorKey, ids: {} };
  const body = sessionRequest({ ...request, device_id: `mock:${scenario}` });
  const { json } = await ask(side, 'POST', '/sessions', { body });
  const id = String(json['id']);
  while (mock.step(id)[0]?.step);
  const events = (await ask(side, 'GET', `/sessions/${id}/events`)).json['events'];
  const types = (events as { type: string }[]).map(({ type }) => type);
  const told = story(types, (await ask(side, 'GET', `/sessions/${id}`)).json as Session);
  await ask(side, 'POST', `/sessions/${id}/end`);
  return told;
}

type Real = {
  readonly answer?: ConsentAnswer;
  /** What happens once the session is live. */
  readonly then?: (agent: FakeAgent, session: Session) => Promise<unknown>;
  readonly isOver: (session: Session) => boolean;
};
const isLive = ({ state }: Session): boolean => state === 'live';
const isEnded = ({ state }: Session): boolean => state === 'ended';

async function lived(request: Request, { answer, then, isOver }: Real): Promise<Told> {
  const created = await gc.createSession(request);
  const agent = await gc.agentOnline(request.device_id, answer ? { answer: () => answer } : {});
  if (then) await then(agent, await gc.inState(created.id, 'live'));
  const session = await until('the end of the story', async () => {
    const now = await gc.session(created.id);
    return isOver(now) ? now : undefined;
  });
  const events = await gc.events(created.id);
  await gc.api('POST', `/sessions/${created.id}/end`);
  return story(
    events.map(({ type }) => type),
    session,
  );
}

describe('a session of the mock broker goes as one of the real server does', () => {
  const STORIES: [ScenarioName, 'attended' | 'unattended', Real][] = [
    ['goes_well', 'unattended', { isOver: isLive }],
    ['goes_well', 'attended', { isOver: isLive }],
    ['consent_denied', 'attended', { answer: 'denied', isOver: isEnded }],
    ['consent_timed_out', 'attended', { answer: 'timed_out', isOver: isEnded }],
    [
      'media_node_lost',
      'attended',
      {
        then: () => gc.node.killWorker(),
        isOver: (session) => isLive(session) && session.epoch === 2,
      },
    ],
    [
      'ended_by_end_user',
      'unattended',
      {
        then: (agent, { id }) =>
          agent.ask('session.end', { session_id: id, end_reason: 'end_user_ended' }),
        isOver: isEnded,
      },
    ],
  ];
  it.each(STORIES)('%s, %s', async (scenario, mode, real) => {
    const request: Request = { mode, device_id: `${scenario}-${mode}`, consent_timeout_s: 20 };
    expect(await played(scenario, request)).toEqual(await lived(request, real));
  });

  it('agent_never_comes', async () => {
    const request: Request = { device_id: 'never', wait_for_agent_s: 5 };
    const { id } = await gc.createSession(request);
    const session = await gc.inState(id, 'ended', 15_000);
    const types = (await gc.events(id)).map(({ type }) => type);
    expect(await played('agent_never_comes', request)).toEqual(story(types, session));
  });

  it('machine_key_revoked', async () => {
    const request: Request = { device_id: 'revoked' };
    const revoke = async (): Promise<unknown> => {
      const { body } = await gc.api<{ keys: { id: string }[] }>('GET', '/machines/revoked/keys');
      return gc.api('POST', `/machines/revoked/keys/${body.keys[0]?.id}/revoke`);
    };
    const real = await lived(request, { then: revoke, isOver: isEnded });
    const { types, session } = await played('machine_key_revoked', request);
    expect(types).toEqual(real.types);
    expect(session.end_reason).toBe(real.session.end_reason);
  });
});

describe('a request is answered by the mock broker as by the real server', () => {
  const sides: Side[] = [];
  beforeAll(async () => {
    for (const [url, key] of [
      [gc.url, gc.key],
      [mock.baseUrl, mock.integratorKey],
    ] as const) {
      const side: Side = { url, key, ids: {} };
      const create = async (change: Partial<z.input<typeof CreateSession>>): Promise<string> => {
        const body = sessionRequest({ device_id: 'agreed', ...change });
        return String((await ask(side, 'POST', '/sessions', { body })).json['id']);
      };
      side.ids['open'] = await create({ client_ref: 'ticket-1', grants: ['view'] });
      side.ids['ended'] = await create({});
      await ask(side, 'POST', '/sessions/{ended}/end', { body: {} });
      const kept = { body: sessionRequest(), headers: { 'idempotency-key': 'kept' } };
      await ask(side, 'POST', '/sessions', kept);
      const url2 = 'https://hooks.invalid/gc';
      const hook = await ask(side, 'POST', '/webhooks', { body: { url: url2 } });
      side.ids['hook'] = String(hook.json['id']);
      const minted = { body: { name: 'reader', scopes: ['sessions:read'] } };
      const reader = await ask(side, 'POST', '/integrator-keys', minted);
      side.ids['reader'] = String(reader.json['key']);
      const { json } = await ask(side, 'GET', '/integrator-keys');
      side.ids['environment'] = (json['keys'] as { id: string }[])[0]?.id ?? '';
      const revoked = await ask(side, 'POST', '/integrator-keys', minted);
      side.ids['revoked'] = String(revoked.json['key']);
      await ask(side, 'POST', `/integrator-keys/${String(revoked.json['id'])}/revoke`);
      sides.push(side);
    }
  });

  const session = (change: object) => ({ body: { ...sessionRequest(), ...change } });
  const json = (text: string) => ({ body: text });
  const point = 'MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4';
  const jwk = { kty: 'EC', crv: 'P-256', x: point, y: point };
  const exchange = (code: string) => ({
    key: null,
    body: { session_id: newId('ses'), code, public_key: jwk },
  });
  const REQUESTS: [method: string, path: string, asked?: Asked][] = [
    ['GET', '/capabilities', { key: null }],
    ['GET', '/capabilities'],
    ['GET', '/capabilities', { key: 'nobody' }],
    ['GET', '//api/integration/capabilities', { key: null }],
    ['POST', '/capabilities', json('{}')],
    ['HEAD', '/capabilities', { key: null }],
    ['GET', '/nowhere'],
    ['GET', '/sessions/%zz'],
    ['PUT', '/sessions', json('{}')],
    ['GET', '/sessions', { key: null }],
    ['GET', '/sessions', { key: '{revoked}' }],
    ['GET', '/machines', { key: '{reader}' }],
    ['GET', '/sessions', { key: '{reader}' }],
    ['GET', '/sessions?limit=0'],
    ['GET', '/sessions?limit=1&limit=2'],
    ['GET', '/sessions?cursor=bm9uZQ'],
    ['GET', '/sessions?unknown=1'],
    ['POST', '/sessions', json('{')],
    ['POST', '/sessions', json('null')],
    ['POST', '/sessions', json(`{"reason":"${'x'.repeat(70_000)}"}`)],
    ['POST', '/sessions', { body: '{}', headers: { 'content-type': 'text/plain' } }],
    ['POST', '/sessions'],
    ['POST', '/sessions', session({ mode: 'whenever', surplus: 1 })],
    ['POST', '/sessions', session({ grants: ['control'] })],
    ['POST', '/sessions', session({ embed_origins: ['https://a.example/'] })],
    ['POST', '/sessions', session({ device_id: 'agreed', client_ref: 'ticket-1' })],
    ['POST', '/sessions', { ...session({}), headers: { 'idempotency-key': 'kept' } }],
    ['POST', '/sessions', { ...session({ reason: 'x' }), headers: { 'idempotency-key': 'kept' } }],
    ['POST', '/sessions', { ...session({}), headers: { 'idempotency-key': 'a b' } }],
    ['GET', '/sessions/{open}'],
    ['GET', '/sessions/{open}/'],
    ['GET', `/sessions/${newId('ses')}`],
    ['GET', '/sessions/none'],
    ['POST', '/sessions/{ended}/end'],
    ['POST', '/sessions/{open}/end', json('{"why":1}')],
    ['GET', '/sessions/{open}/events'],
    ['GET', '/sessions/{ended}/events?after=99&wait_s=5'],
    ['GET', '/sessions/{ended}/events?wait_s=31'],
    ['GET', '/sessions/{ended}/quality'],
    ['GET', '/sessions/{open}/viewers'],
    ['POST', `/sessions/{open}/viewers/${newId('vwr')}/remove`],
    ['POST', `/sessions/{ended}/viewers/${newId('vwr')}/remove`],
    ['POST', '/sessions/{open}/viewer-codes', json('{}')],
    ['POST', '/sessions/{open}/viewer-codes', json('{"grants":["view","control"]}')],
    ['POST', '/sessions/{ended}/viewer-codes', json('{}')],
    ['GET', '/machines/nobody'],
    ['GET', '/machines/nobody/keys'],
    ['GET', '/machines?online=perhaps'],
    ['POST', `/machines/nobody/keys/${newId('mky')}/revoke`],
    ['POST', '/enrolment-tokens', json('{"device_id":"agreed"}')],
    ['POST', '/enrolment-tokens', json('{"device_id":"agreed","expires_in_s":1}')],
    [
      'POST',
      '/agent/enrol',
      {
        key: null,
        body: {
          token: 'gce_0123456789abcdef',
          device_id: 'agreed',
          public_key: { kty: 'OKP', crv: 'Ed25519', x: point },
        },
      },
    ],
    ['POST', '/viewer/exchange', exchange('gcv_0123456789abcdef')],
    ['GET', '/agent/releases?platform=amiga'],
    ['POST', '/webhooks', json('{"url":"https://u:p@hooks.invalid/"}')],
    ['POST', '/webhooks', json('{"url":"ftp://hooks.invalid/"}')],
    ['GET', '/webhooks/{hook}'],
    ['GET', `/webhooks/${newId('whk')}`],
    ['POST', '/webhooks/{hook}/rotate-secret', json('{}')],
    ['POST', '/webhooks/{hook}/disable'],
    ['POST', '/webhooks/{hook}/deliveries/replay', json('{}')],
    ['POST', '/webhooks/{hook}/enable'],
    ['GET', '/webhooks/{hook}/deliveries?limit=1'],
    ['DELETE', '/webhooks/{hook}'],
    ['POST', '/integrator-keys', json('{"name":"x","scopes":[]}')],
    [
      'POST',
      '/integrator-keys',
      { ...json('{"name":"x","scopes":["keys:write"]}'), key: '{reader}' },
    ],
    ['POST', '/integrator-keys/{environment}/revoke'],
    ['POST', `/integrator-keys/${newId('gik')}/revoke`],
    ['GET', '/openapi.json', { key: null }],
    ['GET', '//viewer/ses_none', { key: null, headers: { accept: 'text/html' } }],
  ];
  const HEADERS = ['content-type', 'allow', 'www-authenticate', 'vary', 'x-frame-options'];

  it.each(REQUESTS)('%s %s', async (method, path, asked) => {
    const [real, mocked] = await Promise.all(
      sides.map(async (side) => {
        const key = asked?.key?.replace(/\{(\w+)\}/, (_, name: string) => side.ids[name] ?? '');
        const own = asked?.key === null ? null : (key ?? side.key);
        const origin = { origin: side.url };
        const headers = { ...asked?.headers, ...(path === '/viewer/exchange' ? origin : {}) };
        const isPage = path.startsWith('//viewer');
        const { response, json: told } = isPage
          ? { response: await fetch(side.url + path.slice(1)), json: {} as Record<string, unknown> }
          : await ask(side, method, path, { ...asked, key: own, headers });
        const { code, detail, errors } = told as Partial<Problem>;
        return {
          status: response.status,
          fields: Object.keys(told).sort(),
          ...(response.ok ? {} : { code, detail: detail?.replace(/ses_\w+/, 'ses_…') }),
          pointers: errors?.map(({ pointer }) => pointer),
          headers: HEADERS.map((name) => [name, response.headers.get(name)]),
          isLimited: response.headers.has('ratelimit'),
          framing: /frame-ancestors [^;]*/.exec(
            response.headers.get('content-security-policy') ?? '',
          )?.[0],
        };
      }),
    );
    expect(mocked).toEqual(real);
  });
});
