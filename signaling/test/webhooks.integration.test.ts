// Webhooks against the real server with real receivers: what comes, in which order, signed how, and
// what happens with receivers that are down, slow, wrong, gone or not what they say.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import type {
  Delivery,
  DeliveryList,
  Webhook,
  WebhookList,
  WebhookWithSecret,
} from '@guruconnect/contract/http/v1/webhooks';
import { newId } from '@guruconnect/contract/ids';
import { ROUTES, type Route } from '@guruconnect/contract/http/v1/routes';
import { JournalEvent } from '@guruconnect/contract/journal';
import type { Session } from '@guruconnect/contract/session';
import { Harness, type ApiAnswer, type HarnessOptions } from './harness.ts';
import { until } from './until.ts';
import { isSignedBy, isSignedWith, WebhookReceiver, type Answering } from './webhook-receiver.ts';

let gc: Harness;
let directory: string;
const receivers: WebhookReceiver[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'gc-webhooks-'));
});
afterEach(async () => {
  await gc.close();
  await Promise.all(receivers.splice(0).map((receiver) => receiver.down()));
  rmSync(directory, { recursive: true, force: true });
  expect(gc.badAnswers).toEqual([]);
});

const start = async (options: HarnessOptions = {}): Promise<void> => {
  gc = await Harness.start({
    ...options,
    env: { GC_WEBHOOK_ALLOW_PRIVATE: '1', GC_WEBHOOK_RETRY_S: '0.05,0.1,30', ...options.env },
    timings: { webhookMs: 400, ...options.timings },
  });
};
const receiver = async (answering?: Answering): Promise<WebhookReceiver> => {
  const started = await WebhookReceiver.start(answering);
  receivers.push(started);
  return started;
};
const subscribe = async (url: string, events?: string[]): Promise<WebhookWithSecret> => {
  const answer = await gc.api<WebhookWithSecret>('POST', '/webhooks', { url, events });
  expect(answer.status, answer.text).toBe(201);
  return answer.body;
};
const read = async (id: string): Promise<Webhook> =>
  (await gc.api<Webhook>('GET', `/webhooks/${id}`)).body;
const deliveries = async (id: string, query = ''): Promise<Delivery[]> =>
  (await gc.api<z.output<typeof DeliveryList>>('GET', `/webhooks/${id}/deliveries${query}`)).body
    .deliveries;
const post = (id: string, what: string, body?: unknown): Promise<ApiAnswer<never>> =>
  gc.api<never>('POST', `/webhooks/${id}/${what}`, body);
const endedSession = async (deviceId = 'device-1'): Promise<string> => {
  const { id } = await gc.createSession({ device_id: deviceId });
  await gc.api('POST', `/sessions/${id}/end`, {});
  return id;
};
const onlyDelivery = (id: string, state: string): Promise<Delivery> =>
  until(`a delivery to be ${state}`, async () =>
    (await deliveries(id)).find((delivery) => delivery.state === state),
  );

describe('a webhook', () => {
  it('hears every event of a session in order, signed twice, with a body as documented', async () => {
    await start();
    const rmm = await receiver();
    const webhook = await subscribe(rmm.url);
    const { created } = await gc.liveSession();
    await gc.api('POST', `/sessions/${created.id}/end`, {});
    const events = await gc.events(created.id);
    await until('all events', () => rmm.received.length >= events.length);
    expect(rmm.events).toEqual(events);
    for (const received of rmm.received) {
      expect(isSignedWith(received, webhook.secret)).toBe(true);
      expect(isSignedBy(received, webhook.public_key)).toBe(true);
      expect(received).toMatchObject({ method: 'POST', path: '/hook' });
      expect(received.headers['content-type']).toBe('application/json');
      expect(received.body).toMatchObject({
        type: received.body.data['type'],
        timestamp: received.body.data['at'],
      });
      expect(received.id).toMatch(/^dlv_/);
    }
    expect(new Set(rmm.received.map(({ id }) => id)).size).toBe(events.length);
    const log = await until('all to be noted', async () => {
      const found = await deliveries(webhook.id);
      return found.every(({ state }) => state === 'delivered') && found;
    });
    // Newest first; those of one millisecond in any order.
    const times = log.map(({ created_at }) => created_at);
    expect(times).toEqual([...times].sort().reverse());
    expect(new Set(log.map(({ seq }) => seq))).toEqual(new Set(events.map(({ seq }) => seq)));
    for (const delivery of log)
      expect(delivery).toMatchObject({ attempts: 1, last_status: 204, session_id: created.id });
  });

  it('is told of nothing that can not be read yet', async () => {
    await start();
    const behind: unknown[] = [];
    const rmm = await receiver(async ({ body }) => {
      const { session_id, seq, type } = JournalEvent.parse(body.data);
      const [session, events] = await Promise.all([
        gc.session(session_id),
        gc.events(session_id, seq - 1),
      ]);
      const shown: Partial<Record<string, boolean>> = {
        'session.live': session.live_at !== undefined,
        'session.ended': session.state === 'ended',
        'agent.connected': session.agent_online,
        'viewer.joined': session.viewers.length === 1,
      };
      if (session.last_seq < seq || events[0]?.seq !== seq || shown[type] === false)
        behind.push({ type, session });
    });
    await subscribe(rmm.url);
    for (let i = 0; i < 5; i += 1) {
      const { created, agent } = await gc.liveSession({ device_id: `device-${i}` });
      await gc.viewer(created);
      await until('the viewer to be told', () =>
        rmm.events.some(
          ({ type, session_id }) => type === 'viewer.joined' && session_id === created.id,
        ),
      );
      await gc.api('POST', `/sessions/${created.id}/end`, {});
      await until('the end to be told', () =>
        rmm.events.some(
          ({ type, session_id }) => type === 'session.ended' && session_id === created.id,
        ),
      );
      agent.close();
    }
    expect(behind).toEqual([]);
  });

  it('hears only what it asked for', async () => {
    await start();
    const rmm = await receiver();
    await subscribe(rmm.url, ['session.ended']);
    await endedSession();
    await endedSession();
    await until('both ends', () => rmm.received.length === 2);
    expect(rmm.events.map(({ type }) => type)).toEqual(['session.ended', 'session.ended']);
  });

  it('is created, listed, read, switched and removed; its secret is told once', async () => {
    await start();
    const rmm = await receiver();
    const { secret, ...webhook } = await subscribe(rmm.url);
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(webhook).toMatchObject({ state: 'active', url: rmm.url });
    const { text, body } = await gc.api<z.output<typeof WebhookList>>('GET', '/webhooks');
    expect(body.webhooks).toEqual([webhook]);
    expect(text + (await gc.api('GET', `/webhooks/${webhook.id}`)).text).not.toContain('whsec');

    const off = { state: 'disabled', disabled_reason: 'by_integrator' };
    expect((await post(webhook.id, 'disable')).body).toMatchObject(off);
    expect((await post(webhook.id, 'disable')).body).toMatchObject(off);
    const unheard = await endedSession();
    expect((await post(webhook.id, 'enable')).body).toEqual(webhook);
    const heard = await endedSession();
    await until('what happened since', () => rmm.seqs(heard).length === 3);
    expect(rmm.seqs(unheard)).toEqual([]);

    const removed = await gc.api('DELETE', `/webhooks/${webhook.id}`);
    expect(removed).toMatchObject({ status: 200, body: { id: webhook.id } });
    await endedSession();
    expect(await gc.api('GET', `/webhooks/${webhook.id}`)).toMatchObject({
      status: 404,
      body: { code: 'not_found' },
    });
    expect(rmm.received).toHaveLength(3);
  });

  it('signs with old and new secret while one replaces the other, then with the new one', async () => {
    await start();
    const rmm = await receiver();
    const first = await subscribe(rmm.url, ['session.ended']);
    const second = (await post(first.id, 'rotate-secret')).body as WebhookWithSecret;
    expect(second.secret).not.toBe(first.secret);
    expect(second.public_key).not.toBe(first.public_key);
    expect(await read(first.id)).toMatchObject({ public_key: second.public_key });
    await endedSession();
    const received = await until('the delivery', () => rmm.received[0]);
    for (const { secret, public_key } of [first, second]) {
      expect(isSignedWith(received, secret)).toBe(true);
      expect(isSignedBy(received, public_key)).toBe(true);
    }
    const third = (await post(first.id, 'rotate-secret', { overlap_s: 0 }))
      .body as WebhookWithSecret;
    await endedSession();
    const later = await until('the next', () => rmm.received[1]);
    expect(isSignedWith(later, third.secret)).toBe(true);
    for (const { secret, public_key } of [first, second]) {
      expect(isSignedWith(later, secret)).toBe(false);
      expect(isSignedBy(later, public_key)).toBe(false);
    }
  });

  it('is tested once, on the spot, and told how it went', async () => {
    await start();
    const rmm = await receiver();
    const webhook = await subscribe(rmm.url);
    const good = (await post(webhook.id, 'test')).body as Delivery;
    expect(good).toMatchObject({ type: 'webhook.test', state: 'delivered', last_status: 204 });
    const [received] = rmm.received;
    expect(received).toMatchObject({ id: good.id, body: { type: 'webhook.test' } });
    if (received) expect(isSignedWith(received, webhook.secret)).toBe(true);
    rmm.answering = (_, response) => void response.writeHead(410).end();
    const bad = (await post(webhook.id, 'test')).body as Delivery;
    expect(bad).toMatchObject({ state: 'failed', last_status: 410, last_error: 'status' });
    expect(await read(webhook.id)).toMatchObject({ state: 'active' });
    expect((await deliveries(webhook.id)).map(({ id }) => id)).toEqual([bad.id, good.id]);
    expect((await post(newId('whk'), 'test')).status).toBe(404);
  });
});

describe('a receiver', () => {
  it('that is down gets everything in order when it is back', async () => {
    await start();
    const rmm = await receiver();
    const webhook = await subscribe(rmm.url);
    await rmm.down();
    const id = await endedSession();
    const failed = await until('two attempts', async () =>
      (await deliveries(webhook.id)).find(({ attempts }) => attempts >= 2),
    );
    expect(failed).toMatchObject({ state: 'pending', seq: 1, last_error: 'connection' });
    expect(failed.last_status).toBeUndefined();
    expect(failed.next_attempt_at).toBeDefined();
    await rmm.up();
    if (rmm.received.length === 0) {
      // Between two attempts that are far apart nobody has to wait: disable, enable, replay.
      await post(webhook.id, 'disable');
      await post(webhook.id, 'enable');
      expect((await post(webhook.id, 'deliveries/replay')).body).toEqual({ replayed: 3 });
    }
    await until('all of it', () => rmm.seqs(id).length === 3);
    expect(rmm.seqs(id)).toEqual([1, 2, 3]);
  });

  it('that answers 500 and then 200 gets the same delivery again, freshly signed', async () => {
    await start();
    let count = 0;
    const rmm = await receiver((_, response) => {
      count += 1;
      if (count === 1) response.writeHead(500).end('sorry');
    });
    const webhook = await subscribe(rmm.url, ['session.ended']);
    await endedSession();
    const delivery = await onlyDelivery(webhook.id, 'delivered');
    expect(delivery).toMatchObject({ attempts: 2, last_status: 204 });
    expect(delivery.last_error).toBeUndefined();
    const [first, second] = rmm.received;
    expect(second?.id).toBe(first?.id);
    expect(second?.text).toBe(first?.text);
    for (const received of rmm.received) expect(isSignedWith(received, webhook.secret)).toBe(true);
  });

  it('that answers 410 is asked once and never again; what failed can be replayed', async () => {
    await start();
    const rmm = await receiver((_, response) => void response.writeHead(410).end());
    const webhook = await subscribe(rmm.url);
    const id = await endedSession();
    await until('it to be disabled', async () => (await read(webhook.id)).state === 'disabled');
    expect(await read(webhook.id)).toMatchObject({ disabled_reason: 'gone' });
    await endedSession();
    expect(rmm.received).toHaveLength(1);
    expect((await post(webhook.id, 'deliveries/replay')).body).toMatchObject({
      code: 'illegal_transition',
    });
    rmm.answering = () => undefined;
    await post(webhook.id, 'enable');
    await post(webhook.id, 'deliveries/replay');
    await until('what it has not taken', () => rmm.seqs(id).includes(3));
    expect([...new Set(rmm.seqs(id))]).toEqual([1, 2, 3]);
  });

  it('that redirects is not followed', async () => {
    await start();
    const elsewhere = await receiver();
    const rmm = await receiver(
      (_, response) => void response.writeHead(307, { location: elsewhere.url }).end(),
    );
    const webhook = await subscribe(rmm.url, ['session.ended']);
    await endedSession();
    const delivery = await until('an attempt', async () =>
      (await deliveries(webhook.id)).find(({ attempts }) => attempts >= 1),
    );
    expect(delivery).toMatchObject({ last_error: 'redirect', last_status: 307 });
    expect(elsewhere.received).toEqual([]);
  });

  it.each([
    ['hangs', () => new Promise<void>(() => undefined), 'timeout'],
    [
      'drips',
      (_: unknown, response) => {
        response.writeHead(200);
        const drip = setInterval(() => response.write('.'), 20);
        response.once('close', () => {
          clearInterval(drip);
        });
      },
      'timeout',
    ],
    [
      'never ends',
      (_: unknown, response) => {
        response.writeHead(200);
        const chunk = Buffer.alloc(16 * 1024);
        const more = (): void => {
          if (!response.destroyed) response.write(chunk, () => setImmediate(more));
        };
        more();
      },
      'too_large',
    ],
    ['hangs up', (_: unknown, response) => void response.destroy(), 'connection'],
    [
      'hangs up in the middle',
      (_: unknown, response) => {
        response.writeHead(200, { 'content-length': '10' });
        response.write('12345', () => response.destroy());
      },
      'connection',
    ],
  ] as [string, Answering, string][])('that %s has not taken it', async (_, answering, error) => {
    await start();
    const rmm = await receiver(answering);
    const webhook = await subscribe(rmm.url, ['session.ended']);
    await endedSession();
    const delivery = await until('an attempt', async () =>
      (await deliveries(webhook.id)).find(({ attempts }) => attempts >= 1),
    );
    expect(delivery).toMatchObject({ state: 'pending', last_error: error });
  });

  it('that is no HTTP server has not taken it either', async () => {
    await start();
    const stranger = await receiver();
    await stranger.down();
    const server = await new Promise<Server>((resolve) => {
      const listening = createServer((socket) => {
        socket.on('error', () => undefined).resume();
        socket.end('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n');
      }).listen(stranger.port, '127.0.0.1', () => {
        resolve(listening);
      });
    });
    const webhook = await subscribe(stranger.url);
    expect((await post(webhook.id, 'test')).body).toMatchObject({
      state: 'failed',
      last_error: 'connection',
    });
    await new Promise((resolve) => server.close(resolve));
  });

  it('that is slow delays neither other sessions nor other webhooks', async () => {
    await start({ timings: { webhookMs: 20_000 } });
    const blocked: string[] = [];
    const release: (() => void)[] = [];
    const slow = await receiver(async ({ body }) => {
      const { session_id } = body.data as { session_id: string };
      if (session_id === blocked[0]) await new Promise<void>((resolve) => release.push(resolve));
    });
    const quick = await receiver();
    await subscribe(slow.url);
    await subscribe(quick.url);
    const { id } = await gc.createSession({ device_id: 'stuck' });
    blocked.push(id);
    await gc.api('POST', `/sessions/${id}/end`, {});
    const other = await endedSession('free');
    await until('the other session', () => slow.seqs(other).length === 3);
    await until('the other webhook', () => quick.seqs(id).length === 3);
    for (const go of release.splice(0)) go();
    const all = await until('the slow one', () => {
      for (const go of release.splice(0)) go();
      return slow.seqs(id).length === 3 && slow.seqs(id);
    });
    expect(all).toEqual([1, 2, 3]);
  });

  it('that never takes anything is given up, and its webhook says so', async () => {
    await start({ env: { GC_WEBHOOK_RETRY_S: '0.02,0.02' } });
    const rmm = await receiver((_, response) => void response.writeHead(503).end());
    const webhook = await subscribe(rmm.url, ['session.ended']);
    await endedSession();
    const delivery = await onlyDelivery(webhook.id, 'failed');
    expect(delivery).toMatchObject({ attempts: 3, last_status: 503, last_error: 'status' });
    expect(await read(webhook.id)).toMatchObject({ state: 'disabled', disabled_reason: 'failing' });
    const metrics = await (await fetch(`${gc.url}/metrics`)).text();
    expect(metrics).toContain('gc_webhook_attempts_total{result="status"} 3');
    expect(metrics).toContain('gc_webhooks_disabled_total{reason="failing"} 1');
  });

  it('that asks to wait is not asked before', async () => {
    await start();
    const rmm = await receiver(
      (_, response) => void response.writeHead(429, { 'retry-after': '60' }).end(),
    );
    const webhook = await subscribe(rmm.url, ['session.ended']);
    await endedSession();
    const delivery = await until('an attempt', async () =>
      (await deliveries(webhook.id)).find(({ attempts }) => attempts === 1),
    );
    const waitMs = Date.parse(delivery.next_attempt_at ?? '') - Date.now();
    expect(waitMs).toBeGreaterThan(50_000);
  });
});

describe('without the operator’s leave', () => {
  const strict = { env: { GC_WEBHOOK_ALLOW_PRIVATE: '0', GC_WEBHOOK_RETRY_S: '60' } };

  it.each([
    'http://rmm.example/hook',
    'https://127.0.0.1/hook',
    'https://[::1]/hook',
    'https://10.1.2.3/hook',
    'https://169.254.169.254/latest',
    'https://user:secret@rmm.example/hook',
    'ftp://rmm.example/hook',
    'not a url',
  ])('no webhook goes to %s', async (url) => {
    await start(strict);
    const answer = await gc.api('POST', '/webhooks', { url });
    expect(answer).toMatchObject({
      status: 400,
      body: { code: 'invalid_request', errors: [{ pointer: '/url' }] },
    });
  });

  it('a name that resolves to a private address is not connected to', async () => {
    await start(strict);
    const rmm = await receiver();
    let connected = false;
    rmm.answering = () => {
      connected = true;
    };
    const webhook = await subscribe(`https://localhost:${rmm.port}/hook`);
    await endedSession();
    const delivery = await until('an attempt', async () =>
      (await deliveries(webhook.id)).find(({ attempts }) => attempts === 1),
    );
    expect(delivery).toMatchObject({ state: 'pending', last_error: 'address_refused' });
    expect((await post(webhook.id, 'test')).body).toMatchObject({ last_error: 'address_refused' });
    expect(connected).toBe(false);
  });
});

describe('replay', () => {
  it('sends everything since a moment again, in order, under the same ids', async () => {
    await start();
    const rmm = await receiver();
    const webhook = await subscribe(rmm.url);
    const id = await endedSession();
    await until('the first time', async () =>
      (await deliveries(webhook.id, '?state=delivered')).length === 3 ? true : undefined,
    );
    const before = rmm.received.map((received) => received.id);
    const since = new Date(Date.now() - 60_000).toISOString();
    const answer = await post(webhook.id, 'deliveries/replay', { since });
    expect(answer.body).toEqual({ replayed: 3 });
    await until('the second time', () => rmm.received.length === 6);
    expect(rmm.seqs(id)).toEqual([1, 2, 3, 1, 2, 3]);
    expect(rmm.received.slice(3).map((received) => received.id)).toEqual(before);
    const none = await post(webhook.id, 'deliveries/replay', {
      since: new Date(Date.now() + 60_000).toISOString(),
    });
    expect(none.body).toEqual({ replayed: 0 });
  });

  it('and the log go page by page', async () => {
    await start();
    const rmm = await receiver();
    const webhook = await subscribe(rmm.url);
    await endedSession();
    const path = `/webhooks/${webhook.id}/deliveries`;
    const first = await gc.api<z.output<typeof DeliveryList>>('GET', `${path}?limit=2`);
    expect(first.body.deliveries).toHaveLength(2);
    const next = first.body.next_cursor ?? '';
    const second = await gc.api<z.output<typeof DeliveryList>>(
      'GET',
      `${path}?limit=2&cursor=${next}`,
    );
    expect(second.body.deliveries).toHaveLength(1);
    expect(second.body.next_cursor).toBeUndefined();
  });
});

describe('killed in the middle of delivering', () => {
  it('and started again, nothing is lost and nothing is out of order', async () => {
    const store = join(directory, 'store.sqlite');
    const env = {
      GC_STORE: store,
      GC_WEBHOOK_ALLOW_PRIVATE: '1',
      GC_WEBHOOK_RETRY_S: '0.1,0.2,0.5,1,1,1,1,1',
    };
    gc = await Harness.start({ asProcess: true, env });
    let holding = true;
    const rmm = await receiver(async (_, response) => {
      // Taken, but the answer never arrives: the process dies before.
      if (holding) await new Promise((resolve) => response.once('close', resolve));
    });
    const webhook = await subscribe(rmm.url);
    const ids: string[] = [];
    for (let i = 0; i < 12; i += 1) ids.push(await endedSession(`device-${i}`));
    await until('deliveries on their way', () => rmm.received.length >= 8);
    await gc.child.stop('SIGKILL');
    holding = false;
    await gc.startSignaling();
    await gc.ready();
    await until('every event', () => ids.every((id) => new Set(rmm.seqs(id)).size === 3), 15_000);
    for (const id of ids) {
      const seqs = rmm.seqs(id);
      // At least once, and never an older one after a newer one.
      expect([...new Set(seqs)]).toEqual([1, 2, 3]);
      expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
    }
    for (const received of rmm.received) expect(isSignedWith(received, webhook.secret)).toBe(true);
    const idsOf = new Map<string, Set<string>>();
    for (const { id, body } of rmm.received) {
      const event = JSON.stringify([body.data['session_id'], body.data['seq']]);
      idsOf.set(event, (idsOf.get(event) ?? new Set()).add(id));
    }
    for (const sameEvent of idsOf.values()) expect(sameEvent.size).toBe(1);
    await until(
      'all to be noted',
      async () => (await deliveries(webhook.id, '?state=pending')).length === 0,
    );
  });

  it('and restarted with another cluster secret in between, it signs as before', async () => {
    const GC_STORE = join(directory, 'store.sqlite');
    const secrets = ['a', 'b', 'c'].map((letter) => letter.repeat(40));
    await start({ env: { GC_STORE, GC_CLUSTER_SECRET: secrets[0] ?? '' }, nodeUrls: [] });
    const rmm = await receiver();
    const webhook = await subscribe(rmm.url);
    const restart = async (GC_CLUSTER_SECRET: string): Promise<void> => {
      await gc.close();
      await start({
        env: { GC_STORE, GC_CLUSTER_SECRET },
        nodeUrls: [],
      });
    };
    await restart(`${secrets[1]},${secrets[0]}`);
    await restart(secrets[1] ?? '');
    expect((await gc.api<Delivery>('POST', `/webhooks/${webhook.id}/test`)).status).toBe(200);
    const [received] = rmm.received;
    expect(received && isSignedWith(received, webhook.secret)).toBe(true);

    await restart(secrets[2] ?? '');
    const lost = await gc.api<Webhook>('GET', `/webhooks/${webhook.id}`, undefined);
    expect(lost.body).toMatchObject({ state: 'disabled', disabled_reason: 'failing' });
    expect((await post(webhook.id, 'enable')).body).toMatchObject({ code: 'illegal_transition' });
    expect((await post(webhook.id, 'test')).body).toMatchObject({ code: 'illegal_transition' });
    const fresh = (await post(webhook.id, 'rotate-secret')).body as WebhookWithSecret;
    expect((await post(webhook.id, 'enable')).body).toMatchObject({ state: 'active' });
    await post(webhook.id, 'test');
    const last = rmm.received.at(-1);
    expect(last && isSignedWith(last, fresh.secret)).toBe(true);
  });
});

describe('secrets of webhooks', () => {
  it('are neither in the store nor in the log, and URLs are not in the log', async () => {
    const file = join(directory, 'store.sqlite');
    await start({ env: { GC_STORE: file } });
    const rmm = await receiver((_, response) => void response.writeHead(500).end());
    const webhook = await subscribe(`${rmm.url}?canary=url-canary`);
    await endedSession();
    await until('an attempt', async () =>
      (await deliveries(webhook.id)).some(({ attempts }) => attempts > 0),
    );
    const rotated = (await post(webhook.id, 'rotate-secret')).body as WebhookWithSecret;
    await gc.stopSignaling();
    const stored = readFileSync(file).toString('latin1');
    const logged = gc.log.join('');
    expect(stored).toContain(webhook.id);
    expect(logged).toContain(webhook.id);
    for (const { secret } of [webhook, rotated])
      for (const text of [stored, logged]) expect(text).not.toContain(secret.replace('whsec_', ''));
    expect(logged).not.toContain('url-canary');
  });
});

describe('switched off', () => {
  it('every route refuses, the map says so, nothing is delivered and nothing piles up', async () => {
    const GC_STORE = join(directory, 'store.sqlite');
    await start({ env: { GC_STORE } });
    const rmm = await receiver();
    const webhook = await subscribe(rmm.url);
    await gc.close();
    await start({ env: { GC_STORE, GC_FEATURES_OFF: 'webhooks' } });
    const id = await endedSession();
    const routes = (Object.entries(ROUTES) as [string, Route][]).filter(
      ([name]) => name.startsWith('webhooks.') || name.startsWith('deliveries.'),
    );
    expect(routes.length).toBeGreaterThan(8);
    for (const [name, { method, path }] of routes) {
      const body = name === 'webhooks.create' ? { url: rmm.url } : undefined;
      const answer = await gc.api(method, path.replace('{webhook_id}', webhook.id), body);
      expect([name, answer.status, answer.body['code']]).toEqual([name, 403, 'feature_off']);
    }
    const { body } = await gc.api<{ features: Record<string, boolean> }>('GET', '/capabilities');
    expect(body.features['webhooks']).toBe(false);
    await gc.close();
    await start({ env: { GC_STORE } });
    const capable = await gc.api<{ features: Record<string, boolean> }>('GET', '/capabilities');
    expect(capable.body.features['webhooks']).toBe(true);
    await post(webhook.id, 'test');
    expect(rmm.seqs(id)).toEqual([]);
    expect(await deliveries(webhook.id, '?state=pending')).toEqual([]);
    expect((await gc.api<Session>('GET', `/sessions/${id}`)).body.state).toBe('ended');
  });
});
