// One placement of a session's media, from one `media.open` to the next: the peer on its node, the
// facts channel, a producer for each rendition of each monitor, and the word that they are there. Owned by
// AgentSession, which closes it; it ends by itself only by telling that it is lost.
import { GcError } from '@guruconnect/contract/errors';
import type { SessionId } from '@guruconnect/contract/ids';
import type { Topology } from '@guruconnect/contract/monitor';
import { FULL_RENDITIONS, type Rendition, type VideoRef } from '@guruconnect/contract/rendition';
import type { MediaOpen } from '@guruconnect/contract/signal/agent-messages';
import type { DataConsumer } from '@guruconnect/contract/signal/rtc-parameters';
import type { Clock } from '../clock.ts';
import type { Logger } from '../logger.ts';
import type { EncodedFrame } from '../media/frame.ts';
import type { Bandwidth } from '../rtc/bandwidth.ts';
import type { InboundChannel, InboundListeners, OutboundChannel } from '../rtc/data-channels.ts';
import type { OutboundVideo } from '../rtc/outbound-video.ts';
import { RtcPeer, type PeerSignaling } from '../rtc/rtc-peer.ts';
import { MonitorPublisher } from './monitor-publisher.ts';
import type { Signaling } from './signaling.ts';

export interface PlacementListeners {
  /** Once: nothing gets through any more. */
  readonly onLost: (why: string) => void;
  readonly onPublished: () => void;
  /** Signaling knows that every monitor is published to work with. */
  readonly onReady: () => void;
  readonly onKeyframeNeeded: (video: VideoRef) => void;
  readonly onSent: (monitorId: number, frame: EncodedFrame) => void;
  /** What the path carries, at first and at each change. */
  readonly onPath: (bps: number) => void;
}

export interface PlacementOptions {
  readonly media: MediaOpen;
  readonly signaling: Signaling;
  readonly bandwidth: Bandwidth;
  readonly topology: () => Topology;
  /** What is published of each monitor. */
  readonly renditions: readonly Rendition[];
  readonly listeners: PlacementListeners;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Also said again at once when signaling comes back. */
const READY_AGAIN_MS = 2000;

export class Placement {
  readonly epoch: number;
  readonly facts: OutboundChannel;
  readonly #options: PlacementOptions;
  readonly #peer: RtcPeer;
  readonly #publisher: MonitorPublisher<OutboundVideo<EncodedFrame>>;
  readonly #stopBandwidth: () => void;
  #ready = false;
  #telling: Promise<void> | undefined;
  #cancelRetry: (() => void) | undefined;
  #closed = false;

  private constructor(options: PlacementOptions, peer: RtcPeer, facts: OutboundChannel) {
    const { bandwidth, clock, listeners, logger, media, renditions, topology } = options;
    this.epoch = media.epoch;
    this.facts = facts;
    this.#options = options;
    this.#peer = peer;
    this.#publisher = new MonitorPublisher<OutboundVideo<EncodedFrame>>({
      topology,
      renditions,
      produce: (video) =>
        peer.produceVideo<EncodedFrame>(video, {
          onKeyframeNeeded: () => listeners.onKeyframeNeeded(video),
          onSent: (frame) => listeners.onSent(video.monitor_id, frame),
        }),
      withdraw: (id) => peer.withdrawVideo(id),
      onPublished: () => {
        listeners.onPublished();
        // Nobody has to wait for thumbnails to see the monitor.
        if (this.#canBeReady) void this.#tellReady();
      },
      clock,
      logger,
    });
    listeners.onPath(bandwidth.targetBps);
    this.#stopBandwidth = bandwidth.onTarget((bps) => {
      logger.debug({ bps }, 'path');
      listeners.onPath(bps);
    });
  }

  /** Both transports are connected and the facts channel is open when this resolves. @throws */
  static async open(options: PlacementOptions): Promise<Placement> {
    const { bandwidth, clock, listeners, logger, media, signaling } = options;
    const { session_id, epoch } = media;
    const { peer, facts } = await RtcPeer.open({
      media,
      signaling: peerSignaling(signaling, { session_id, epoch }),
      clock,
      bandwidth,
      onLost: listeners.onLost,
      onNote: ({ name, ...note }) => logger.info(note, name),
    });
    return new Placement(options, peer, facts);
  }

  /** How packets fare between here and the media node. */
  get hop(): Bandwidth['hop'] {
    return this.#options.bandwidth.hop;
  }

  /** By `videoKey`. */
  get videos(): ReadonlyMap<string, OutboundVideo<EncodedFrame>> {
    return this.#publisher.videos;
  }

  /** As RTCP tells it; undefined while nothing is sent. */
  get nodeRttMs(): number | undefined {
    for (const { rttMs } of this.videos.values()) if (rttMs !== undefined) return rttMs;
    return undefined;
  }

  /** After a change of monitors. */
  followMonitors(): void {
    void this.#publisher.align();
  }

  /** Publishes every monitor there is, then says so; both are repeated until done. Never rejects. */
  async publish(): Promise<void> {
    await this.#publisher.align();
    await this.#tellReady();
  }

  get #canBeReady(): boolean {
    const { renditions } = this.#options;
    return this.#publisher.hasAll(FULL_RENDITIONS.filter((each) => renditions.includes(each)));
  }

  #tellReady(): Promise<void> {
    this.#telling ??= this.#askReady().finally(() => {
      this.#telling = undefined;
    });
    return this.#telling;
  }

  async #askReady(): Promise<void> {
    const { clock, listeners, logger, media, signaling } = this.#options;
    if (this.#closed || this.#ready) return;
    const { session_id, epoch } = media;
    try {
      await signaling.ask('media.ready', { session_id, epoch });
    } catch (err) {
      logger.warn({ err }, 'media.ready was not heard; saying it again');
      this.#cancelRetry?.();
      if (!this.#closed) this.#cancelRetry = clock.after(READY_AGAIN_MS, () => void this.publish());
      return;
    }
    if (this.#closed || this.#ready) return;
    this.#ready = true;
    logger.info({ videos: this.videos.size }, 'monitors published');
    listeners.onReady();
  }

  consumeInput(offered: DataConsumer, listeners: InboundListeners): Promise<InboundChannel> {
    if (this.#closed) throw new GcError('illegal_transition', 'There are no transports now');
    return this.#peer.consumeInput(offered, listeners);
  }

  /** Idempotent; nothing is told afterwards. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelRetry?.();
    this.#stopBandwidth();
    this.#publisher.close();
    this.facts.close();
    this.#peer.close();
  }
}

type Fence = { readonly session_id: SessionId; readonly epoch: number };

/** What a peer asks, with the fence of its placement. */
function peerSignaling(signaling: Signaling, fence: Fence): PeerSignaling {
  return {
    connectTransport: async (transport_id, dtls_parameters) => {
      await signaling.ask('transport.connect', { ...fence, transport_id, dtls_parameters });
    },
    restartIce: (transport_id) =>
      signaling.ask('transport.restart_ice', { ...fence, transport_id }),
    produceVideo: async (video, rtp_parameters) =>
      (await signaling.ask('video.produce', { ...fence, ...video, rtp_parameters })).producer_id,
    withdrawVideo: async (monitor_id) => {
      await signaling.ask('video.withdraw', { ...fence, monitor_id });
    },
    produceData: async (label, sctp_stream_parameters) =>
      (await signaling.ask('data.produce', { ...fence, label, sctp_stream_parameters }))
        .data_producer_id,
  };
}
