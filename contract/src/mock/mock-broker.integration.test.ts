// The mock broker as a developer of an RMM meets it: over HTTP, mostly through the typed client.
import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { createClient, type Client } from '../client/client.ts';
import { CHECKS, runChecks } from '../conformance/run-checks.ts';
import { API_BASE } from '../http/v1/routes.ts';
import { EVENT_STREAM_TYPE } from '../http/v1/sessions.ts';
import type { JournalEvent } from '../journal.ts';
import { startMockBroker, type MockBroker, type MockBrokerOptions } from './mock-broker.ts';
import { SCENARIO_NAMES, type ScenarioName } from './scenarios.ts';

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

type Started = { broker: MockBroker; gc: Client };
async function start(options: MockBrokerOptions = {}): Promise<Started> {
  const broker = await startMockBroker(options);
  closers.push(() => broker.close());
  const { baseUrl, integratorKey: key } = broker;
  return { broker, gc: createClient({ baseUrl, key, retry: { retries: 0 } }) };
}
const request = (
  mode: 'attended' | 'unattended' = 'unattended',
): Parameters<Client['sessions']['create']>[0] => ({
  device_id: 'laptop-1',
  mode,
  technician: { id: 'tech-7', name: 'Ada Chen' },
  grants: ['view', 'control'],
});
const types = (events: readonly JournalEvent[]): string => events.map(({ type }) => type).join(' ');
const journal = async (gc: Client, session_id: string): Promise<JournalEvent[]> =>
  (await gc.sessions.events({ session_id })).events;

describe('the conformance runner', () => {
  it('finds every promise kept', async () => {
    const { broker } = await start({ speed: 10 });
    const outcomes = await runChecks({ url: broker.baseUrl, key: broker.integratorKey });
    // Everything is on, so there is nothing to be refused for being off.
    expect(outcomes.filter(({ result }) => result !== 'kept')).toMatchObject([
      { check: { id: 'capabilities.true' }, result: 'not_applicable' },
    ]);
    expect(outcomes).toHaveLength(CHECKS.length);
  });

  it('finds them kept without features and without agents, too', async () => {
    const featuresOff = [
      'events_api',
      'agent_releases',
      'remote_input',
      'embedded_viewer',
    ] as const;
    for (const options of [{ featuresOff }, { scenario: 'agent_never_comes', speed: 0 } as const]) {
      const { broker } = await start(options);
      const outcomes = await runChecks({ url: broker.baseUrl, key: broker.integratorKey });
      expect(outcomes.filter(({ result }) => result === 'broken')).toEqual([]);
    }
  });
});

const ASKED = [
  'waiting_agent: session.created session.placed',
  'waiting_agent: agent.connected',
  'waiting_consent: session.offered consent.requested',
];
const GRANTED = [...ASKED, 'connecting: consent.granted', 'live: topology.changed session.live'];
const UNASKED = [
  'waiting_agent: session.created session.placed',
  'waiting_agent: agent.connected',
  'waiting_agent: session.offered',
  'connecting: ',
  'live: topology.changed session.live',
];

/** State and new events after each step; and the reason of the end. */
const STORIES: [ScenarioName, 'attended' | 'unattended', string[], string | undefined][] = [
  ['goes_well', 'unattended', UNASKED, undefined],
  ['goes_well', 'attended', GRANTED, undefined],
  [
    'consent_denied',
    'attended',
    [...ASKED, 'ended: consent.denied session.ended'],
    'consent_denied',
  ],
  ['consent_denied', 'unattended', UNASKED, undefined],
  [
    'consent_timed_out',
    'attended',
    [...ASKED, 'ended: consent.timed_out session.ended'],
    'consent_timed_out',
  ],
  ['agent_comes_later', 'attended', GRANTED, undefined],
  [
    'agent_never_comes',
    'attended',
    ['waiting_agent: session.created session.placed', 'ended: session.ended'],
    'agent_never_came',
  ],
  [
    'media_node_lost',
    'unattended',
    [
      ...UNASKED,
      'reconnecting: session.reconnecting',
      'reconnecting: session.placed',
      'live: session.live',
    ],
    undefined,
  ],
  ['ended_by_end_user', 'attended', [...GRANTED, 'ended: session.ended'], 'end_user_ended'],
  ['machine_key_revoked', 'unattended', [...UNASKED, 'ended: session.ended'], 'machine_revoked'],
  ['time_limit', 'unattended', [...UNASKED, 'ended: session.ended'], 'time_limit'],
];

describe('a scenario', () => {
  it.each(STORIES)('%s, %s, step by step', async (scenario, mode, story, end_reason) => {
    const { broker, gc } = await start({ scenario, speed: 0 });
    const { id: session_id } = await gc.sessions.create(request(mode));
    const told: string[] = [];
    let after = 0;
    for (;;) {
      const { state, last_seq } = await gc.sessions.read({ session_id });
      const { events } = await gc.sessions.events({ session_id, after });
      expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => after + index + 1));
      after = last_seq;
      told.push(`${state}: ${types(events)}`);
      if (broker.step(session_id)[0]?.step === undefined) break;
    }
    expect(told).toEqual(story);
    const session = await gc.sessions.read({ session_id });
    expect(session.end_reason).toBe(end_reason);
    expect(session.epoch).toBe(scenario === 'media_node_lost' ? 2 : 1);
  });

  it('is told of all stories but those that begin with a refusal', () => {
    const told = new Set([...STORIES.map(([name]) => name), 'rate_limited', 'unavailable']);
    expect([...told].sort()).toEqual([...SCENARIO_NAMES].sort());
  });

  it.each(STORIES)('%s, %s, plays by itself', async (scenario, mode, story, end_reason) => {
    const { gc } = await start({ speed: 2_000 });
    const device_id = `mock:${scenario}:1`;
    const created = await gc.sessions.create({
      ...request(mode),
      device_id,
      consent_timeout_s: 5,
      wait_for_agent_s: 5,
      max_duration_s: 60,
    });
    const wanted = story.map((line) => line.split(': ')[1]).filter((part) => part !== '');
    const seen: JournalEvent[] = [];
    for await (const event of gc.follow({ session_id: created.id }, { waitS: 5, pauseMs: 1 })) {
      seen.push(event);
      if (end_reason === undefined && types(seen) === wanted.join(' ')) break;
    }
    expect(types(seen)).toBe(wanted.join(' '));
  });

  it('is chosen by the name of the device; one that is none is refused with the list', async () => {
    const { gc } = await start({ speed: 0 });
    const wrong = gc.sessions.create({ ...request(), device_id: 'mock:consent_whatever' });
    await expect(wrong).rejects.toMatchObject({
      code: 'invalid_request',
      faults: [
        { pointer: '/device_id', detail: expect.stringContaining('consent_denied') as string },
      ],
    });
    const { machines } = await gc.machines.list();
    expect(machines.map(({ device_id }) => device_id)).toEqual(
      SCENARIO_NAMES.map((name) => `mock:${name}`).sort(),
    );
    const offline = machines.filter(({ online }) => !online).map(({ device_id }) => device_id);
    expect(offline).toEqual(['mock:agent_comes_later', 'mock:agent_never_comes']);
  });

  it('revokes the machine’s key as the integrator would', async () => {
    const { broker, gc } = await start({ speed: 0 });
    const device_id = 'mock:machine_key_revoked';
    const { id } = await gc.sessions.create({ ...request(), device_id });
    while (broker.step(id)[0]?.step);
    expect(await gc.machineKeys.list({ device_id })).toMatchObject({
      keys: [{ state: 'revoked' }],
    });
    expect(await gc.machines.read({ device_id })).toMatchObject({ online: false });
    // The other way round: by the route, while a session is live.
    const again = await gc.sessions.create({ ...request(), device_id: 'laptop-2' });
    for (let i = 0; i < 4; i += 1) broker.step(again.id);
    const { keys } = await gc.machineKeys.list({ device_id: 'laptop-2' });
    await gc.machineKeys.revoke({ device_id: 'laptop-2', key_id: keys[0]?.id ?? '' });
    const ended = await gc.sessions.read({ session_id: again.id });
    expect(ended).toMatchObject({ state: 'ended', end_reason: 'machine_revoked' });
  });
});

it('lists sessions newest first, however fast they come', async () => {
  const { gc } = await start({ speed: 0 });
  const made: string[] = [];
  for (let i = 0; i < 30; i += 1)
    made.unshift((await gc.sessions.create({ ...request(), device_id: `laptop-${i}` })).id);
  const listed: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await gc.sessions.list({ limit: 7, ...(cursor === undefined ? {} : { cursor }) });
    listed.push(...page.sessions.map(({ id }) => id));
    cursor = page.next_cursor;
  } while (cursor !== undefined);
  expect(listed).toEqual(made);
});

describe('a refusal', () => {
  it.each([
    ['rate_limited', 429, 1],
    ['unavailable', 503, 2],
  ] as const)('%s comes with Retry-After, and then a session', async (scenario, status, times) => {
    const { broker, gc } = await start({ scenario });
    for (let i = 0; i < times; i += 1) {
      const answer = await fetch(`${broker.baseUrl}${API_BASE}/sessions`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${broker.integratorKey}`,
          'content-type': 'application/json',
        },
        body: JSON.stringify(request()),
      });
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([status, '1']);
    }
    await gc.sessions.create(request());
  });

  it('is waited out by the client', async () => {
    const { broker } = await start({ scenario: 'unavailable' });
    const { baseUrl, integratorKey: key } = broker;
    const startedAtMs = performance.now();
    await createClient({ baseUrl, key }).sessions.create(request());
    expect(performance.now() - startedAtMs).toBeGreaterThan(2_000);
  });

  it('is made on demand, from any language', async () => {
    const { broker, gc } = await start({ speed: 0 });
    broker.refuseNext({ code: 'no_media_node', retryAfterMs: 3_000 });
    await expect(gc.machines.list()).rejects.toMatchObject({
      code: 'no_media_node',
      retryAfterMs: 3_000,
    });
    const control = (path: string, body: object) =>
      fetch(`${broker.baseUrl}/mock/${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    await control('refuse', { code: 'internal', times: 2 });
    await expect(gc.machines.list()).rejects.toMatchObject({ code: 'internal' });
    await expect(gc.machines.list()).rejects.toMatchObject({ code: 'internal' });
    const { id: session_id } = await gc.sessions.create(request());
    expect(await (await control('step', { session_id })).json()).toMatchObject({
      steps: [
        { session_id, step: 'agent_connects', events: [{ seq: 3, type: 'agent.connected' }] },
      ],
    });
    expect((await control('refuse', { code: 'bad_mood' })).status).toBe(400);
  });

  it('of a feature that is off agrees with the capabilities', async () => {
    const { gc } = await start({ featuresOff: ['remote_input', 'webhooks'] });
    const capabilities = await gc.capabilities();
    expect(capabilities.supports('remote_input')).toBe(false);
    expect(capabilities.supports('view_only')).toBe(true);
    await expect(gc.sessions.create(request())).rejects.toMatchObject({ code: 'feature_off' });
    await gc.sessions.create({ ...request(), grants: ['view'] });
    await expect(gc.webhooks.list()).rejects.toMatchObject({ code: 'feature_off' });
  });

  it('of the rate says when to come back, key by key', async () => {
    const { broker, gc } = await start({ ratePerMinute: 3 });
    const { key } = await gc.integratorKeys.create({ name: 'other', scopes: ['sessions:read'] });
    const other = createClient({ baseUrl: broker.baseUrl, key, retry: { retries: 0 } });
    await gc.machines.list();
    await gc.machines.list();
    const refusal = await gc.machines.list().catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'rate_limited' });
    await other.sessions.list();
    await expect(other.machines.list()).rejects.toMatchObject({ code: 'scope_missing' });
  });
});

/** A receiver that answers with these statuses, one after the other, then 200. */
async function receiver(...statuses: number[]) {
  const got: { headers: Record<string, string>; body: string }[] = [];
  const server = createServer((incoming, response) => {
    void (async () => {
      let body = '';
      for await (const chunk of incoming) body += String(chunk);
      got.push({ headers: incoming.headers as Record<string, string>, body });
      response.writeHead(statuses.shift() ?? 200).end();
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, got };
}

async function until<T>(what: string, look: () => T | undefined | false): Promise<T> {
  for (const deadline = Date.now() + 10_000; ;) {
    const found = look();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe('the journal', () => {
  it('is the same in the events API, the stream and webhooks, which are signed', async () => {
    const { broker, gc } = await start({ scenario: 'ended_by_end_user', speed: 20 });
    const { url, got } = await receiver(500);
    const { secret } = await gc.webhooks.create({ url });
    const { id } = await gc.sessions.create(request('attended'));
    const stream = await fetch(`${broker.baseUrl}${API_BASE}/sessions/${id}/events`, {
      headers: { authorization: `Bearer ${broker.integratorKey}`, accept: EVENT_STREAM_TYPE },
    });
    const text = await stream.text();
    const streamed = [...text.matchAll(/^id: (\d+)\ndata: (.+)$/gm)].map(([, seq, data = '']) => {
      const event = JSON.parse(data) as JournalEvent;
      expect(event.seq).toBe(Number(seq));
      return event;
    });
    const events = await journal(gc, id);
    expect(streamed).toEqual(events);
    expect(types(events)).toMatch(/^session.created .* session.live session.ended$/);

    // The first one was refused once, and the rest waited for it.
    await until('every delivery', () => got.length === events.length + 1);
    expect(got[0]?.headers['webhook-id']).toBe(got[1]?.headers['webhook-id']);
    expect(got.slice(1).map(({ body }) => (JSON.parse(body) as { data: unknown }).data)).toEqual(
      events,
    );
    const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
    for (const { headers, body } of got) {
      const content = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
      const signature = createHmac('sha256', key).update(content).digest('base64');
      expect(headers['webhook-signature']?.split(' ')).toContain(`v1,${signature}`);
    }
  });

  it('is followed into webhooks that are filtered, tested, gone, replayed', async () => {
    const { gc } = await start({ speed: 0 });
    const { url, got } = await receiver(200, 410);
    const { id: webhook_id } = await gc.webhooks.create({ url, events: ['session.ended'] });
    expect(await gc.webhooks.test({ webhook_id })).toMatchObject({
      state: 'delivered',
      attempts: 1,
    });
    const { id: session_id } = await gc.sessions.create(request());
    await gc.sessions.end({ session_id, reason: 'solved' });
    await until('the delivery', () => got.length === 2);
    const gone = await gc.webhooks.read({ webhook_id });
    expect(gone).toMatchObject({ state: 'disabled', disabled_reason: 'gone' });
    await gc.webhooks.enable({ webhook_id });
    expect(await gc.deliveries.replay({ webhook_id })).toEqual({ replayed: 1 });
    await until('the replay', () => got.length === 3);
    expect(got[2]?.headers['webhook-id']).toBe(got[1]?.headers['webhook-id']);
    const page = await gc.deliveries.list({ webhook_id, limit: 1 });
    expect(page.deliveries).toMatchObject([{ type: 'session.ended' }]);
    const rest = await gc.deliveries.list({ webhook_id, cursor: page.next_cursor ?? '' });
    expect(rest.deliveries).toMatchObject([{ type: 'webhook.test' }]);
    expect(rest.next_cursor).toBeUndefined();
  });
});

describe('a viewer', () => {
  it('joins with its token, is told the journal, is removed, and ends the session', async () => {
    const { broker, gc } = await start({ speed: 0 });
    const created = await gc.sessions.create(request());
    const token = async ({ code }: { code: string }): Promise<string> => {
      const point = 'MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4';
      const answer = await fetch(`${broker.baseUrl}${API_BASE}/viewer/exchange`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin: broker.baseUrl },
        body: JSON.stringify({
          session_id: created.id,
          code,
          public_key: { kty: 'EC', crv: 'P-256', x: point, y: point },
        }),
      });
      return `Bearer ${((await answer.json()) as { token: string }).token}`;
    };
    const ask = (path: string, authorization: string, method = 'GET') =>
      fetch(`${broker.baseUrl}/mock/viewer/${path}`, { method, headers: { authorization } });

    const authorization = await token(created.viewer);
    const told = ask('events', authorization).then((answer) => answer.text());
    let viewer_id = '';
    for (const deadline = Date.now() + 5_000; viewer_id === '' && Date.now() < deadline;)
      viewer_id = (await gc.viewers.list({ session_id: created.id })).viewers[0]?.id ?? '';
    await gc.viewers.remove({ session_id: created.id, viewer_id });
    const lines = (await told).trim().split('\n');
    expect(lines.at(-1)).toContain('credential_revoked');
    expect(await (await ask('events', authorization)).json()).toMatchObject({
      code: 'credential_revoked',
    });
    expect(types(await journal(gc, created.id))).toMatch(/viewer.joined viewer.left$/);

    const second = await gc.viewerCodes.create({ session_id: created.id });
    expect((await ask('end', await token(second), 'POST')).status).toBe(200);
    expect(await gc.sessions.read({ session_id: created.id })).toMatchObject({
      end_reason: 'technician_ended',
    });
  });
});

describe('the agent release', () => {
  it('has the checksum it says, also in two halves', async () => {
    const { gc } = await start();
    const release = await gc.releases.latest({ platform: 'linux-x64' });
    const ranged = async (range: string) => fetch(release.download_url, { headers: { range } });
    const whole = await (await fetch(release.download_url)).text();
    const halves = [await ranged('bytes=0-9'), await ranged('bytes=10-')];
    expect(halves.map(({ status }) => status)).toEqual([206, 206]);
    expect((await Promise.all(halves.map((half) => half.text()))).join('')).toBe(whole);
    expect(Buffer.byteLength(whole)).toBe(release.size_bytes);
    const beyond = await ranged('bytes=9999-');
    expect([beyond.status, beyond.headers.get('content-range')]).toEqual([
      416,
      `bytes */${release.size_bytes}`,
    ]);
  });
});

describe('the program', () => {
  const main = fileURLToPath(new URL('main.ts', import.meta.url));

  it('says where it is in one line, tells events, and ends when told to', async () => {
    const child = spawn(process.execPath, [
      main,
      ...['--scenario', 'consent_denied', '--speed', '50', '--port', '0', '--json'],
    ]);
    closers.push(() => void child.kill('SIGKILL'));
    let out = '';
    child.stdout.on('data', (chunk) => (out += String(chunk)));
    const lines = (): Record<string, string>[] =>
      out
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Record<string, string>);
    const ready = await until('the program', () => out.includes('\n') && lines()[0]);
    expect(ready).toMatchObject({ ready: true, scenario: 'consent_denied' });
    const { baseUrl = '', integrationKey: key = '' } = ready;
    const { id } = await createClient({ baseUrl, key }).sessions.create(request('attended'));
    await until('the end', () => out.includes('session.ended'));
    expect(lines().at(-1)).toMatchObject({ event: { session_id: id, type: 'session.ended' } });
    const exit = once(child, 'exit');
    child.kill('SIGTERM');
    expect(await exit).toEqual([0, null]);
  });

  it('names what is wrong with its options', async () => {
    const child = spawn(process.execPath, [main, '--scenario', 'nothing']);
    let out = '';
    child.stderr.on('data', (chunk) => (out += String(chunk)));
    expect(await once(child, 'close')).toEqual([2, null]);
    expect(out).toMatch(/^--scenario must be one of goes_well/);
  });
});
