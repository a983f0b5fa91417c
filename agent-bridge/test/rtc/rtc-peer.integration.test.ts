// The agent's sender against a real media node and a real receiver.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { MediaOpen } from '@guruconnect/contract/signal/agent-messages';
import { startTestNode, type TestNode } from '../../../sfu/test/start-test-node.ts';
import type { ControlClient } from '../../../sfu/test/control-client.ts';
import { systemClock } from '../../src/clock.ts';
import { FixedBandwidth, type PacketArrival } from '../../src/rtc/bandwidth.ts';
import type { OutboundChannel } from '../../src/rtc/data-channels.ts';
import type { OutboundVideo } from '../../src/rtc/outbound-video.ts';
import { HEADER_EXTENSION_URIS } from '../../src/rtc/rtp-header.ts';
import { RtcPeer, type PeerNote } from '../../src/rtc/rtc-peer.ts';
import { until } from '../deadline.ts';
import { madeUpFrame, type MadeUpFrame } from './made-up-frames.ts';
import { NodeSession } from './node-session.ts';
import { TestViewer, type ConsumedVideo } from './test-viewer.ts';
import { rtpOf, UdpRelay } from './udp-relay.ts';

const MONITOR = 1;
let node: TestNode;
let control: ControlClient;
let opened: (() => void)[] = [];

beforeAll(async () => {
  node = await startTestNode({ ports: { from: 16_800, to: 16_849 } });
  control = await node.connect();
});
afterEach(() => {
  for (const close of opened.reverse()) close();
  opened = [];
});
afterAll(() => node?.close());

class WatchedBandwidth extends FixedBandwidth {
  readonly arrived: PacketArrival[] = [];
  sent = 0;

  override packetSent(): void {
    this.sent += 1;
  }

  override arrivals(report?: readonly PacketArrival[]): void {
    this.arrived.push(...(report ?? []));
  }
}

interface Sending {
  readonly session: NodeSession;
  readonly peer: RtcPeer;
  readonly facts: OutboundChannel;
  readonly video: OutboundVideo<MadeUpFrame>;
  readonly bandwidth: WatchedBandwidth;
  readonly notes: PeerNote[];
  readonly lost: string[];
  readonly sentFrames: number[];
  keyframesAsked: number;
}

async function startSending(through: (media: MediaOpen) => MediaOpen = (media) => media) {
  const session = await NodeSession.open(control);
  const bandwidth = new WatchedBandwidth(20_000_000);
  const sending = { session, bandwidth, notes: [], lost: [], sentFrames: [], keyframesAsked: 0 };
  const heard = sending as unknown as Sending;
  const { peer, facts } = await RtcPeer.open({
    media: through(await session.openEndpoint('agent')),
    signaling: session.agentSignaling(),
    clock: systemClock,
    bandwidth,
    onLost: (why) => heard.lost.push(why),
    onNote: (note) => heard.notes.push(note),
  });
  opened.push(() => peer.close());
  const video = await peer.produceVideo<MadeUpFrame>(
    { monitor_id: MONITOR, rendition: 'standard' },
    {
      onKeyframeNeeded: () => (heard.keyframesAsked += 1),
      onSent: ({ number }) => heard.sentFrames.push(number),
    },
  );
  video.setPaused(false);
  return Object.assign(heard, { peer, facts, video });
}

async function startWatching({ session }: Sending): Promise<ConsumedVideo> {
  const viewer = await TestViewer.join(session);
  opened.push(() => viewer.close());
  const video = await viewer.consumeVideo(MONITOR);
  await video.resume();
  return video;
}

const inOneFile = ({ data }: MadeUpFrame): Buffer => Buffer.from(data);

describe('a monitor published to the media node', () => {
  it('arrives at a viewer, frame by frame and byte by byte', async () => {
    const sending = await startSending();
    const watched = await startWatching(sending);
    const frames = Array.from({ length: 30 }, (_, i) =>
      madeUpFrame(i + 1, i === 0, i % 7 === 0 ? 40_000 : 300 + i),
    );
    for (const frame of frames) {
      sending.video.send(frame);
      await until(`frame ${frame.number}`, () => watched.frames.length >= frame.number);
    }
    expect(watched.frames.map(({ accessUnit }) => accessUnit)).toEqual(frames.map(inOneFile));
    expect(watched.frames.map(({ timestamp90kHz }) => timestamp90kHz)).toEqual(
      frames.map(({ timestamp90kHz }) => timestamp90kHz),
    );
    expect(sending.sentFrames).toEqual(frames.map(({ number }) => number));
  });

  it('tells the viewer on every packet to show it without delay', async () => {
    const sending = await startSending();
    const watched = await startWatching(sending);
    sending.video.send(madeUpFrame(1, true, 20_000));
    await until('the frame', () => watched.frames.length === 1);
    const id = watched.rtpParameters.headerExtensions?.find(
      ({ uri }) => uri === HEADER_EXTENSION_URIS.playoutDelay,
    )?.id;
    expect(id).toBeGreaterThan(0);
    expect(watched.packets.length).toBeGreaterThan(10);
    for (const { header } of watched.packets) {
      const playoutDelay = header.extensions.find((extension) => extension.id === id);
      expect(playoutDelay?.payload.toString('hex')).toBe('000000');
    }
  });

  it('is asked for a key frame when a viewer resumes', async () => {
    const sending = await startSending();
    // a producer of which nothing came yet has nothing to ask for
    sending.video.send(madeUpFrame(1, true));
    await until('its arrival', () => sending.bandwidth.arrived.length > 0);
    const before = sending.keyframesAsked;
    await startWatching(sending);
    await until('the request', () => sending.keyframesAsked > before);
  });

  it('sends nothing before the key frame that a receiver can begin with', async () => {
    const sending = await startSending();
    expect(sending.video.send(madeUpFrame(1, false))).toBe('waits_for_keyframe');
    expect(sending.video.send(madeUpFrame(2, true))).toBe('sent');
    expect(sending.video.send(madeUpFrame(3, false))).toBe('sent');
    sending.video.setPaused(true);
    expect(sending.video.send(madeUpFrame(4, true))).toBe('paused');
    const before = sending.keyframesAsked;
    sending.video.setPaused(false);
    expect(sending.keyframesAsked).toBe(before + 1);
    expect(sending.video.send(madeUpFrame(5, false))).toBe('waits_for_keyframe');
  });

  it('hears of every packet whether and when it arrived', async () => {
    const sending = await startSending();
    sending.video.send(madeUpFrame(1, true, 60_000));
    await until('the reports', () => {
      const { arrived, sent } = sending.bandwidth;
      return arrived.length >= sent && sent > 50;
    });
    const times = sending.bandwidth.arrived.map(({ receivedAtMs }) => receivedAtMs ?? -1);
    expect(Math.min(...times)).toBeGreaterThanOrEqual(0);
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });

  it('is gone from the node when it is withdrawn', async () => {
    const sending = await startSending();
    await sending.peer.withdrawVideo(MONITOR);
    await sending.peer.withdrawVideo(MONITOR);
    expect(sending.session.asked.filter((name) => name === 'video.withdraw')).toHaveLength(1);
    await expect(startWatching(sending)).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('a path that loses packets', () => {
  it('gets the first packets of a frame of thousands again', async () => {
    const relay = await relayToNode();
    const lostOnce = new Set<number>();
    let first: number | undefined;
    const sending = await startSending((media) => ({
      ...media,
      send_transport: relay.behind(media.send_transport),
    }));
    const watched = await startWatching(sending);
    sending.video.send(madeUpFrame(1, true));
    await until('the first frame', () => watched.frames.length === 1);
    relay.toNode = (packet) => {
      const rtp = rtpOf(packet);
      if (!rtp || rtp.ssrc !== sending.video.ssrc) return false;
      first ??= rtp.sequenceNumber;
      const nth = (rtp.sequenceNumber - first) & 0xffff;
      const lose = nth < 3 && !lostOnce.has(nth);
      if (lose) lostOnce.add(nth);
      return lose;
    };
    const large = madeUpFrame(2, true, 1_400_000);
    sending.video.send(large);
    await until('the large frame', () => watched.frames.length === 2, 20_000);
    expect(lostOnce).toEqual(new Set([0, 1, 2]));
    expect(watched.frames[1]?.packets.length).toBeGreaterThan(1000);
    expect(watched.frames[1]?.accessUnit.equals(inOneFile(large))).toBe(true);
  });

  it('is mended by ICE restarts without a new placement when it dies for a while', async () => {
    const relay = await relayToNode();
    const sending = await startSending((media) => ({
      ...media,
      send_transport: relay.behind(media.send_transport),
    }));
    const watched = await startWatching(sending);
    let number = 0;
    const sender = setInterval(() => sending.video.send(madeUpFrame(++number, true)), 50);
    opened.push(() => clearInterval(sender));
    await until('the picture', () => watched.frames.length > 3);
    relay.toNode = () => true;
    await until('the restart', () => sending.notes.some(({ name }) => name === 'ice_restarted'));
    const seen = watched.frames.length;
    relay.toNode = () => false;
    await until('the picture again', () => watched.frames.length > seen + 3, 20_000);
    expect(sending.lost).toEqual([]);
  });

  it('is given up when it stays dead', async () => {
    const relay = await relayToNode();
    const sending = await startSending((media) => ({
      ...media,
      send_transport: relay.behind(media.send_transport),
    }));
    const sender = setInterval(() => sending.video.send(madeUpFrame(1, true)), 50);
    opened.push(() => clearInterval(sender));
    relay.toNode = () => true;
    await until('the loss', () => sending.lost.length > 0, 40_000);
    expect(sending.lost).toHaveLength(1);
  });

  async function relayToNode(): Promise<UdpRelay> {
    const relay = await UdpRelay.open();
    opened.push(() => relay.close());
    return relay;
  }
});

describe('data', () => {
  it('reaches every viewer as a fact', async () => {
    const sending = await startSending();
    const viewer = await TestViewer.join(sending.session);
    opened.push(() => viewer.close());
    await viewer.consumeFacts();
    expect(sending.facts.send(Buffer.of(1, 2))).toBe(true);
    await until('the fact', () => viewer.facts.length === 1);
    expect(viewer.facts).toEqual([{ kind: 'cursor_hidden' }]);
  });

  it('reaches the agent as the bytes that a viewer sent, and its end is heard once', async () => {
    const sending = await startSending();
    const viewer = await TestViewer.join(sending.session);
    opened.push(() => viewer.close());
    const { producer, agentConsumer } = await viewer.openInput('input.actions');
    const received: Uint8Array[] = [];
    let gone = 0;
    await sending.peer.consumeInput(agentConsumer, {
      onBytes: (bytes) => received.push(Uint8Array.from(bytes)),
      onGone: () => (gone += 1),
    });
    producer.send(Buffer.of(1, 2, 3));
    producer.send('text is no input');
    producer.send(Buffer.of(4));
    await until('three messages', () => received.length === 3);
    expect(received).toEqual([Uint8Array.of(1, 2, 3), Uint8Array.of(), Uint8Array.of(4)]);
    await sending.session.closeEndpoint(viewer.viewerId);
    await until('the end', () => gone === 1);
  });

  it('can be opened again and again by the same viewer', async () => {
    const sending = await startSending();
    for (let i = 0; i < 3; i += 1) {
      const viewer = await TestViewer.join(sending.session);
      opened.push(() => viewer.close());
      const { producer, agentConsumer } = await viewer.openInput('input.moves');
      let received = 0;
      let gone = 0;
      const channel = await sending.peer.consumeInput(agentConsumer, {
        onBytes: () => (received += 1),
        onGone: () => (gone += 1),
      });
      producer.send(Buffer.of(i));
      await until('the message', () => received === 1);
      if (i === 1) channel.close();
      await sending.session.closeEndpoint(viewer.viewerId);
      if (i !== 1) await until('the end', () => gone === 1);
    }
  });
});
