import { describe, expect, expectTypeOf, it, vi } from 'vitest';
import { GcError, type ErrorCode } from '../errors.ts';
import { ROUTE_EXAMPLES } from '../openapi/route-examples.ts';
import { ROUTES, type RouteName } from '../http/v1/routes.ts';
import type { Session, SessionState } from '../session.ts';
import { createClient, type Client } from './client.ts';
import { retryAfterMsOf, type Fetch } from './http-exchange.ts';

type Sent = Parameters<Fetch>[1] & { readonly url: string };
type Reply = { status: number; body?: unknown; headers?: Record<string, string> } | Error;

const problem = (code: ErrorCode, headers = {}): Reply => {
  const body = new GcError(code).toProblem('req_1');
  return { status: body.status, body, headers };
};
const example = (name: RouteName): Reply => ({
  status: ROUTES[name].status,
  body: ROUTE_EXAMPLES[name].response,
});

/** A client whose requests are answered in order; the last reply stays. */
function scripted(...replies: [Reply, ...Reply[]]): { gc: Client; sent: Sent[] } {
  const sent: Sent[] = [];
  const fetch: Fetch = (url, init) => {
    sent.push({ ...init, url });
    const reply = replies[Math.min(sent.length, replies.length) - 1] as Reply;
    if (reply instanceof Error) return Promise.reject(reply);
    return Promise.resolve({
      status: reply.status,
      headers: { get: (name) => reply.headers?.[name] ?? null },
      text: () => Promise.resolve(reply.body === undefined ? '' : JSON.stringify(reply.body)),
    });
  };
  const backoff = { firstMs: 1, maxMs: 1, factor: 1, jitter: 0 };
  const gc = createClient({
    baseUrl: 'https://gc.example/',
    key: 'secret',
    fetch,
    retry: { backoff },
  });
  return { gc, sent };
}

const CREATE = {
  device_id: 'laptop-042',
  mode: 'attended',
  technician: { id: 'tech-7', name: 'Ada Chen' },
} as const;
const SESSION_ID = 'ses_01m8rf12e0h7jabye05xx38nan';

describe('a request', () => {
  it('goes where the route table says, with its fields in path, query and body', async () => {
    const { gc, sent } = scripted(example('sessions.end'));
    await gc.sessions.end({ session_id: SESSION_ID, reason: 'done' });
    expect(sent[0]).toMatchObject({
      method: 'POST',
      url: `https://gc.example/api/integration/v1/sessions/${SESSION_ID}/end`,
      body: '{"reason":"done"}',
      headers: { authorization: 'Bearer secret', 'content-type': 'application/json' },
    });
  });

  it('escapes what goes into a path and leaves out what is undefined', async () => {
    const { gc, sent } = scripted(example('machines.read'), example('sessions.list'));
    await gc.machines.read({ device_id: 'a/b?c' });
    await gc.sessions.list({ client_ref: 'ticket 7&8', limit: 5, device_id: undefined });
    expect(sent.map(({ url }) => url.replace(/.*\/v1/, ''))).toEqual([
      '/machines/a%2Fb%3Fc',
      '/sessions?client_ref=ticket+7%268&limit=5',
    ]);
    expect(sent[1]?.body).toBeUndefined();
  });

  it('that lacks a part of its path is refused before it is sent', async () => {
    const { gc, sent } = scripted(example('machines.read'));
    await expect(gc.machines.read({ device_id: '' })).rejects.toMatchObject({
      code: 'invalid_request',
    });
    expect(sent).toEqual([]);
  });

  it('has no field that could belong to two places', () => {
    for (const [name, { params, body }] of Object.entries(ROUTE_EXAMPLES))
      for (const field of Object.keys(params ?? {}))
        expect(Object.keys((body ?? {}) as object), name).not.toContain(field);
  });

  it('has a method for each route of integrators and for no other', () => {
    const { gc } = scripted(example('sessions.read'));
    const methods = Object.entries(gc).flatMap(([noun, verbs]) =>
      typeof verbs === 'object' ? Object.keys(verbs).map((verb) => `${noun}.${verb}`) : [],
    );
    const camel = (name: string): string =>
      name.replace(/_(\w)/g, (_all, letter: string) => letter.toUpperCase());
    expect(methods.sort()).toEqual(
      Object.entries(ROUTES)
        .filter(([, route]) => route.auth === 'integrator')
        .map(([name]) => camel(name))
        .sort(),
    );
  });

  it('is typed by the route table', () => {
    expectTypeOf<Client['sessions']['read']>().returns.resolves.toEqualTypeOf<Session>();
    expectTypeOf<Client['machineKeys']['revoke']>()
      .parameter(0)
      .toMatchTypeOf<{ device_id: string; key_id: string }>();
    type List = NonNullable<Parameters<Client['sessions']['list']>[0]>;
    expectTypeOf<List['limit']>().toEqualTypeOf<number | undefined>();
    expectTypeOf<List['device_id']>().toEqualTypeOf<string | undefined>();
    expectTypeOf<List['state']>().toEqualTypeOf<SessionState | undefined>();
    const gc = scripted(example('sessions.read')).gc;
    // @ts-expect-error an integrator does not enrol agents
    expect(gc.agent).toBeUndefined();
    // @ts-expect-error mode and technician are missing
    void (() => gc.sessions.create({ device_id: 'x' }));
  });
});

describe('creating a session', () => {
  it('carries one key through all tries, another one for the next session', async () => {
    const { gc, sent } = scripted(
      new TypeError('connection reset'),
      problem('idempotency_in_progress'),
      example('sessions.create'),
    );
    const session = await gc.sessions.create(CREATE);
    expect(session.viewer.code).toBeTypeOf('string');
    await gc.sessions.create(CREATE);
    const keys = sent.map(({ headers }) => headers['Idempotency-Key']);
    expect(keys[0]).toMatch(/^[0-9a-f]{32}$/);
    expect(new Set(keys.slice(0, 3)).size).toBe(1);
    expect(keys[3]).not.toBe(keys[0]);
  });

  it("takes the caller's key", async () => {
    const { gc, sent } = scripted(example('sessions.create'));
    await gc.sessions.create(CREATE, { idempotencyKey: 'ticket-1187' });
    expect(sent[0]?.headers['Idempotency-Key']).toBe('ticket-1187');
  });
});

describe('a failure', () => {
  it('is a GcError with the code, the pointers and the waiting time of the problem', async () => {
    const body = new GcError('invalid_request', 'no', {
      faults: [{ pointer: '/mode', detail: 'missing' }],
    }).toProblem();
    const { gc, sent } = scripted({ status: 400, body });
    await expect(gc.sessions.create(CREATE)).rejects.toMatchObject({
      name: 'GcError',
      code: 'invalid_request',
      faults: [{ pointer: '/mode', detail: 'missing' }],
    });
    expect(sent).toHaveLength(1);
  });

  it('is repeated while the problem says it may be', async () => {
    const { gc, sent } = scripted(
      problem('rate_limited', { 'retry-after': '0' }),
      problem('shutting_down'),
      example('sessions.read'),
    );
    await expect(gc.sessions.read({ session_id: SESSION_ID })).resolves.toMatchObject({
      state: 'live',
    });
    expect(sent).toHaveLength(3);
  });

  it('of a proxy without a problem document is repeated too, and told in the end', async () => {
    const { gc, sent } = scripted({ status: 502, body: undefined });
    await expect(gc.sessions.read({ session_id: SESSION_ID })).rejects.toMatchObject({
      code: 'internal',
      message: 'answer 502 without a problem document',
    });
    expect(sent).toHaveLength(5);
  });

  it('is not repeated where a second time would make a second token', async () => {
    const { gc, sent } = scripted(new TypeError('connection reset'));
    await expect(gc.enrolmentTokens.create({ device_id: 'x' })).rejects.toMatchObject({
      code: 'timeout',
    });
    expect(sent).toHaveLength(1);
  });

  it('ends at once when the caller aborts, also while waiting to try again', async () => {
    vi.useFakeTimers();
    const { gc, sent } = scripted(problem('rate_limited', { 'retry-after': '20' }));
    const abort = new AbortController();
    const call = gc.sessions.read({ session_id: SESSION_ID }, { signal: abort.signal });
    const refused = expect(call).rejects.toThrow('changed my mind');
    await vi.advanceTimersByTimeAsync(10_000);
    expect(sent).toHaveLength(1);
    abort.abort(new Error('changed my mind'));
    await refused;
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  it.each([
    ['7', 7000],
    ['Tue, 01 Dec 2026 09:30:10 GMT', 10_000],
    ['Tue, 01 Dec 2026 09:00:00 GMT', 0],
    ['soon', undefined],
    ['-1', undefined],
  ])('understands Retry-After: %s', (value, ms) => {
    expect(retryAfterMsOf(value, Date.parse('2026-12-01T09:30:00Z'))).toBe(ms);
  });
});

describe('capabilities', () => {
  it('answer questions about features, known and unknown', async () => {
    const { gc } = scripted(example('capabilities.read'));
    const can = await gc.capabilities();
    expect(can.supports('embedded_viewer')).toBe(true);
    expect(can.supports('file_transfer')).toBe(false);
    expect(can.supports('telepathy')).toBe(false);
    expect(can.supports('constructor')).toBe(false);
    expect(can.detail('file_transfer')?.state).toBe('unsupported');
  });

  it('are asked again by ETag', async () => {
    const first = { ...example('capabilities.read'), headers: { etag: '"one"' } } as Reply;
    const { gc, sent } = scripted(first, { status: 304 });
    const can = await gc.capabilities();
    expect(await gc.capabilities()).toBe(can);
    expect(sent.map(({ headers }) => headers['if-none-match'])).toEqual([undefined, '"one"']);
  });
});

describe('following a session', () => {
  const events = (...seqs: number[]): Reply => ({
    status: 200,
    body: {
      events: seqs.map((seq) => ({
        seq,
        session_id: SESSION_ID,
        type: seq === 4 ? 'session.ended' : 'viewer.joined_in_a_new_way',
        at: '2026-12-01T09:30:00.000Z',
        data: {},
      })),
      last_seq: 4,
    },
  });
  const seqs = async (gc: Client, after?: number): Promise<number[]> => {
    const seen: number[] = [];
    const request = { session_id: SESSION_ID, ...(after === undefined ? {} : { after }) };
    for await (const event of gc.follow(request, { pauseMs: 1 })) seen.push(event.seq);
    return seen;
  };

  it('gives every event once and in order, and ends with the session', async () => {
    const { gc, sent } = scripted(events(1, 2), events(), events(3, 4));
    expect(await seqs(gc)).toEqual([1, 2, 3, 4]);
    expect(sent.map(({ url }) => new URL(url).searchParams.get('after'))).toEqual(['0', '2', '2']);
    expect(sent.map(({ url }) => new URL(url).searchParams.get('wait_s'))).toEqual(
      Array(3).fill('20'),
    );
  });

  it('ends when there was nothing left to come', async () => {
    const over = ROUTE_EXAMPLES['sessions.end'].response as object;
    const { gc } = scripted(events(), { status: 200, body: { ...over, last_seq: 4 } });
    expect(await seqs(gc, 4)).toEqual([]);
  });
});
