// One session that really runs, without a screen: a machine and a viewer with real ICE, DTLS and SRTP
// through the real media node, frames of a few bytes thirty times a second. Cheap enough for many.
import type { CreatedSession } from '@guruconnect/contract/http/v1/sessions';
import type { MediaOpen } from '@guruconnect/contract/signal/agent-messages';
import type { RtpCapabilities } from '@guruconnect/contract/signal/rtc-parameters';
import type { ASession } from '../../../sfu/test/a-session.ts';
import { RtcEndpoint, type PublishedMonitor } from '../../../sfu/test/rtc-endpoint.ts';
import { FakeAgent } from '../../../signaling/test/fake-agent.ts';
import { FakeViewer } from '../../../signaling/test/fake-viewer.ts';
import { until } from '../../stack/until.ts';
import type { World } from '../../trust/world.ts';

const FRAME_MS = 33;
/** A few sessions start at a time, on whatever machine this is. */
const PATIENCE_MS = 30_000;

type Ask = (name: string, request: Record<string, unknown>) => Promise<unknown>;

/** RtcEndpoint speaks to a node; here it speaks to signaling, which passes its words on. */
const through = (capabilities: RtpCapabilities, ask: Ask): ASession =>
  ({
    describe: () => Promise.resolve({ router_rtp_capabilities: capabilities }),
    ask,
  }) as unknown as ASession;

export class RunningSession {
  readonly deviceId: string;
  readonly created: CreatedSession;
  readonly viewerId: string;
  readonly #opened: AsyncDisposableStack;
  readonly #lastPacketMs: () => number;

  private constructor(
    parts: Pick<RunningSession, 'deviceId' | 'created' | 'viewerId'>,
    lastPacketMs: () => number,
    opened: AsyncDisposableStack,
  ) {
    this.deviceId = parts.deviceId;
    this.created = parts.created;
    this.viewerId = parts.viewerId;
    this.#lastPacketMs = lastPacketMs;
    this.#opened = opened;
  }

  /** Resolves when frames arrive at the viewer. */
  static async start(world: World, deviceId: string): Promise<RunningSession> {
    await using opened = new AsyncDisposableStack();
    const { baseUrl } = world.stack;
    const identity = await world.identityOf(deviceId);
    const agent = new FakeAgent({ url: baseUrl, identity, publishes: false });
    opened.defer(() => {
      agent.close();
    });
    await agent.connect();
    const created = await world.contract.sessions.create({
      device_id: deviceId,
      mode: 'unattended',
      technician: { id: 'tech-1', name: 'Ada Example' },
      grants: ['view'],
    });
    const monitor = await publish(agent, opened);
    const invitation = { session_id: created.id, code: created.viewer.code };
    const viewer = await FakeViewer.join(baseUrl, invitation);
    opened.defer(() => {
      viewer.close();
    });
    const packets = await watch(viewer, opened);
    let lastPacketMs = 0;
    let seen = 0;
    const sending = setInterval(() => {
      monitor.sendFrame(monitor.keyframesAsked > 0 ? 'key' : 'delta', 'frame');
    }, FRAME_MS);
    opened.defer(() => {
      clearInterval(sending);
    });
    // Node's clock of arrivals, to the turn of the event loop that brought them.
    const { push } = packets;
    packets.push = (...arrived) => {
      seen += arrived.length;
      lastPacketMs = performance.now();
      return push.apply(packets, arrived);
    };
    await until('frames to arrive', () => seen > 3, PATIENCE_MS);
    const { viewers } = await world.contract.viewers.list({ session_id: created.id });
    const [present] = viewers;
    if (!present) throw new Error('the session has no viewer');
    return new RunningSession(
      { deviceId, created, viewerId: present.id },
      () => lastPacketMs,
      opened.move(),
    );
  }

  /** When the viewer got its last packet, on the clock of performance.now(). */
  get lastPacketMs(): number {
    return this.#lastPacketMs();
  }

  close(): Promise<void> {
    return this.#opened.disposeAsync();
  }
}

async function publish(agent: FakeAgent, opened: AsyncDisposableStack): Promise<PublishedMonitor> {
  const media = await until(
    'the agent to get its transports',
    () => (agent.told('media.open') as MediaOpen[])[0],
    PATIENCE_MS,
  );
  const { session_id, epoch } = media;
  const ask: Ask = (name, { endpoint_id: _, ...request }) =>
    name === 'endpoint.open'
      ? Promise.resolve(media)
      : agent.ask(name as 'video.produce', { session_id, epoch, ...request } as never);
  const rtc = await RtcEndpoint.open(through(media.router_rtp_capabilities, ask), 'agent');
  opened.defer(() => {
    rtc.close();
  });
  const monitor = await rtc.publish(1);
  await rtc.openChannel('facts');
  await agent.ask('media.ready', { session_id, epoch });
  return monitor;
}

async function watch(viewer: FakeViewer, opened: AsyncDisposableStack) {
  const joined = await viewer.ask('media.join', {});
  const { epoch } = joined;
  const ask: Ask = (name, { endpoint_id: _, ...request }) =>
    name === 'endpoint.open'
      ? Promise.resolve(joined)
      : viewer.ask(name as 'transport.connect', { epoch, ...request } as never);
  const rtc = await RtcEndpoint.open(through(joined.router_rtp_capabilities, ask), 'agent');
  opened.defer(() => {
    rtc.close();
  });
  const video = await until('a monitor to be offered', async () => {
    const { videos } = await viewer.ask('media.consume', {
      epoch,
      rtp_capabilities: rtc.rtpCapabilities as RtpCapabilities,
    });
    return videos[0];
  });
  const packets = await rtc.receive(video.consumer);
  await viewer.ask('video.resume', { epoch, consumer_id: video.consumer.consumer_id });
  return packets;
}
