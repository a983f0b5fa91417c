// Signaling is stopped, or killed, in the middle of things, and started again: sessions, consent,
// codes, keys and answers are as they were, and no picture was touched.
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CreatedSession } from '@guruconnect/contract/http/v1/sessions';
import { agentToken, consentProof, type FakeAgent } from './fake-agent.ts';
import { newId } from '@guruconnect/contract/ids';
import type { SessionOffer } from '@guruconnect/contract/signal/agent-messages';
import { exchange, newViewerKey } from './fake-viewer.ts';
import { Harness, sessionRequest } from './harness.ts';
import { freePort } from './ports.ts';
import { SignalingChild } from './signaling-child.ts';
import { until } from './until.ts';

let gc: Harness;
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'gc-signaling-'));
});
afterEach(async () => {
  await gc.close();
  rmSync(directory, { recursive: true, force: true });
});

const start = async (asProcess: boolean): Promise<void> => {
  gc = await Harness.start({ asProcess, env: { GC_STORE: join(directory, 'store.sqlite') } });
};
const again = async (agent?: FakeAgent): Promise<void> => {
  await gc.startSignaling();
  await gc.ready();
  await agent?.connect();
};

describe.each([
  ['stopped', async () => gc.stopSignaling()],
  [
    'killed',
    async () => {
      await gc.child.stop('SIGKILL');
    },
  ],
] as const)('a signaling server that is %s and started again', (how, stop) => {
  beforeEach(() => start(how === 'killed'));

  it('finds a live session as it was: same epoch, media untouched, agent and viewer resume', async () => {
    const { created, agent } = await gc.liveSession({ mode: 'attended' });
    const viewer = await gc.viewer(created);
    const { epoch, videos } = await viewer.watch();
    const [first] = videos;
    await viewer.ask('video.resume', { epoch, consumer_id: first?.consumer.consumer_id ?? '' });
    const { last_seq } = await gc.session(created.id);
    const ordersBefore = gc.node.orders.length;

    await stop();
    await until('sockets to be gone', () => !agent.connected && !viewer.connected);
    expect(gc.node.router(created.id)).toMatchObject({ epoch: 1, gateOpen: true });
    await again(agent);

    expect(agent.hello?.sessions).toEqual([
      { outcome: 'resumed', session_id: created.id, epoch: 1 },
    ]);
    await viewer.connect();
    const hello = await viewer.hello({ epoch, last_seq });
    expect(hello).toMatchObject({ outcome: 'resumed', session: { state: 'live' }, events: [] });
    // Nothing was opened, closed or paused on the node: it was asked, and told again what the viewer
    // may do, as that may have changed while nobody could say so.
    expect(gc.node.orders.slice(ordersBefore)).toEqual([
      'node.hello',
      'session.describe',
      'endpoint.allow_input',
    ]);
    // What was watched is known again, and control goes on where it was.
    await until('the agent to be told what is watched', () => {
      const last = agent.told('video.watch').at(-1) as { monitor_ids: number[] } | undefined;
      return last?.monitor_ids.join() === '1';
    });
    await viewer.ask('video.pause', { epoch, consumer_id: first?.consumer.consumer_id ?? '' });
    const events = await gc.events(created.id);
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
    expect(events.at(-1)?.type).toBe('viewer.joined');
  });

  it('still waits for an answer of consent, and takes it', async () => {
    const agent = await gc.agentOnline('device-1', { answer: () => undefined });
    const created = await gc.createSession({ mode: 'attended' });
    await gc.inState(created.id, 'waiting_consent');
    await stop();
    await again(agent);
    const [offer] = agent.told('session.offer') as [SessionOffer];
    await agent.ask('consent.answer', {
      session_id: created.id,
      answer: 'granted',
      proof: await consentProof(agent.identity, offer, 'granted'),
    });
    await gc.inState(created.id, 'live');
    expect(agent.told('session.offer')).toHaveLength(1);
  });

  it('keeps its deadlines: who does not come back in time has been lost', async () => {
    const { created, agent } = await gc.liveSession();
    await stop();
    agent.close();
    gc.node.routers.clear();
    if (how === 'killed') {
      // Its graces are the real ones: only look that the session is not taken for live.
      await again();
      await until('another placement', async () => (await gc.session(created.id)).epoch === 2);
      expect((await gc.session(created.id)).state).toBe('reconnecting');
      return;
    }
    await again();
    expect((await gc.inState(created.id, 'ended')).end_reason).toBe('agent_lost');
  });

  it('remembers what was used: codes, tokens, proofs, answers to Idempotency-Keys', async () => {
    const identity = await gc.enrol('device-1');
    const token = await agentToken(identity, newId('boot'));
    const agent = gc.agent(identity, { token });
    await agent.open();
    const headers = { 'idempotency-key': 'the-same' };
    const created = await gc.createSession({}, headers);
    const key = await newViewerKey();
    const spare = await gc.createSession();
    expect((await exchange(gc.url, created.id, created.viewer.code, key)).status).toBe(200);
    agent.close();
    await stop();
    await again();

    const repeated = await gc.api<CreatedSession>('POST', '/sessions', sessionRequest(), {
      headers,
    });
    expect(repeated.status).toBe(201);
    expect(repeated.body).toEqual(created);
    const used = await exchange(gc.url, created.id, created.viewer.code, key);
    expect(used.body.code).toBe('code_used');
    expect((await exchange(gc.url, spare.id, spare.viewer.code, key)).status).toBe(200);
    await expect(gc.agent(identity, { token }).open()).rejects.toMatchObject({
      code: 'credential_replayed',
    });
  });

  it('closes on the node what ended while nobody could tell it', async () => {
    const { created } = await gc.liveSession();
    await gc.node.cutLink();
    await until('the link to be noticed', async () => !(await fetch(`${gc.url}/readyz`)).ok);
    await gc.api('POST', `/sessions/${created.id}/end`, {});
    await stop();
    await gc.node.start();
    expect(gc.node.routers.has(created.id)).toBe(true);
    await again();
    await until('the router to be closed', () => !gc.node.routers.has(created.id));
  });
});

describe('a stop', () => {
  it('by SIGTERM exits 0 within 3 s with sockets connected, and ends no session', async () => {
    await start(true);
    const { created, agent } = await gc.liveSession();
    const viewer = await gc.viewer(created);
    const reasons: string[] = [];
    for (const { socket } of [agent, viewer])
      socket.once('disconnect', (reason) => reasons.push(reason));
    const startedMs = performance.now();
    expect(await gc.child.stop('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(performance.now() - startedMs).toBeLessThan(3000);
    // As a lost connection, which socket.io clients come back from by themselves.
    await until('both to be cut', () => reasons.length === 2);
    expect(reasons).toEqual(['transport close', 'transport close']);
    await again(agent);
    expect((await gc.session(created.id)).state).toBe('live');
  });

  it('leaves the store readable for its owner only', async () => {
    await start(false);
    await gc.createSession();
    for (const suffix of ['', '-wal'])
      expect(statSync(join(directory, `store.sqlite${suffix}`)).mode & 0o777).toBe(0o600);
  });

  it('of the parent process stops it, too', async () => {
    await start(true);
    const { child } = gc;
    child.letGo();
    expect(await child.exited).toEqual({ code: 0, signal: null });
  });
});

it('two processes can not share one embedded store: the second says so and exits', async () => {
  await start(true);
  const log: string[] = [];
  const second = SignalingChild.start(
    {
      GC_PORT: String(await freePort()),
      GC_INTEGRATOR_KEY: gc.key,
      GC_CLUSTER_SECRET: 'x'.repeat(32),
      GC_MEDIA_NODES: gc.node.url,
      GC_STORE: join(directory, 'store.sqlite'),
    },
    log,
  );
  await expect(second).rejects.toThrow('stopped at its start (1)');
  expect(log.join('')).toContain('can not be opened');
});
