// The media of one placement: every order to the node that carries it, under one fence. A session
// that is placed again gets a new SessionMedia; orders of the old one are refused by the node.
import type { Name, ReplyOf, RequestInput } from '@guruconnect/contract/base/conversation';
import { GcError } from '@guruconnect/contract/errors';
import type { NodeId, SessionId, ViewerId } from '@guruconnect/contract/ids';
import type { EndpointId } from '@guruconnect/contract/media-node/node-messages';
import type { MonitorId } from '@guruconnect/contract/monitor';
import type { VideoRef } from '@guruconnect/contract/rendition';
import type { AgentChannel, InputChannel } from '@guruconnect/contract/signal/channels';
import type {
  DataConsumer,
  DtlsParameters,
  RtpCapabilities,
  RtpParameters,
  SctpStreamParameters,
  VideoConsumer,
} from '@guruconnect/contract/signal/rtc-parameters';
import { MediaView } from './media-view.ts';
import type { NodeOrders } from './node-client.ts';
import type { NodeDirectory } from './node-directory.ts';

export type MediaPlacement = {
  readonly session_id: SessionId;
  readonly epoch: number;
  readonly node_id: NodeId;
};
type Fenced = 'session_id' | 'epoch';
type Order<N extends Name<NodeOrders>> = Omit<RequestInput<NodeOrders, N>, Fenced>;
type Transports = ReplyOf<NodeOrders, 'endpoint.open'>;

/** The node has nothing of this placement: it has to be placed again. */
export const isGone = (error: unknown): boolean =>
  error instanceof GcError && (error.code === 'session_not_found' || error.code === 'stale_epoch');

export class SessionMedia {
  readonly placement: MediaPlacement;
  readonly #nodes: NodeDirectory;
  #view = new MediaView();
  #router: RtpCapabilities | undefined;

  constructor(nodes: NodeDirectory, placement: MediaPlacement) {
    this.#nodes = nodes;
    this.placement = placement;
  }

  get view(): MediaView {
    return this.#view;
  }

  /** @throws GcError `media_node_unreachable` until the router was opened or found again. */
  get routerCapabilities(): RtpCapabilities {
    if (!this.#router) throw new GcError('media_node_unreachable');
    return this.#router;
  }

  async open(): Promise<void> {
    const reply = await this.#ask('session.open', {});
    this.#router = reply.router_rtp_capabilities;
  }

  /** @throws GcError `media_node_unreachable`: the router may still be there. */
  async close(reason: string): Promise<void> {
    await this.#ask('session.close', { reason }).catch((error: unknown) => {
      if (!isGone(error)) throw error;
    });
  }

  /**
   * What runs there, after a restart of ours or of the link.
   * @returns undefined when nothing of this epoch runs there any more.
   */
  async restore(): Promise<{ gateOpen: boolean; agentConnected: boolean } | undefined> {
    const found = await this.#node()
      .ask('session.describe', { session_id: this.placement.session_id })
      .catch((error: unknown) => {
        if (isGone(error)) return undefined;
        throw error;
      });
    if (found?.epoch !== this.placement.epoch) return undefined;
    this.#router = found.router_rtp_capabilities;
    this.#view = MediaView.of(found.endpoints);
    const agent = found.endpoints.find(({ endpoint_id }) => endpoint_id === 'agent');
    const agentConnected =
      agent?.transports.some(({ direction, connected }) => direction === 'send' && connected) ??
      false;
    return { gateOpen: found.gate_open, agentConnected };
  }

  /** Figures of each endpoint; the node reads them once a second at most. */
  stats(): Promise<ReplyOf<NodeOrders, 'session.stats'>> {
    return this.#ask('session.stats', {});
  }

  /** While closed nothing can be consumed and no input channel opened. */
  async gate(open: boolean): Promise<void> {
    await this.#ask('session.gate', { open });
  }

  openAgent(): Promise<Transports> {
    return this.#ask('endpoint.open', { endpoint_id: 'agent', may_send_input: false });
  }

  async openViewer(viewerId: ViewerId, maySendInput: boolean): Promise<Transports> {
    const transports = await this.#ask('endpoint.open', {
      endpoint_id: viewerId,
      may_send_input: maySendInput,
    });
    this.#view.viewerOpened(viewerId);
    return transports;
  }

  /** Takes effect at once: withdrawn, the viewer's input channels are closed. */
  async allowInput(viewerId: ViewerId, allowed: boolean): Promise<void> {
    await this.#ask('endpoint.allow_input', { endpoint_id: viewerId, allowed });
  }

  async closeViewer(viewerId: ViewerId, reason: string): Promise<void> {
    this.#view.viewerClosed(viewerId);
    await this.#ask('endpoint.close', { endpoint_id: viewerId, reason });
  }

  async connectTransport(
    endpointId: EndpointId,
    transportId: string,
    dtls: DtlsParameters,
  ): Promise<void> {
    await this.#ask('transport.connect', {
      endpoint_id: endpointId,
      transport_id: transportId,
      dtls_parameters: dtls,
    });
  }

  restartIce(
    endpointId: EndpointId,
    transportId: string,
  ): Promise<ReplyOf<NodeOrders, 'transport.restart_ice'>> {
    return this.#ask('transport.restart_ice', {
      endpoint_id: endpointId,
      transport_id: transportId,
    });
  }

  async produceVideo(video: VideoRef, rtp: RtpParameters): Promise<string> {
    const { producer_id } = await this.#ask('video.produce', { ...video, rtp_parameters: rtp });
    this.#view.published(video);
    return producer_id;
  }

  async withdrawVideo(monitorId: MonitorId): Promise<void> {
    this.#view.withdrawn(monitorId);
    await this.#ask('video.withdraw', { monitor_id: monitorId });
  }

  async produceAgentData(label: AgentChannel, sctp: SctpStreamParameters): Promise<string> {
    const { data_producer_id } = await this.#ask('data.produce', {
      endpoint_id: 'agent',
      label,
      sctp_stream_parameters: sctp,
    });
    this.#view.factsOpened(data_producer_id);
    return data_producer_id;
  }

  /** Paused, until the viewer says that it is ready for it. */
  async consumeVideo(
    viewerId: ViewerId,
    video: VideoRef,
    capabilities: RtpCapabilities,
  ): Promise<VideoConsumer> {
    const consumer = await this.#ask('video.consume', {
      endpoint_id: viewerId,
      ...video,
      rtp_capabilities: capabilities,
    });
    this.#view.consumed(viewerId, video, consumer.consumer_id);
    return consumer;
  }

  consumeFacts(viewerId: ViewerId): Promise<DataConsumer> {
    const { factsId } = this.#view;
    if (factsId === undefined)
      throw new GcError('illegal_transition', 'The agent has not opened its facts channel');
    return this.#ask('data.consume', { endpoint_id: viewerId, data_producer_id: factsId });
  }

  async setPaused(viewerId: ViewerId, consumerId: string, paused: boolean): Promise<void> {
    await this.#ask('video.set_paused', {
      endpoint_id: viewerId,
      consumer_id: consumerId,
      paused,
    });
    this.#view.paused(viewerId, consumerId, paused);
  }

  /**
   * What this viewer receives begins again with a key frame, and what it lost before is not sent any
   * more: mediasoup keeps 2500 packets for repair and answers every request at once, which on a way
   * that is too narrow already keeps it full for seconds.
   */
  async restart(viewerId: ViewerId): Promise<void> {
    const ids = this.#view.running(viewerId);
    await Promise.all(
      ids.map((consumer_id) => this.#ask('video.restart', { endpoint_id: viewerId, consumer_id })),
    );
  }

  async keyframe(viewerId: ViewerId, consumerId: string): Promise<void> {
    await this.#ask('video.keyframe', { endpoint_id: viewerId, consumer_id: consumerId });
  }

  /** Both halves of an input channel: from the viewer into the node, from the node to the agent. */
  async openInput(
    viewerId: ViewerId,
    channel: InputChannel,
    sctp: SctpStreamParameters,
  ): Promise<{ dataProducerId: string; agentConsumer: DataConsumer }> {
    const { data_producer_id } = await this.#ask('data.produce', {
      endpoint_id: viewerId,
      label: channel,
      sctp_stream_parameters: sctp,
    });
    const agentConsumer = await this.#ask('data.consume', {
      endpoint_id: 'agent',
      data_producer_id,
    });
    return { dataProducerId: data_producer_id, agentConsumer };
  }

  #node() {
    const node = this.#nodes.find(this.placement.node_id);
    if (!node) throw new GcError('media_node_unreachable');
    return node;
  }

  async #ask<N extends Name<NodeOrders>>(
    name: N,
    order: Order<N>,
  ): Promise<ReplyOf<NodeOrders, N>> {
    const { session_id, epoch } = this.placement;
    return this.#node().ask(name, { session_id, epoch, ...order } as RequestInput<NodeOrders, N>);
  }
}
