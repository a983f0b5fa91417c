// The agent's end of one placement of a session: two transports to its media node, and what travels
// on them. mediasoup-client over werift. It speaks with signaling through the interface it is given
// and knows no sessions. A new placement gets a new RtcPeer; owned by AgentSession.
import { Device, type types } from 'mediasoup-client';
import type { RTCRtpSender } from 'werift';
import type { AgentChannel } from '@guruconnect/contract/signal/channels';
import { renditionTraits, videoKey, VideoRef } from '@guruconnect/contract/rendition';
import type { MediaOpen } from '@guruconnect/contract/signal/agent-messages';
import type {
  DataConsumer,
  DtlsParameters,
  IceServer,
  RtpParameters,
  SctpStreamParameters,
  TransportOptions,
} from '@guruconnect/contract/signal/rtc-parameters';
import { AGENT_CHANNELS } from '@guruconnect/contract/signal/channels';
import type { Clock } from '../clock.ts';
import type { Bandwidth } from './bandwidth.ts';
import { InboundChannel, OutboundChannel, type InboundListeners } from './data-channels.ts';
import { OutboundTransport } from './outbound-transport.ts';
import { OutboundVideo, type OutboundFrame, type OutboundVideoOptions } from './outbound-video.ts';
import { PathKeeper, type KeptTransport } from './path-keeper.ts';
import { WeriftWire } from './rtp-wire.ts';
import { installWebRtc, PROFILE_LEVEL_IDS } from './web-rtc.ts';

/** What the peer asks of the other side; each rejects with a GcError when it is refused. */
export interface PeerSignaling {
  connectTransport(transportId: string, dtls: DtlsParameters): Promise<void>;
  restartIce(
    transportId: string,
  ): Promise<{ ice_parameters: types.IceParameters; ice_servers: IceServer[] }>;
  produceVideo(video: VideoRef, rtpParameters: RtpParameters): Promise<string>;
  withdrawVideo(monitorId: number): Promise<void>;
  produceData(label: AgentChannel, stream: SctpStreamParameters): Promise<string>;
}

export interface RtcPeerOptions {
  readonly media: MediaOpen;
  readonly signaling: PeerSignaling;
  readonly clock: Clock;
  readonly bandwidth: Bandwidth;
  /** Once: nothing gets through any more and a new placement of media is needed. */
  readonly onLost: (why: string) => void;
  readonly onNote: (note: PeerNote) => void;
}

/** For logs. */
export type PeerNote =
  | { readonly name: 'connected'; readonly transport: Direction; readonly afterMs: number }
  | { readonly name: 'ice_restarted'; readonly transport: Direction }
  | {
      readonly name: 'ice_restart_refused';
      readonly transport: Direction;
      readonly error: unknown;
    };

type Direction = 'send' | 'recv';

/** ICE and DTLS on a slow path; then the placement is given up. */
const CONNECT_TIMEOUT_MS = 15_000;
/** No stream of the media node gets so high a number: mediasoup counts from 0 and offers 1024. */
const WARM_UP_STREAM_ID = 1023;
/** A TURN server that does not answer holds up the other candidates for so long. */
const TURN_TIMEOUT_S = 3;

export class RtcPeer {
  readonly #options: RtcPeerOptions;
  readonly #device: Device;
  readonly #send: types.Transport;
  readonly #recv: types.Transport;
  /** By `videoKey`. */
  readonly #producers = new Map<string, types.Producer>();
  readonly #startedAtMs: number;
  #outbound: OutboundTransport | undefined;
  #stopRtcp: (() => void) | undefined;
  #path: PathKeeper | undefined;
  #closed = false;

  private constructor(options: RtcPeerOptions, device: Device) {
    this.#options = options;
    this.#device = device;
    this.#startedAtMs = options.clock.nowMs();
    const { send_transport, recv_transport } = options.media;
    this.#send = this.#bind('send', device.createSendTransport(this.#settings(send_transport)));
    this.#recv = this.#bind('recv', device.createRecvTransport(this.#settings(recv_transport)));
  }

  /**
   * Both transports are connected and the facts channel is open when this resolves.
   * @throws when the media node or signaling refuses, or the path cannot be made in time; then
   * nothing is left behind.
   */
  static async open(options: RtcPeerOptions): Promise<{ peer: RtcPeer; facts: OutboundChannel }> {
    await installWebRtc();
    const device = await Device.factory({ handlerName: 'Chrome111' });
    const { router_rtp_capabilities } = options.media;
    await device.load({ routerRtpCapabilities: router_rtp_capabilities as types.RtpCapabilities });
    const peer = new RtcPeer(options, device);
    try {
      const [facts] = await Promise.all([peer.#openFacts(), peer.#warmUpReceiving()]);
      peer.#keepPath();
      return { peer, facts };
    } catch (error) {
      peer.close();
      throw error;
    }
  }

  /** Published, and paused until told otherwise. A second one of a rendition replaces the first. */
  async produceVideo<Frame extends OutboundFrame>(
    video: VideoRef,
    options: Pick<OutboundVideoOptions<Frame>, 'onKeyframeNeeded' | 'onSent'>,
  ): Promise<OutboundVideo<Frame>> {
    const profile = PROFILE_LEVEL_IDS[renditionTraits(video.rendition).chroma];
    const codec = this.#device.sendRtpCapabilities.codecs?.find(
      ({ parameters }) =>
        profileOf((parameters as { 'profile-level-id'?: unknown })['profile-level-id']) ===
        profileOf(profile),
    );
    if (!codec) throw new Error(`the media node takes no H.264 of profile ${profile}`);
    const producer = await this.#send.produce({
      track: new MediaStreamTrack({ kind: 'video' }),
      codec,
      stopTracks: false,
      appData: video,
    });
    this.#producers.get(videoKey(video))?.close();
    this.#producers.set(videoKey(video), producer);
    return new OutboundVideo<Frame>({
      rtpParameters: producer.rtpParameters,
      transport: this.#outboundTransport(producer),
      clock: this.#options.clock,
      onKeyframeNeeded: options.onKeyframeNeeded,
      onSent: options.onSent,
    });
  }

  /** All renditions of the monitor. Idempotent. */
  async withdrawVideo(monitorId: number): Promise<void> {
    const producers = [...this.#producers].filter(
      ([, { appData }]) => VideoRef.parse(appData).monitor_id === monitorId,
    );
    if (producers.length === 0) return;
    for (const [key, producer] of producers) {
      this.#producers.delete(key);
      producer.close();
    }
    await this.#options.signaling.withdrawVideo(monitorId);
  }

  /** What a viewer sends on a channel that signaling announced. */
  async consumeInput(channel: DataConsumer, listeners: InboundListeners): Promise<InboundChannel> {
    const consumer = await this.#recv.consumeData({
      id: channel.data_consumer_id,
      dataProducerId: channel.data_producer_id,
      sctpStreamParameters: channel.sctp_stream_parameters as types.SctpStreamParameters,
      label: channel.label,
    });
    return new InboundChannel(consumer, listeners);
  }

  /** Idempotent. The media node is not told: it sees the transports close, or is told by signaling. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#path?.close();
    this.#stopRtcp?.();
    this.#outbound?.close();
    this.#send.close();
    this.#recv.close();
    this.#producers.clear();
  }

  #settings(transport: TransportOptions): types.TransportOptions {
    const loopback = transport.iceCandidates.some(({ address }) => isLoopback(address));
    return {
      ...(transport as types.TransportOptions),
      iceServers: this.#options.media.ice_servers as types.TransportOptions['iceServers'] & object,
      additionalSettings: {
        iceUseIpv6: transport.iceCandidates.some(({ address }) => address.includes(':')),
        iceTurnConnectTimeout: TURN_TIMEOUT_S,
        // werift does not use the loopback interface by itself.
        ...(loopback ? { iceAdditionalHostAddresses: ['127.0.0.1'] } : {}),
      } as types.TransportOptions['additionalSettings'] & object,
    };
  }

  #bind(direction: Direction, transport: types.Transport): types.Transport {
    const { signaling, onNote, clock } = this.#options;
    transport.on('connect', ({ dtlsParameters }, callback, errback) => {
      signaling.connectTransport(transport.id, dtlsParameters).then(callback, errback);
    });
    transport.on('produce', ({ rtpParameters, appData }, callback, errback) => {
      signaling
        .produceVideo(VideoRef.parse(appData), rtpParameters as RtpParameters)
        .then((id) => callback({ id }), errback);
    });
    transport.on('producedata', ({ label, sctpStreamParameters }, callback, errback) => {
      signaling
        .produceData(label as AgentChannel, sctpStreamParameters as SctpStreamParameters)
        .then((id) => callback({ id }), errback);
    });
    transport.on('connectionstatechange', (state) => {
      if (state === 'connected')
        onNote({
          name: 'connected',
          transport: direction,
          afterMs: Math.round(clock.nowMs() - this.#startedAtMs),
        });
      if (state === 'failed') this.#lost(`the ${direction} transport failed`);
    });
    return transport;
  }

  async #openFacts(): Promise<OutboundChannel> {
    const producer = await this.#send.produceData({ label: 'facts', ...AGENT_CHANNELS.facts });
    await this.#opened(producer, 'send');
    return new OutboundChannel(producer);
  }

  /**
   * mediasoup-client connects a receiving transport when the first thing is received. That would be
   * a viewer's first input, 150 ms late; so it is made to believe in a channel that nobody uses.
   */
  async #warmUpReceiving(): Promise<void> {
    const consumer = await this.#recv.consumeData({
      id: 'warm-up',
      dataProducerId: 'warm-up',
      sctpStreamParameters: { streamId: WARM_UP_STREAM_ID },
      label: 'warm-up',
    });
    await this.#opened(consumer, 'recv');
  }

  /** @throws Error when it does not open in time, or closes. */
  async #opened(channel: types.DataProducer | types.DataConsumer, which: Direction): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const cancel = this.#options.clock.after(CONNECT_TIMEOUT_MS, () =>
      reject(new Error(`the ${which} transport did not connect in time`)),
    );
    const closed = (): void => reject(new Error(`the ${which} transport closed`));
    const emitter = channel as types.DataConsumer;
    emitter.on('open', resolve);
    emitter.on('close', closed);
    emitter.on('transportclose', closed);
    if (channel.readyState === 'open') resolve();
    try {
      await promise;
    } finally {
      cancel();
      emitter.off('open', resolve);
      emitter.off('close', closed);
      emitter.off('transportclose', closed);
    }
  }

  /** The first producer brings werift's transport to light; all others share it (BUNDLE). */
  #outboundTransport(producer: types.Producer): OutboundTransport {
    if (this.#outbound) return this.#outbound;
    // mediasoup-client gives the sender of the RTCPeerConnection it found, which is werift's.
    const dtls = (producer.rtpSender as unknown as RTCRtpSender).transport;
    const { clock, bandwidth } = this.#options;
    const outbound = new OutboundTransport({ wire: new WeriftWire(dtls), clock, bandwidth });
    const { unSubscribe } = dtls.onRtcp.subscribe((packet) => outbound.hear(packet));
    this.#stopRtcp = unSubscribe;
    this.#outbound = outbound;
    return outbound;
  }

  #keepPath(): void {
    const { signaling, clock, onNote } = this.#options;
    const nameOf = ({ id }: KeptTransport): Direction => (id === this.#send.id ? 'send' : 'recv');
    this.#path = new PathKeeper({
      transports: [this.#send, this.#recv] as KeptTransport[],
      counters: () => this.#outbound?.counters,
      restartIce: (transportId) => signaling.restartIce(transportId),
      onRestarted: (transport) => onNote({ name: 'ice_restarted', transport: nameOf(transport) }),
      onRefused: (transport, error) =>
        onNote({ name: 'ice_restart_refused', transport: nameOf(transport), error }),
      onLost: (why) => this.#lost(why),
      clock,
    });
  }

  #lost(why: string): void {
    if (this.#closed) return;
    this.close();
    this.#options.onLost(why);
  }
}

/** The first two bytes say the profile, the third the level. */
const profileOf = (profileLevelId: unknown): string => String(profileLevelId).slice(0, 4);

const isLoopback = (address: string): boolean => address === '::1' || address.startsWith('127.');
