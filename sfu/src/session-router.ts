// One session on this node: one mediasoup router, its endpoints, and the rules between them. The
// gate (consent), the input grant, who may send what: refused here, before an endpoint is asked.
// Owned by MediaNode, which checks the fence and lets the commands of a session in one by one.
import type { types } from 'mediasoup';
import { GcError } from '@guruconnect/contract/errors';
import type { SessionId } from '@guruconnect/contract/ids';
import type {
  EndpointDescription,
  EndpointId,
  EndpointStats,
} from '@guruconnect/contract/media-node/node-messages';
import type { MonitorId } from '@guruconnect/contract/monitor';
import type { VideoRef } from '@guruconnect/contract/rendition';
import type {
  RtpCapabilities,
  RtpParameters,
  SctpStreamParameters,
  TransportOptions,
} from '@guruconnect/contract/signal/rtc-parameters';
import { checkConsumable, checkProducible, isInput, type ChannelLabel } from './channel-rules.ts';
import type { ConnectionState } from './connection-state.ts';
import type { EndpointTransport } from './endpoint-transport.ts';
import { Endpoint } from './endpoint.ts';
import { roomFor, type SessionLimits } from './limits.ts';
import type { Logger } from './logger.ts';
import {
  offeredCapabilities,
  producibleVideo,
  ROUTER_CODECS,
  usableCapabilities,
} from './media-codecs.ts';
import { askWorker } from './media-errors.ts';
import type { MediaWorker } from './media-worker.ts';
import { ReadOnce } from './read-once.ts';

export type SessionFacts = {
  readonly onConnection: (endpointId: EndpointId, state: NonNullable<ConnectionState>) => void;
  readonly onVideoClosed: (endpointId: EndpointId, video: VideoRef, consumerId: string) => void;
};

export type SessionRouterOptions = {
  readonly sessionId: SessionId;
  readonly epoch: number;
  readonly worker: MediaWorker;
  readonly limits: SessionLimits;
  readonly facts: SessionFacts;
  readonly logger: Logger;
};

const AGENT: EndpointId = 'agent';

/** Rates of mediasoup are over some seconds: reading them more often tells nothing new. */
const STATS_KEPT_MS = 1000;

export type SessionStats = { readonly at_ms: number; readonly endpoints: EndpointStats[] };

export class SessionRouter {
  readonly sessionId: SessionId;
  readonly epoch: number;
  readonly worker: MediaWorker;
  readonly routerRtpCapabilities: RtpCapabilities;

  readonly #options: SessionRouterOptions;
  readonly #router: types.Router;
  readonly #endpoints = new Map<EndpointId, Endpoint>();
  readonly #stats = new ReadOnce<SessionStats>(STATS_KEPT_MS);
  #gateOpen = false;
  #closed = false;

  private constructor(options: SessionRouterOptions, router: types.Router) {
    this.#options = options;
    this.#router = router;
    this.sessionId = options.sessionId;
    this.epoch = options.epoch;
    this.worker = options.worker;
    this.routerRtpCapabilities = offeredCapabilities(router.rtpCapabilities);
  }

  /** With its gate closed. @throws GcError `media_failed` when the worker cannot. */
  static async open(options: SessionRouterOptions): Promise<SessionRouter> {
    const router = await askWorker('create router', () =>
      options.worker.worker.createRouter({
        mediaCodecs: ROUTER_CODECS,
        appData: { sessionId: options.sessionId },
      }),
    );
    // The worker may have died between its answer and this line.
    if (router.closed) throw new GcError('media_failed', 'the media worker died');
    return new SessionRouter(options, router);
  }

  get gateOpen(): boolean {
    return this.#gateOpen;
  }

  get endpoints(): ReadonlyMap<EndpointId, Endpoint> {
    return this.#endpoints;
  }

  describe(): {
    epoch: number;
    gate_open: boolean;
    router_rtp_capabilities: RtpCapabilities;
    endpoints: EndpointDescription[];
  } {
    return {
      epoch: this.epoch,
      gate_open: this.#gateOpen,
      router_rtp_capabilities: this.routerRtpCapabilities,
      endpoints: [...this.#endpoints.values()].map((endpoint) => endpoint.describe()),
    };
  }

  /** @throws GcError `media_failed`. */
  stats(): Promise<SessionStats> {
    return this.#stats.read(async () => ({
      at_ms: Date.now(),
      endpoints: await Promise.all([...this.#endpoints.values()].map((each) => each.stats())),
    }));
  }

  /** Closing it takes back everything that needed it open: what is seen and what is typed. */
  setGate(open: boolean): void {
    if (open === this.#gateOpen) return;
    this.#gateOpen = open;
    this.#options.logger.info({ gate_open: open }, 'session gate');
    if (open) return;
    for (const endpoint of this.#endpoints.values()) {
      endpoint.closeConsumers();
      this.#closeInput(endpoint);
    }
  }

  /** Makes an endpoint, or replaces its transports and all that hung on them. */
  async openEndpoint(
    id: EndpointId,
    maySendInput: boolean,
  ): Promise<{ send_transport: TransportOptions; recv_transport: TransportOptions }> {
    const old = this.#endpoints.get(id);
    if (!old)
      roomFor('endpoints of a session', this.#endpoints.size, this.#options.limits.endpoints);
    const { facts } = this.#options;
    const endpoint = await Endpoint.open({
      id,
      router: this.#router,
      webRtcServer: this.worker.webRtcServer,
      maySendInput,
      facts: {
        onConnection: (state) => facts.onConnection(id, state),
        onVideoClosed: (video, consumerId) => facts.onVideoClosed(id, video, consumerId),
      },
    });
    // Only now: had the new transports failed, the old ones would still serve.
    if (old) this.#remove(old);
    this.#endpoints.set(id, endpoint);
    this.#options.logger.info({ endpoint_id: id, replaced: old !== undefined }, 'endpoint opened');
    return endpoint.transportOptions;
  }

  closeEndpoint(id: EndpointId, reason: string): void {
    const endpoint = this.#endpoints.get(id);
    if (!endpoint) return;
    this.#remove(endpoint);
    this.#options.logger.info({ endpoint_id: id, reason }, 'endpoint closed');
  }

  allowInput(id: EndpointId, allowed: boolean): void {
    const endpoint = this.#endpoint(id);
    endpoint.maySendInput = allowed;
    if (!allowed) this.#closeInput(endpoint);
  }

  transport(id: EndpointId, transportId: string): EndpointTransport {
    return this.#endpoint(id).transportById(transportId);
  }

  async produceVideo(video: VideoRef, rtpParameters: RtpParameters): Promise<string> {
    const agent = this.#endpoint(AGENT);
    const checked = producibleVideo(rtpParameters);
    if (!agent.video(video))
      roomFor('videos of a session', agent.videos.length, this.#options.limits.videos);
    this.#closeVideoConsumers(video);
    return await agent.produceVideo(video, checked);
  }

  /** All renditions of a monitor. */
  withdrawVideo(monitorId: MonitorId): void {
    const agent = this.#endpoints.get(AGENT);
    for (const video of agent?.videos ?? []) {
      if (video.monitor_id !== monitorId) continue;
      this.#closeVideoConsumers(video);
      agent?.withdrawVideo(video);
    }
  }

  async consumeVideo(
    id: EndpointId,
    video: VideoRef,
    rtpCapabilities: RtpCapabilities,
  ): Promise<types.Consumer> {
    this.#requireGate();
    if (id === AGENT) throw new GcError('invalid_request', 'the agent does not consume video');
    const endpoint = this.#endpoint(id);
    const producer = this.#endpoints.get(AGENT)?.video(video);
    if (!producer)
      throw new GcError('not_found', `${video.rendition} ${video.monitor_id} is not published`);
    const usable = usableCapabilities(rtpCapabilities);
    await askWorker('check rtp_capabilities', async () => {
      if (!this.#router.canConsume({ producerId: producer.id, rtpCapabilities: usable }))
        throw new GcError('invalid_request', 'rtp_capabilities have no codec of this video');
    });
    return await endpoint.consumeVideo(video, producer, usable);
  }

  async setVideoPaused(id: EndpointId, consumerId: string, paused: boolean): Promise<void> {
    const consumer = this.#endpoint(id).videoConsumer(consumerId);
    await askWorker('pause or resume', () => (paused ? consumer.pause() : consumer.resume()));
  }

  /** Pausing makes mediasoup forget the packets it keeps for repair (RtpStreamSend::Pause). */
  async restartVideo(id: EndpointId, consumerId: string): Promise<void> {
    const consumer = this.#endpoint(id).videoConsumer(consumerId);
    if (consumer.paused) return;
    await askWorker('pause and resume', async () => {
      await consumer.pause();
      await consumer.resume();
    });
  }

  async requestKeyframe(id: EndpointId, consumerId: string): Promise<void> {
    const consumer = this.#endpoint(id).videoConsumer(consumerId);
    await askWorker('request key frame', () => consumer.requestKeyFrame());
  }

  async produceData(
    id: EndpointId,
    label: ChannelLabel,
    stream: SctpStreamParameters,
  ): Promise<string> {
    const endpoint = this.#endpoint(id);
    checkProducible(id, label, stream);
    if (isInput(label)) {
      this.#requireGate();
      if (!endpoint.maySendInput) throw new GcError('grant_missing', `${id} may not send input`);
    }
    for (const [other, producer] of endpoint.dataProducers)
      if (other !== label && producer.sctpStreamParameters?.streamId === stream.streamId)
        throw new GcError(
          'invalid_request',
          `streamId ${stream.streamId} carries ${other} already`,
        );
    this.#closeDataConsumers(endpoint.dataProducers.get(label)?.id);
    const { streamId, ordered, maxRetransmits } = stream;
    return await endpoint.produceData(label, { streamId, ordered, maxRetransmits });
  }

  async consumeData(id: EndpointId, dataProducerId: string): Promise<types.DataConsumer> {
    this.#requireGate();
    const endpoint = this.#endpoint(id);
    const producer = this.#dataProducer(dataProducerId);
    checkConsumable(id, producer.label);
    return await endpoint.consumeData(producer);
  }

  /** Idempotent. */
  close(reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    // Transports one by one: of those that end with their router, mediasoup's WebRtcServer never
    // lets go (3.27.1, handleWebRtcTransport), and with them of the router and of this session.
    for (const endpoint of this.#endpoints.values()) endpoint.close();
    this.#endpoints.clear();
    this.#router.close();
    this.#options.logger.info({ reason }, 'session closed');
  }

  #requireGate(): void {
    if (!this.#gateOpen)
      throw new GcError('consent_required', 'the gate of this session is closed');
  }

  #endpoint(id: EndpointId): Endpoint {
    const endpoint = this.#endpoints.get(id);
    if (!endpoint) throw new GcError('not_found', `no endpoint ${id} is open in this session`);
    return endpoint;
  }

  #dataProducer(dataProducerId: string): types.DataProducer {
    for (const endpoint of this.#endpoints.values())
      for (const producer of endpoint.dataProducers.values())
        if (producer.id === dataProducerId) return producer;
    throw new GcError('not_found', 'no such data producer in this session');
  }

  // Consumers are closed here and before their producers, rather than when the worker tells of it:
  // the next `session.describe` is true at once, and no command meets a consumer of nothing.

  #remove(endpoint: Endpoint): void {
    for (const video of endpoint.videos) this.#closeVideoConsumers(video);
    for (const producer of endpoint.dataProducers.values()) this.#closeDataConsumers(producer.id);
    endpoint.close();
    this.#endpoints.delete(endpoint.id);
  }

  #closeInput(endpoint: Endpoint): void {
    for (const [label, producer] of [...endpoint.dataProducers]) {
      if (!isInput(label)) continue;
      this.#closeDataConsumers(producer.id);
      endpoint.closeDataProducer(label);
    }
  }

  #closeVideoConsumers(video: VideoRef): void {
    for (const endpoint of this.#endpoints.values()) endpoint.closeVideoConsumer(video);
  }

  #closeDataConsumers(dataProducerId: string | undefined): void {
    if (dataProducerId === undefined) return;
    for (const endpoint of this.#endpoints.values()) endpoint.closeDataConsumer(dataProducerId);
  }
}
