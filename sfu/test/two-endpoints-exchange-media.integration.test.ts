// Agent and viewer with real ICE, DTLS, SRTP and SCTP through a real worker: what flows, and what
// must not.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newId, type ViewerId } from '@guruconnect/contract/ids';
import type { RtpCapabilities } from '@guruconnect/contract/signal/rtc-parameters';
import { PLAYOUT_DELAY_URI } from '../src/media-codecs.ts';
import { ASession } from './a-session.ts';
import type { ControlClient } from './control-client.ts';
import { eventually } from './eventually.ts';
import { messagesAtNode, packetsAtNode } from './observed-media.ts';
import { RtcEndpoint, textOf, type PublishedMonitor } from './rtc-endpoint.ts';
import { startTestNode, type TestNode } from './start-test-node.ts';

let testNode: TestNode;
let control: ControlClient;
let session: ASession;
let agent: RtcEndpoint;
let viewer: RtcEndpoint;
let viewerId: ViewerId;

beforeEach(async () => {
  testNode = await startTestNode();
  control = await testNode.connect();
  session = new ASession(control);
  viewerId = newId('vwr');
  await session.ask('session.open', {});
  agent = await RtcEndpoint.open(session, 'agent');
  viewer = await RtcEndpoint.open(session, viewerId, { maySendInput: true });
  await session.ask('session.gate', { open: true });
});
afterEach(async () => {
  agent.close();
  viewer.close();
  await testNode.close();
});

const connected = (endpoint_id: string): Promise<unknown> =>
  control.notice(
    'endpoint.connection',
    (fact) => fact.endpoint_id === endpoint_id && fact.state === 'connected',
  );

const watch = (monitor_id: number) =>
  session.ask('video.consume', {
    endpoint_id: viewerId,
    monitor_id,
    rtp_capabilities: viewer.rtpCapabilities as RtpCapabilities,
  });
const setPaused = (consumer_id: string, paused: boolean): Promise<unknown> =>
  session.ask('video.set_paused', { endpoint_id: viewerId, consumer_id, paused });

/** Frames until `done`: a key frame once the node has asked for one, as an encoder would. */
async function sendUntil(
  monitor: PublishedMonitor,
  text: string,
  done: () => boolean,
): Promise<void> {
  await eventually(`frames "${text}" had their effect`, () => {
    monitor.sendFrame(monitor.keyframesAsked > 0 ? 'key' : 'delta', text);
    return done();
  });
}

/** Key frames that the node takes in for certain, whether or not it passes them on. */
async function sendIntoNode(monitor: PublishedMonitor, text: string): Promise<void> {
  const before = await packetsAtNode(monitor.producer.id);
  await eventually(`the node has frames "${text}"`, async () => {
    monitor.sendFrame('key', text);
    return (await packetsAtNode(monitor.producer.id)) > before + 10;
  });
}

describe('video', () => {
  it('flows from the resume on, starting with the key frame the node asks for itself', async () => {
    const monitor = await agent.publish(1);
    const consumer = await watch(1);
    const packets = await viewer.receive(consumer);
    await Promise.all([connected('agent'), connected(viewerId)]);
    await sendIntoNode(monitor, 'paused');
    expect(monitor.keyframesAsked).toBe(0);

    await setPaused(consumer.consumer_id, false);
    await sendUntil(monitor, 'watched', () => packets.length >= 5);
    expect(monitor.keyframesAsked).toBeGreaterThan(0);
    expect(packets[0]?.payload[0]).toBe(0x67); // nothing before the key frame

    await setPaused(consumer.consumer_id, true);
    await sendIntoNode(monitor, 'paused again');
    await setPaused(consumer.consumer_id, false);
    await sendUntil(monitor, 'resumed', () => packets.some((each) => textOf(each) === 'resumed'));
    expect(new Set(packets.map(textOf))).toEqual(new Set(['watched', 'resumed']));
  });

  it('carries the playout-delay extension of the agent to the viewer', async () => {
    const monitor = await agent.publish(1);
    const consumer = await watch(1);
    const packets = await viewer.receive(consumer);
    await setPaused(consumer.consumer_id, false);
    await sendUntil(monitor, 'frame', () => packets.length > 0);
    const id = consumer.rtp_parameters.headerExtensions?.find(
      ({ uri }) => uri === PLAYOUT_DELAY_URI,
    )?.id;
    const extension = packets[0]?.header.extensions.find((each) => each.id === id);
    // 12 bits of minimum and 12 of maximum delay, both 0.
    expect(extension?.payload).toEqual(Buffer.from([0, 0, 0]));
  });

  it('ends for the viewer when the gate closes', async () => {
    const monitor = await agent.publish(1);
    const consumer = await watch(1);
    const packets = await viewer.receive(consumer);
    await setPaused(consumer.consumer_id, false);
    await sendUntil(monitor, 'seen', () => packets.length > 0);
    await session.ask('session.gate', { open: false });
    await sendIntoNode(monitor, 'unseen');
    await session.ask('session.gate', { open: true });
    const again = await viewer.receive(await watch(1));
    expect(packets.map(textOf)).not.toContain('unseen');
    expect(again).toEqual([]); // and the new consumer waits, paused
  });

  it('begins again with a key frame when it is restarted, and stays paused when it was', async () => {
    const monitor = await agent.publish(1);
    const consumer = await watch(1);
    const packets = await viewer.receive(consumer);
    await Promise.all([connected('agent'), connected(viewerId)]);
    const restart = { endpoint_id: viewerId, consumer_id: consumer.consumer_id };
    await session.ask('video.restart', restart);
    await sendIntoNode(monitor, 'paused');
    expect(packets).toEqual([]);
    await setPaused(consumer.consumer_id, false);
    await sendUntil(monitor, 'seen', () => packets.length > 0);
    const before = monitor.keyframesAsked;
    await session.ask('video.restart', restart);
    await sendUntil(monitor, 'restarted', () => packets.some((one) => textOf(one) === 'restarted'));
    expect(monitor.keyframesAsked).toBeGreaterThan(before);
    const first = packets.findIndex((one) => textOf(one) === 'restarted');
    expect(packets[first]?.payload[0]).toBe(0x67);
  });

  it('a key frame asked by the viewer reaches the agent', async () => {
    const monitor = await agent.publish(1);
    const consumer = await watch(1);
    const packets = await viewer.receive(consumer);
    await setPaused(consumer.consumer_id, false);
    await sendUntil(monitor, 'seen', () => packets.length > 0);
    const before = monitor.keyframesAsked;
    await session.ask('video.keyframe', {
      endpoint_id: viewerId,
      consumer_id: consumer.consumer_id,
    });
    await sendUntil(monitor, 'more', () => monitor.keyframesAsked > before);
  });
});

describe('input', () => {
  it('reaches the agent on both channels, byte for byte', async () => {
    for (const label of ['input.actions', 'input.moves'] as const) {
      const channel = await viewer.openChannel(label);
      const received = await agent.consumeChannel(channel.id);
      await eventually(`${label} arrives`, () => {
        channel.send(`over ${label}`);
        return received.messages.includes(`over ${label}`);
      });
    }
  });

  it('is withdrawn at once: both ends see their channel close, and nothing passes', async () => {
    const channel = await viewer.openChannel('input.actions');
    const received = await agent.consumeChannel(channel.id);
    channel.send('allowed');
    await eventually('input arrives', () => received.messages.includes('allowed'));
    let viewerTold = false;
    channel.on('close', () => {
      viewerTold = true;
    });

    await session.ask('endpoint.allow_input', { endpoint_id: viewerId, allowed: false });
    if (!channel.closed) channel.send('forbidden');

    await eventually(
      'the agent sees the channel close and can release keys',
      () => received.closed,
    );
    await eventually('the viewer sees it close', () => viewerTold);
    await expect(viewer.openChannel('input.actions')).rejects.toMatchObject({
      code: 'grant_missing',
    });
    expect(received.messages).toEqual(['allowed']);
  });

  it('stops with the endpoint that sent it', async () => {
    const channel = await viewer.openChannel('input.actions');
    const received = await agent.consumeChannel(channel.id);
    await session.ask('endpoint.close', { endpoint_id: viewerId, reason: 'left' });
    await eventually('the agent sees the channel close', () => received.closed);
  });

  it('a channel the agent has closed is opened anew when it is asked for again', async () => {
    const channel = await viewer.openChannel('input.actions');
    const first = await agent.consumeChannel(channel.id);
    first.consumer.close();
    // The worker drops its side when the stream reset arrives, without telling: ask until it has.
    const second = await eventually('a new consumer', async () => {
      const asked = await session.ask('data.consume', {
        endpoint_id: 'agent',
        data_producer_id: channel.id,
      });
      return asked.data_consumer_id !== first.consumer.id;
    });
    expect(second).toBe(true);
  });

  it('what one viewer sends harms nobody else: huge, empty, too many', async () => {
    const pids = testNode.node.workerPids;
    const rude = await RtcEndpoint.open(session, newId('vwr'), {
      maySendInput: true,
      sendsHugeMessages: true,
    });
    const polite = await viewer.openChannel('input.actions');
    const fromPolite = await agent.consumeChannel(polite.id);
    const flood = await rude.openChannel('input.actions');
    const fromRude = await agent.consumeChannel(flood.id);
    flood.send('x'.repeat(100_000)); // above what the node takes
    for (let i = 0; i < 1000; i += 1) flood.send('x'.repeat(1000)); // above what may wait
    flood.send(Buffer.alloc(0)); // SCTP knows no empty message: the node ends the association
    await eventually('the polite one is heard', () => {
      polite.send('hello');
      return fromPolite.messages.includes('hello');
    });
    await eventually('some of the flood came through', () => fromRude.messages.length > 0);
    expect(Math.max(...fromRude.messages.map(({ length }) => length))).toBe(1000);
    expect(testNode.node.workerPids).toEqual(pids);
    rude.close();
  });
});

describe('facts', () => {
  it('go from the agent to every viewer, and to nobody while the gate is closed', async () => {
    const channel = await agent.openChannel('facts');
    const received = await viewer.consumeChannel(channel.id);
    channel.send('shape');
    await eventually('facts arrive', () => received.messages.includes('shape'));
    await session.ask('session.gate', { open: false });
    const before = await messagesAtNode(channel.id);
    channel.send('secret');
    await eventually('the node has it', async () => (await messagesAtNode(channel.id)) > before);
    await eventually('the viewer sees the channel close', () => received.closed);
    expect(received.messages).toEqual(['shape']);
  });
});

describe('connections', () => {
  it('are told: connected, then disconnected when nothing is heard any more', async () => {
    await agent.publish(1);
    await connected('agent');
    agent.close(); // werift says no goodbye: the node has to notice by itself
    await control.notice(
      'endpoint.connection',
      (fact) => fact.endpoint_id === 'agent' && fact.state === 'disconnected',
      25_000,
    );
    const described = await session.describe();
    expect(described.endpoints[0]?.transports[0]?.connected).toBe(false);
  });

  it('outlive the control link: media flows on, and is found again as it was', async () => {
    const monitor = await agent.publish(1);
    const consumer = await watch(1);
    const packets = await viewer.receive(consumer);
    await setPaused(consumer.consumer_id, false);
    const actions = await viewer.openChannel('input.actions');
    const received = await agent.consumeChannel(actions.id);
    await sendUntil(monitor, 'before', () => packets.length > 0);
    const described = await session.describe();

    control.close();
    await sendUntil(monitor, 'without', () => packets.some((p) => textOf(p) === 'without'));
    actions.send('without');
    await eventually('input arrives', () => received.messages.includes('without'));

    session = new ASession(await testNode.connect(), session.sessionId, session.epoch);
    expect(await session.describe()).toEqual(described);
    await sendUntil(monitor, 'after', () => packets.some((p) => textOf(p) === 'after'));
  });
});

describe('load', () => {
  it('is told every two seconds and follows what flows', async () => {
    const monitor = await agent.publish(1);
    const consumer = await watch(1);
    const packets = await viewer.receive(consumer);
    await setPaused(consumer.consumer_id, false);
    await sendUntil(monitor, 'frame', () => packets.length > 0);
    const flow = setInterval(() => monitor.sendFrame('delta', 'x'.repeat(1000)), 1);
    try {
      const { load } = await control.notice(
        'node.load',
        ({ load }) => load.egress > 0 && load.ingress > 0 && load.packets > 0 && load.cpu > 0,
      );
      expect(load.sessions).toBe(1);
      expect(load.consumers).toBeGreaterThan(0);
      for (const dimension of Object.values({ ...load, sessions: 0 }))
        expect(dimension).toBeLessThan(1);
    } finally {
      clearInterval(flow);
    }
  });
});
