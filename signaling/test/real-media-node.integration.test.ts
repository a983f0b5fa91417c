// Signaling against the real media node with a real worker, agent and viewer with real ICE, DTLS,
// SRTP and SCTP: what the fake node promises in all other tests is true.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CreatedSession } from '@guruconnect/contract/http/v1/sessions';
import type { MediaOpen } from '@guruconnect/contract/signal/agent-messages';
import type { DataConsumer, RtpCapabilities } from '@guruconnect/contract/signal/rtc-parameters';
import type { ASession } from '../../sfu/test/a-session.ts';
import { RtcEndpoint, textOf, type PublishedMonitor } from '../../sfu/test/rtc-endpoint.ts';
import { startTestNode, type TestNode } from '../../sfu/test/start-test-node.ts';
import type { FakeAgent } from './fake-agent.ts';
import type { FakeViewer } from './fake-viewer.ts';
import { CLUSTER_SECRET, Harness } from './harness.ts';
import { until } from './until.ts';

let node: TestNode;
let gc: Harness;
let directory: string;
let agent: FakeAgent;
let created: CreatedSession;
const endpoints: RtcEndpoint[] = [];

/** Within this package's range, apart from where the harness looks. */
const PORTS = { from: 16_560, to: 16_599 };

beforeEach(async () => {
  node = await startTestNode({ secret: CLUSTER_SECRET, ports: PORTS });
  directory = mkdtempSync(join(tmpdir(), 'gc-real-node-'));
  gc = await Harness.start({
    nodeUrls: [node.url],
    env: { GC_STORE: join(directory, 'store.sqlite') },
    timings: { mediaGraceMs: 20_000 },
  });
  agent = await gc.agentOnline('device-1', { publishes: false });
  created = await gc.createSession();
});
afterEach(async () => {
  for (const endpoint of endpoints.splice(0)) endpoint.close();
  await gc.close();
  await node.close();
  rmSync(directory, { recursive: true, force: true });
});

type Ask = (name: string, request: Record<string, unknown>) => Promise<unknown>;

/** RtcEndpoint speaks to a node; here it speaks to signaling, which passes its words on. */
const through = (routerCapabilities: RtpCapabilities, ask: Ask): ASession =>
  ({
    describe: () => Promise.resolve({ router_rtp_capabilities: routerCapabilities }),
    ask,
  }) as unknown as ASession;

type AgentMedia = { rtc: RtcEndpoint; monitors: PublishedMonitor[] };

async function publish(media: MediaOpen): Promise<AgentMedia> {
  const { session_id, epoch } = media;
  const ask: Ask = (name, { endpoint_id: _, ...request }) => {
    if (name === 'endpoint.open') return Promise.resolve(media);
    if (name === 'data.consume') {
      const told = agent.told('input.consume') as { data_consumer: DataConsumer }[];
      const found = told.find(
        ({ data_consumer }) => data_consumer.data_producer_id === request['data_producer_id'],
      );
      return Promise.resolve(found?.data_consumer);
    }
    return agent.ask(name as 'video.produce', { session_id, epoch, ...request } as never);
  };
  const rtc = await RtcEndpoint.open(through(media.router_rtp_capabilities, ask), 'agent');
  endpoints.push(rtc);
  const monitors = [await rtc.publish(1), await rtc.publish(2)];
  await rtc.openChannel('facts');
  await agent.ask('media.ready', { session_id, epoch });
  return { rtc, monitors };
}

const agentMedia = async (epoch: number): Promise<AgentMedia> =>
  publish(
    await until('the agent to get its transports', () =>
      (agent.told('media.open') as MediaOpen[]).find((media) => media.epoch === epoch),
    ),
  );

type ViewerMedia = Awaited<ReturnType<typeof watch>>;

async function watch(viewer: FakeViewer) {
  const joined = await viewer.ask('media.join', {});
  const { epoch } = joined;
  const ask: Ask = (name, { endpoint_id: _, label, ...request }) => {
    if (name === 'endpoint.open') return Promise.resolve(joined);
    if (name === 'data.produce')
      return viewer.ask('input.open', { epoch, channel: label, ...request } as never);
    return viewer.ask(name as 'transport.connect', { epoch, ...request } as never);
  };
  const rtc = await RtcEndpoint.open(through(joined.router_rtp_capabilities, ask), 'agent');
  endpoints.push(rtc);
  const { videos } = await viewer.ask('media.consume', {
    epoch,
    rtp_capabilities: rtc.rtpCapabilities as RtpCapabilities,
  });
  const [video] = videos;
  if (!video) throw new Error('no monitor was offered');
  const packets = await rtc.receive(video.consumer);
  await viewer.ask('video.resume', { epoch, consumer_id: video.consumer.consumer_id });
  return { rtc, packets, epoch, consumerId: video.consumer.consumer_id, videos };
}

/** Frames with that text until one has arrived. */
const seen = (
  monitor: PublishedMonitor,
  { packets }: ViewerMedia,
  text: string,
): Promise<unknown> =>
  until(
    `a frame "${text}" to arrive`,
    () => {
      monitor.sendFrame(monitor.keyframesAsked > 0 ? 'key' : 'delta', text);
      return packets.some((packet) => textOf(packet) === text);
    },
    10_000,
  );

describe('through a real media node', () => {
  it('a picture reaches the viewer and input reaches the agent; a restart of signaling is not noticed; the end is, within a second', async () => {
    const { rtc: agentRtc, monitors } = await agentMedia(1);
    const [monitor] = monitors;
    if (!monitor) throw new Error('nothing was published');
    await gc.inState(created.id, 'live');
    const viewer = await gc.viewer(created);
    const media = await watch(viewer);
    expect(media.videos.map(({ monitor_id }) => monitor_id)).toEqual([1, 2]);
    await seen(monitor, media, 'first');

    const actions = await media.rtc.openChannel('input.actions');
    await until('the agent to be told', () => agent.told('input.consume').length === 1);
    const received = await agentRtc.consumeChannel(actions.id);
    await until('input to arrive', () => {
      actions.send('key');
      return received.messages.includes('key');
    });

    const { last_seq } = await gc.session(created.id);
    await gc.stopSignaling();
    await seen(monitor, media, 'without signaling');
    actions.send('typed without signaling');
    await until('input to arrive', () => received.messages.includes('typed without signaling'));
    await gc.startSignaling();
    await gc.ready();
    await agent.connect();
    expect(agent.hello?.sessions).toMatchObject([{ outcome: 'resumed', epoch: 1 }]);
    await viewer.connect();
    expect(await viewer.hello({ epoch: 1, last_seq })).toMatchObject({ outcome: 'resumed' });
    await seen(monitor, media, 'after');
    await viewer.ask('video.pause', { epoch: 1, consumer_id: media.consumerId });
    expect((await gc.session(created.id)).state).toBe('live');

    const startedMs = performance.now();
    await gc.api('POST', `/sessions/${created.id}/end`, {});
    await until('the channel to be closed', () => received.closed);
    await until('the router to be closed', () => node.counts().routers === 0);
    expect(performance.now() - startedMs).toBeLessThan(1000);
  }, 60_000);

  it('a worker that dies costs a moment: agent and viewer move to another epoch and see again', async () => {
    await agentMedia(1);
    await gc.inState(created.id, 'live');
    const viewer = await gc.viewer(created);
    await watch(viewer);
    for (const pid of node.node.workerPids) process.kill(pid, 'SIGKILL');
    const { epoch } = await until(
      'the viewer to be told',
      () => viewer.told('media.moved')[0] as { epoch: number } | undefined,
      15_000,
    );
    // Above what was; by more than one when a try found no worker yet.
    expect(epoch).toBeGreaterThan(1);
    const { monitors } = await agentMedia(epoch);
    expect(await gc.inState(created.id, 'live')).toMatchObject({ epoch });
    const media = await watch(viewer);
    expect(media.epoch).toBe(epoch);
    const [monitor] = monitors;
    if (monitor) await seen(monitor, media, 'again');
  }, 60_000);
});
