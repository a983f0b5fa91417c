// Workers die, nodes vanish, links are cut: sessions are placed again, or simply go on.
import { afterEach, describe, expect, it } from 'vitest';
import { GcError } from '@guruconnect/contract/errors';
import { Harness, sessionRequest, type HarnessOptions } from './harness.ts';
import { until } from './until.ts';

let gc: Harness;
const start = async (options: HarnessOptions = {}): Promise<void> => {
  gc = await Harness.start(options);
};
afterEach(async () => {
  await gc.close();
});

const types = async (id: string): Promise<string[]> =>
  (await gc.events(id)).map(({ type }) => type);

describe('a worker that dies', () => {
  it('costs a live session a moment: a new epoch, agent and viewers move, consent is kept', async () => {
    await start();
    const { created, agent } = await gc.liveSession({ mode: 'attended' });
    const viewer = await gc.viewer(created);
    await viewer.watch();
    await gc.node.killWorker();

    await until('the agent to get new transports', () => agent.told('media.open').length === 2);
    const live = await gc.inState(created.id, 'live');
    expect(live).toMatchObject({ epoch: 2, consent: { state: 'granted' } });
    expect(agent.told('session.offer')).toHaveLength(1);
    expect(agent.told('media.open').at(-1)).toMatchObject({ epoch: 2 });
    expect(viewer.told('media.moved')).toEqual([{ epoch: 2 }]);
    expect(gc.node.router(created.id)).toMatchObject({ epoch: 2, gateOpen: true });
    const { epoch, videos } = await viewer.watch();
    expect(epoch).toBe(2);
    expect(videos).toHaveLength(2);
    expect((await types(created.id)).slice(-4)).toEqual([
      'viewer.joined',
      'session.reconnecting',
      'session.placed',
      'session.live',
    ]);
    await expect(
      agent.ask('media.ready', { session_id: created.id, epoch: 1 }),
    ).rejects.toMatchObject({ code: 'stale_epoch' });
  });

  it('costs a waiting session nothing but another placement', async () => {
    await start();
    const created = await gc.createSession();
    await gc.node.killWorker();
    await until('it to be placed again', async () => (await gc.session(created.id)).epoch === 2);
    expect((await gc.session(created.id)).state).toBe('waiting_agent');
    expect(gc.node.router(created.id).gateOpen).toBe(false);
  });

  it('again and again ends the session instead of placing it for ever', async () => {
    await start();
    const created = await gc.createSession();
    for (let round = 1; round <= 11; round += 1) {
      await until(
        'a placement',
        () => gc.node.routers.get(created.id)?.epoch === round || undefined,
      );
      await until('it to be written', async () => (await gc.session(created.id)).epoch === round);
      await gc.node.killWorker();
    }
    expect((await gc.inState(created.id, 'ended')).end_reason).toBe('media_lost');
  });
});

describe('placing', () => {
  it('is refused as a whole when no node can be reached: nothing half-made is left', async () => {
    await start();
    await gc.node.cutLink();
    await until('the link to be noticed', async () => !(await fetch(`${gc.url}/readyz`)).ok);
    const refused = await gc.api('POST', '/sessions', sessionRequest());
    expect(refused).toMatchObject({
      status: 503,
      body: { code: 'no_media_node', retryable: true },
    });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect((await gc.api<{ sessions: [] }>('GET', '/sessions')).body.sessions).toEqual([]);
  });

  it('tries the next node when one refuses, and uses what took it', async () => {
    await start({ nodes: 2 });
    for (const node of gc.nodes)
      node.refuse.push({ name: 'session.open', error: new GcError('media_failed') });
    const none = await gc.api('POST', '/sessions', sessionRequest());
    expect(none.body).toMatchObject({ code: 'no_media_node' });
    gc.nodes[0]?.refuse.push({ name: 'session.open', error: new GcError('media_failed') });
    const { id } = await gc.createSession();
    const carriers = gc.nodes.filter((node) => node.routers.has(id));
    expect(carriers).toHaveLength(1);
  });

  it('moves to another node when the agent can not reach the first any more', async () => {
    await start({ nodes: 2 });
    const { created, agent } = await gc.liveSession();
    const first = gc.nodes.find((node) => node.routers.has(created.id));
    await first?.cutLink();
    await agent.ask('media.lost', { session_id: created.id, epoch: 1 });
    const live = await gc.inState(created.id, 'live');
    expect(live.epoch).toBe(2);
    const second = gc.nodes.find((node) => node !== first);
    expect(second?.router(created.id)).toMatchObject({ epoch: 2, gateOpen: true });
    // What the first node still carries is closed as soon as it can be told.
    await first?.start();
    await until('the old router to be closed', () => !first?.routers.has(created.id));
    expect(second?.routers.has(created.id)).toBe(true);
  });

  it('that does not succeed in time ends the session', async () => {
    await start();
    const { created, agent } = await gc.liveSession();
    await gc.node.cutLink();
    await agent.ask('media.lost', { session_id: created.id, epoch: 1 });
    await gc.inState(created.id, 'reconnecting');
    expect((await gc.inState(created.id, 'ended')).end_reason).toBe('media_lost');
  });
});

describe('a cut control link', () => {
  it('leaves live sessions alone, and everything works again when it is back', async () => {
    await start();
    const { created } = await gc.liveSession();
    const viewer = await gc.viewer(created);
    const { epoch, videos } = await viewer.watch();
    const before = await types(created.id);
    await gc.node.cutLink();
    await until('the link to be noticed', async () => !(await fetch(`${gc.url}/readyz`)).ok);
    const consumer_id = videos[0]?.consumer.consumer_id ?? '';
    await expect(viewer.ask('video.resume', { epoch, consumer_id })).rejects.toMatchObject({
      code: 'media_node_unreachable',
    });
    expect((await gc.session(created.id)).state).toBe('live');

    await gc.node.start();
    await gc.ready();
    await viewer.ask('video.resume', { epoch, consumer_id });
    expect(await types(created.id)).toEqual(before);
  });

  it('does not keep a session from ending; the router is closed when the link is back', async () => {
    await start();
    const { created } = await gc.liveSession();
    await gc.node.cutLink();
    await until('the link to be noticed', async () => !(await fetch(`${gc.url}/readyz`)).ok);
    await gc.api('POST', `/sessions/${created.id}/end`, {});
    expect(gc.node.routers.has(created.id)).toBe(true);
    await gc.node.start();
    await until('the router to be closed', () => !gc.node.routers.has(created.id));
  });

  it('behind which the node was restarted: its sessions are placed again', async () => {
    await start();
    const { created } = await gc.liveSession();
    await gc.node.cutLink();
    gc.node.forgetEverything();
    await gc.node.start();
    await until('another epoch', async () => (await gc.session(created.id)).epoch === 2);
    await gc.inState(created.id, 'live');
  });
});

describe('an agent that is lost', () => {
  it('does not interrupt a picture that still runs', async () => {
    await start();
    const { created, agent } = await gc.liveSession();
    await until('its media to be up', () =>
      gc.node
        .router(created.id)
        .endpoints.get('agent')
        ?.transports.every(({ connected }) => connected),
    );
    agent.cut();
    await until(
      'it to be told',
      async () => (await types(created.id)).at(-1) === 'agent.disconnected',
    );
    expect(await gc.session(created.id)).toMatchObject({ state: 'live', agent_online: false });
    await agent.connect();
    expect(await gc.session(created.id)).toMatchObject({ state: 'live', agent_online: true });
    expect(agent.told('media.open')).toHaveLength(1);
  });

  it('with its media makes the session wait, and end after the grace', async () => {
    await start();
    const { created, agent } = await gc.liveSession();
    agent.cut();
    await until('it to be told', async () => !(await gc.session(created.id)).agent_online);
    await gc.node.tellConnection(created.id, 'agent', 'disconnected');
    expect((await gc.session(created.id)).state).toBe('reconnecting');
    expect((await gc.inState(created.id, 'ended')).end_reason).toBe('agent_lost');
    await agent.connect();
    expect(agent.hello?.sessions).toEqual([
      { outcome: 'ended', session_id: created.id, end_reason: 'agent_lost' },
    ]);
  });

  it('only on the media side is live again when that comes back', async () => {
    await start();
    const { created } = await gc.liveSession();
    await gc.node.tellConnection(created.id, 'agent', 'disconnected');
    expect((await gc.session(created.id)).state).toBe('reconnecting');
    await gc.node.tellConnection(created.id, 'agent', 'connected');
    expect((await gc.session(created.id)).state).toBe('live');
    expect((await gc.session(created.id)).epoch).toBe(1);
  });
});

it('a viewer that is gone with its media is taken out at once, not after the grace', async () => {
  await start({ timings: { viewerGraceMs: 60_000 } });
  const { created } = await gc.liveSession();
  const viewer = await gc.viewer(created);
  await viewer.watch();
  const hello = (await gc.session(created.id)).viewers[0];
  viewer.cut();
  await until('the socket to be gone', () => !viewer.connected);
  await gc.node.tellConnection(created.id, hello?.id ?? 'agent', 'disconnected');
  await until('it to be out', async () => (await gc.session(created.id)).viewers.length === 0);
});
