// One session from its placement to its end, and what the node promises on the way. Real worker.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '@guruconnect/contract/ids';
import { ASession } from './a-session.ts';
import type { ControlClient } from './control-client.ts';
import { eventually } from './eventually.ts';
import { codeOf, refusalOf } from './refusal-of.ts';
import { dtlsParameters, videoParameters } from './rtc-parameters.ts';
import { startTestNode, type TestNode } from './start-test-node.ts';

let testNode: TestNode;
let control: ControlClient;

let opened: ASession[] = [];

beforeAll(async () => {
  testNode = await startTestNode({ limits: { endpoints: 4, videos: 2 } });
  control = await testNode.connect();
});
afterAll(() => testNode.close());

const aSession = (): ASession => {
  const session = new ASession(control);
  opened.push(session);
  return session;
};
const close = (session: ASession): Promise<unknown> =>
  session.ask('session.close', { reason: 'test' });

/** Whatever a test opened, closing the session has to leave no mediasoup object behind. */
afterEach(async () => {
  // Higher than any epoch a test goes to.
  for (const { sessionId } of opened) await close(new ASession(control, sessionId, 100));
  opened = [];
  await eventually('no mediasoup object is left', () => {
    const { workers: _, ...objects } = testNode.counts();
    return Object.values(objects).every((count) => count === 0);
  });
});

describe('a session on a media node', () => {
  it('says hello with its name and its load', async () => {
    const hello = await control.ask('node.hello', { wire_version: 1 });
    expect(hello.node_id).toBe(testNode.nodeId);
    expect(hello.draining).toBe(false);
    expect(hello.load.sessions).toBe(testNode.node.sessionCount);
  });

  it('offers H.264 and the playout-delay extension, and nothing it does not pass on', async () => {
    const session = aSession();
    const { router_rtp_capabilities: offered } = await session.ask('session.open', {});
    const profiles = offered.codecs
      ?.filter(({ mimeType }) => mimeType === 'video/H264')
      .map(({ parameters }) => parameters?.['profile-level-id']);
    expect(profiles).toEqual(['4d0032', '42e01f', 'f4001f']);
    expect(offered.headerExtensions?.map(({ uri }) => uri)).toContain(
      'http://www.webrtc.org/experiments/rtp-hdrext/playout-delay',
    );
    expect(offered.headerExtensions).toHaveLength(3);
    const feedback = offered.codecs?.[0]?.rtcpFeedback?.map(({ type }) => type);
    expect(feedback).toContain('transport-cc');
    expect(feedback).not.toContain('goog-remb');
  });

  it('is opened once, however often it is asked with one epoch', async () => {
    const session = aSession();
    const before = testNode.counts().routers;
    const first = await session.ask('session.open', {});
    await session.ask('endpoint.open', { endpoint_id: 'agent', may_send_input: false });
    expect(await session.ask('session.open', {})).toEqual(first);
    expect(testNode.counts().routers).toBe(before + 1);
    expect((await session.describe()).endpoints).toHaveLength(1);
  });

  it('is described completely: what was opened is what is told', async () => {
    const session = await aSession().openWithAgent();
    const viewer = await session.openViewer();
    const producerId = await session.publish(1);
    const consumer = await session.watch(viewer, 1);
    await session.ask('video.set_paused', {
      endpoint_id: viewer,
      consumer_id: consumer.consumer_id,
      paused: false,
    });
    const facts = await session.openFacts();
    const actions = await session.openActions(viewer);
    const factsConsumer = await session.ask('data.consume', {
      endpoint_id: viewer,
      data_producer_id: facts,
    });
    const actionsConsumer = await session.ask('data.consume', {
      endpoint_id: 'agent',
      data_producer_id: actions,
    });

    const described = await session.describe();
    expect(described).toMatchObject({ epoch: 1, gate_open: true });
    expect(described.endpoints).toEqual([
      {
        endpoint_id: 'agent',
        may_send_input: false,
        transports: [
          expect.objectContaining({ direction: 'send', connected: false }),
          expect.objectContaining({ direction: 'recv', connected: false }),
        ],
        videos: [{ monitor_id: 1, rendition: 'standard', producer_id: producerId }],
        consumers: [],
        data_producers: [{ data_producer_id: facts, label: 'facts' }],
        data_consumers: [actionsConsumer],
      },
      {
        endpoint_id: viewer,
        may_send_input: true,
        transports: [expect.anything(), expect.anything()],
        videos: [],
        consumers: [{ monitor_id: 1, rendition: 'standard', consumer, paused: false }],
        data_producers: [{ data_producer_id: actions, label: 'input.actions' }],
        data_consumers: [factsConsumer],
      },
    ]);
  });

  it('is gone when it is closed; closing it twice is fine', async () => {
    const session = await aSession().openWithAgent();
    const viewer = await session.openViewer();
    await session.publish(1);
    await session.watch(viewer, 1);
    await session.openActions(viewer);
    await session.openFacts();
    expect(testNode.counts()).toMatchObject({
      routers: 1,
      transports: 4,
      producers: 1,
      consumers: 1,
      data_producers: 2,
    });
    await close(session);
    await close(session);
    expect(await refusalOf(session.describe())).toBe('session_not_found');
    expect(testNode.counts()).toMatchObject({ routers: 0, transports: 0, consumers: 0 });
  });

  it('video consumers start paused, and consuming twice gives the same one', async () => {
    const session = await aSession().openWithAgent();
    const viewer = await session.openViewer();
    await session.publish(1);
    const first = await session.watch(viewer, 1);
    expect((await session.describe()).endpoints[1]?.consumers[0]?.paused).toBe(true);
    expect(await session.watch(viewer, 1)).toEqual(first);
  });

  it('data is consumed once, however often it is asked: input must not arrive twice', async () => {
    const session = await aSession().openWithAgent();
    const viewer = await session.openViewer();
    const request = {
      endpoint_id: 'agent' as const,
      data_producer_id: await session.openActions(viewer),
    };
    const first = await session.ask('data.consume', request);
    expect(first.sctp_stream_parameters.ordered).toBe(true);
    expect(await session.ask('data.consume', request)).toEqual(first);
  });

  it('input keeps its reliability on the way to the agent', async () => {
    const session = await aSession().openWithAgent();
    const viewer = await session.openViewer();
    const { data_producer_id } = await session.ask('data.produce', {
      endpoint_id: viewer,
      label: 'input.moves',
      sctp_stream_parameters: { streamId: 3, ordered: false, maxRetransmits: 0 },
    });
    const consumer = await session.ask('data.consume', { endpoint_id: 'agent', data_producer_id });
    expect(consumer.label).toBe('input.moves');
    expect(consumer.sctp_stream_parameters).toMatchObject({ ordered: false, maxRetransmits: 0 });
  });

  it('a second produce for a monitor replaces the first and tells who was watching', async () => {
    const session = await aSession().openWithAgent();
    const viewer = await session.openViewer();
    const firstProducer = await session.publish(1);
    const { consumer_id } = await session.watch(viewer, 1);
    const secondProducer = await session.publish(1); // the same SSRCs and MID again
    expect(secondProducer).not.toBe(firstProducer);
    const closed = await control.notice('video.closed', (fact) => fact.consumer_id === consumer_id);
    expect(closed).toMatchObject({ ...session.fence, endpoint_id: viewer, monitor_id: 1 });
    const again = await session.watch(viewer, 1);
    expect(again.producer_id).toBe(secondProducer);
  });

  it('a withdrawn video is gone for viewers too; withdrawing twice is fine', async () => {
    const session = await aSession().openWithAgent();
    const viewer = await session.openViewer();
    await session.publish(1);
    const { consumer_id } = await session.watch(viewer, 1);
    await session.ask('video.withdraw', { monitor_id: 1 });
    await session.ask('video.withdraw', { monitor_id: 1 });
    await control.notice('video.closed', (fact) => fact.consumer_id === consumer_id);
    expect(await refusalOf(session.watch(viewer, 1))).toBe('not_found');
    expect((await session.describe()).endpoints.flatMap(({ consumers }) => consumers)).toEqual([]);
  });

  it('an endpoint opened again has new transports and nothing of the old', async () => {
    const session = await aSession().openWithAgent();
    const viewer = await session.openViewer();
    await session.publish(1);
    const { consumer_id } = await session.watch(viewer, 1);
    const before = testNode.counts().transports;
    const first = (await session.describe()).endpoints[0]?.transports.map((t) => t.transport_id);
    const reopened = await session.ask('endpoint.open', {
      endpoint_id: 'agent',
      may_send_input: false,
    });
    expect(first).not.toContain(reopened.send_transport.id);
    expect(testNode.counts().transports).toBe(before);
    await control.notice('video.closed', (fact) => fact.consumer_id === consumer_id);
    const agent = (await session.describe()).endpoints.find((e) => e.endpoint_id === 'agent');
    expect(agent?.videos).toEqual([]);
  });

  it('a transport is connected once; the same parameters again are the same wish', async () => {
    const session = await aSession().openWithAgent();
    const { send_transport } = await session.ask('endpoint.open', {
      endpoint_id: 'agent',
      may_send_input: false,
    });
    const request = {
      endpoint_id: 'agent' as const,
      transport_id: send_transport.id,
      dtls_parameters: dtlsParameters(),
    };
    await session.ask('transport.connect', request);
    await session.ask('transport.connect', request);
    const other = {
      ...request,
      dtls_parameters: { ...dtlsParameters(), role: 'server' as const },
    };
    expect(await refusalOf(session.ask('transport.connect', other))).toBe('illegal_transition');
    const { ice_parameters } = await session.ask('transport.restart_ice', {
      endpoint_id: 'agent',
      transport_id: send_transport.id,
    });
    expect(ice_parameters.usernameFragment).not.toBe(send_transport.iceParameters.usernameFragment);
  });
});

describe('the fence', () => {
  it('refuses every command of an older epoch', async () => {
    const old = await aSession().openWithAgent();
    const viewer = newId('vwr');
    await old.next().ask('session.open', {});
    const monitor = { monitor_id: 1 };
    const commands = [
      old.ask('session.open', {}),
      old.ask('session.close', { reason: 'late' }),
      old.ask('session.gate', { open: true }),
      old.ask('endpoint.open', { endpoint_id: 'agent', may_send_input: false }),
      old.ask('endpoint.close', { endpoint_id: 'agent', reason: 'late' }),
      old.ask('endpoint.allow_input', { endpoint_id: viewer, allowed: true }),
      old.ask('video.produce', { ...monitor, rtp_parameters: videoParameters() }),
      old.ask('video.withdraw', monitor),
      old.watch(viewer, 1),
      old.openFacts(),
    ];
    expect(await Promise.all(commands.map(refusalOf))).toEqual(commands.map(() => 'stale_epoch'));
  });

  it('a newer epoch replaces all that the older one left, gate included', async () => {
    const old = await aSession().openWithAgent();
    await old.openViewer();
    await old.publish(1);
    const { routers, transports } = testNode.counts();
    await old.next().ask('session.open', {});
    expect(testNode.counts()).toMatchObject({
      routers,
      transports: transports - 4,
    });
    expect(await old.describe()).toMatchObject({ epoch: 2, gate_open: false, endpoints: [] });
  });

  it('a placement that ended does not come back: only a newer epoch may follow', async () => {
    const session = await aSession().openWithAgent();
    await close(session);
    expect(await refusalOf(session.ask('session.open', {}))).toBe('stale_epoch');
    const next = session.next();
    await next.ask('session.open', {});
  });

  it('the end of a session that never came fences it against a late open', async () => {
    const session = aSession();
    await close(session);
    expect(await refusalOf(session.ask('session.open', {}))).toBe('stale_epoch');
  });

  it('a command of an epoch that this node was not given finds no session', async () => {
    const session = await aSession().openWithAgent();
    expect(await refusalOf(session.next().ask('session.gate', { open: true }))).toBe(
      'session_not_found',
    );
  });
});

describe('the gate', () => {
  it('is closed at first: nothing is seen and nothing is typed before consent', async () => {
    const session = aSession();
    await session.ask('session.open', {});
    await session.ask('endpoint.open', { endpoint_id: 'agent', may_send_input: false });
    const viewer = await session.openViewer();
    await session.publish(1);
    const facts = await session.openFacts();
    const refused = [
      session.watch(viewer, 1),
      session.openActions(viewer),
      session.ask('data.consume', { endpoint_id: viewer, data_producer_id: facts }),
      session.ask('data.consume', { endpoint_id: 'agent', data_producer_id: facts }),
    ];
    expect(await Promise.all(refused.map(refusalOf))).toEqual(
      refused.map(() => 'consent_required'),
    );
    expect(testNode.counts()).toMatchObject({ consumers: 0, data_consumers: 0 });
  });

  it('closed again, it takes back every consumer and every input channel', async () => {
    const session = await aSession().openWithAgent();
    const viewer = await session.openViewer();
    await session.publish(1);
    const { consumer_id } = await session.watch(viewer, 1);
    const facts = await session.openFacts();
    await session.ask('data.consume', { endpoint_id: viewer, data_producer_id: facts });
    const actions = await session.openActions(viewer);
    await session.ask('data.consume', { endpoint_id: 'agent', data_producer_id: actions });

    await session.ask('session.gate', { open: false });

    expect(testNode.counts()).toMatchObject({
      producers: 1, // the agent may go on publishing: nobody can consume it
      consumers: 0,
      data_producers: 1,
      data_consumers: 0,
    });
    await control.notice('video.closed', (fact) => fact.consumer_id === consumer_id);
    expect(await refusalOf(session.watch(viewer, 1))).toBe('consent_required');
  });
});

describe('input', () => {
  it('no channel is opened for a viewer that may not send input', async () => {
    const session = await aSession().openWithAgent();
    const viewer = await session.openViewer(false);
    expect(await refusalOf(session.openActions(viewer))).toBe('grant_missing');
    await session.ask('endpoint.allow_input', { endpoint_id: viewer, allowed: true });
    await session.openActions(viewer);
  });

  it('withdrawing closes open channels at once, and only that viewer’s', async () => {
    const session = await aSession().openWithAgent();
    const [first, second] = [await session.openViewer(), await session.openViewer()];
    const actions = await session.openActions(first);
    await session.ask('data.consume', { endpoint_id: 'agent', data_producer_id: actions });
    await session.openActions(second);
    await session.ask('endpoint.allow_input', { endpoint_id: first, allowed: false });
    const described = await session.describe();
    expect(described.endpoints.map(({ data_producers }) => data_producers.length)).toEqual([
      0, 0, 1,
    ]);
    expect(described.endpoints[0]?.data_consumers).toEqual([]);
    expect(await refusalOf(session.openActions(first))).toBe('grant_missing');
  });

  it('channels belong to who may open them, with the reliability of the table', async () => {
    const session = await aSession().openWithAgent();
    const viewer = await session.openViewer();
    const facts = await session.openFacts();
    const actions = await session.openActions(viewer);
    const produce = (
      endpoint_id: 'agent' | typeof viewer,
      label: 'facts' | 'input.actions' | 'input.moves',
      stream: object,
    ): Promise<unknown> =>
      session.ask('data.produce', {
        endpoint_id,
        label,
        sctp_stream_parameters: { streamId: 7, ...stream },
      });
    const refused = [
      produce('agent', 'input.actions', { ordered: true }),
      produce(viewer, 'facts', { ordered: true }),
      produce(viewer, 'input.actions', { ordered: false }),
      produce(viewer, 'input.actions', { ordered: false, maxRetransmits: 0 }),
      produce(viewer, 'input.moves', { ordered: true }),
      produce(viewer, 'input.moves', { ordered: false, maxRetransmits: 3 }),
      produce(viewer, 'input.moves', { ordered: false, maxPacketLifeTime: 100 }),
      produce(viewer, 'input.actions', { ordered: true, label: 'input.moves' }),
      // the stream number of another channel of the same viewer
      produce(viewer, 'input.moves', { streamId: 1, ordered: false, maxRetransmits: 0 }),
      session.ask('data.consume', { endpoint_id: viewer, data_producer_id: actions }),
      session.ask('data.consume', { endpoint_id: 'agent', data_producer_id: facts }),
      session.ask('video.consume', {
        endpoint_id: 'agent',
        monitor_id: 1,
        rtp_capabilities: {},
      }),
    ];
    expect(await Promise.all(refused.map(refusalOf))).toEqual(refused.map(() => 'invalid_request'));
  });
});

describe('limits', () => {
  it('of endpoints and videos are told as limit_reached', async () => {
    const session = await aSession().openWithAgent();
    for (let i = 0; i < 3; i += 1) await session.openViewer();
    expect(await refusalOf(session.openViewer())).toBe('limit_reached');
    await session.publish(1);
    await session.publish(2);
    expect(await refusalOf(session.publish(3))).toBe('limit_reached');
    await session.publish(2); // replacing is not one more
  });

  it('of waiting commands: a flood is refused, what takes away never is', async () => {
    const narrow = await startTestNode({ limits: { waitingCommands: 8 } });
    try {
      const session = await new ASession(await narrow.connect()).openWithAgent();
      const flood = Array.from({ length: 40 }, () =>
        session.ask('endpoint.open', { endpoint_id: 'agent', may_send_input: false }),
      );
      const gate = session.ask('session.gate', { open: false });
      const outcomes = await Promise.all(flood.map((each) => each.then(() => 'done', codeOf)));
      expect(new Set(outcomes)).toEqual(new Set(['done', 'limit_reached']));
      await gate;
      expect((await session.describe()).gate_open).toBe(false);
    } finally {
      await narrow.close();
    }
  });

  it('of sessions: a full node takes no further one', async () => {
    const full = await startTestNode({ capacity: { sessions: 1 } });
    try {
      const client = await full.connect();
      const first = new ASession(client);
      await first.ask('session.open', {});
      expect(await refusalOf(new ASession(client).ask('session.open', {}))).toBe('limit_reached');
      await close(first);
      await new ASession(client).ask('session.open', {});
    } finally {
      await full.close();
    }
  });
});

describe('order', () => {
  it('commands of one session run one after the other, as they came', async () => {
    const session = aSession();
    const viewer = newId('vwr');
    // Not awaited one by one: opening and closing are on their way together.
    const outcomes = await Promise.allSettled([
      session.ask('session.open', {}),
      session.ask('endpoint.open', { endpoint_id: viewer, may_send_input: true }),
      session.ask('endpoint.close', { endpoint_id: viewer, reason: 'left' }),
      session.ask('endpoint.open', { endpoint_id: viewer, may_send_input: true }),
      session.ask('session.close', { reason: 'over' }),
      session.ask('endpoint.open', { endpoint_id: viewer, may_send_input: true }),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual([
      ...Array<string>(5).fill('fulfilled'),
      'rejected',
    ]);
    expect(testNode.counts()).toMatchObject({ routers: 0, transports: 0 });
  });

  it('a newer epoch that overtakes commands of the older one wins', async () => {
    const session = await aSession().openWithAgent();
    const next = session.next();
    const outcomes = await Promise.allSettled([
      session.ask('endpoint.open', { endpoint_id: newId('vwr'), may_send_input: true }),
      next.ask('session.open', {}),
      session.ask('endpoint.open', { endpoint_id: newId('vwr'), may_send_input: true }),
      next.ask('endpoint.open', { endpoint_id: 'agent', may_send_input: false }),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
    expect(testNode.counts()).toMatchObject({ routers: 1, transports: 2 });
  });
});
