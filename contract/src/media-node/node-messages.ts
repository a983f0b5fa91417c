// signaling <-> media node over the node's control socket. Every command carries the fence
// (session_id, epoch); a node refuses an older epoch with `stale_epoch`. The node knows nothing
// of technicians or consent: it gets plain orders, and its own word on what is open is the truth
// (`session.describe`), so a restarted signaling process finds running media again.
import { z } from 'zod';
import { Epoch, NodeId, SessionId } from '../ids.ts';
import { MonitorId } from '../monitor.ts';
import { RenditionOrStandard } from '../rendition.ts';
import { AgentChannel, InputChannel } from '../signal/channels.ts';
import {
  ConsumerId,
  DataConsumer,
  DataProducerId,
  DtlsParameters,
  IceParameters,
  ProducerId,
  RtpCapabilities,
  RtpParameters,
  SctpStreamParameters,
  TransportId,
  TransportOptions,
  VideoConsumer,
} from '../signal/rtc-parameters.ts';

const nothing = z.object({});
const fenced = { session_id: SessionId, epoch: Epoch };
/** One rendition of one monitor. */
const video = { monitor_id: MonitorId, rendition: RenditionOrStandard };

/** `agent`, or the viewer's id: who holds one pair of transports in a session. */
export const EndpointId = z.string().regex(/^(agent|vwr_[0-9a-z]{26})$/);
export type EndpointId = z.output<typeof EndpointId>;

/** Load of a node, each against its own limit: 0 idle, 1 full. */
export const NodeLoad = z.object({
  cpu: z.number().min(0),
  egress: z.number().min(0),
  ingress: z.number().min(0),
  packets: z.number().min(0),
  consumers: z.number().min(0),
  sessions: z.number().int().min(0),
});
export type NodeLoad = z.output<typeof NodeLoad>;

export const EndpointDescription = z.object({
  endpoint_id: EndpointId,
  may_send_input: z.boolean().default(false),
  transports: z.array(
    z.object({
      transport_id: TransportId,
      direction: z.enum(['send', 'recv']),
      connected: z.boolean(),
    }),
  ),
  videos: z.array(z.object({ ...video, producer_id: ProducerId })),
  consumers: z.array(z.object({ ...video, consumer: VideoConsumer, paused: z.boolean() })),
  data_producers: z.array(z.object({ data_producer_id: DataProducerId, label: z.string() })),
  data_consumers: z.array(DataConsumer).default([]),
});
export type EndpointDescription = z.output<typeof EndpointDescription>;

/** How one endpoint's packets are doing, as the node sees them; absent: not known (yet). */
export const EndpointStats = z.object({
  endpoint_id: EndpointId,
  connected: z.boolean(),
  round_trip_ms: z.number().nonnegative().optional(),
  /** Of the packets between node and endpoint, lately. */
  loss_ratio: z.number().min(0).max(1).optional(),
  /** Towards the node for the agent, from the node for a viewer. */
  bitrate_bps: z.number().int().nonnegative(),
  available_bps: z.number().int().nonnegative().optional(),
});
export type EndpointStats = z.output<typeof EndpointStats>;

export const SIGNALING_TO_NODE = {
  'node.hello': {
    request: z.object({ wire_version: z.number().int() }),
    reply: z.object({
      node_id: NodeId,
      wire_version: z.number().int(),
      build: z.string().max(64),
      load: NodeLoad,
      draining: z.boolean(),
    }),
  },
  /** Idempotent within an epoch; a newer epoch closes what an older one left. */
  'session.open': {
    request: z.object(fenced),
    reply: z.object({ router_rtp_capabilities: RtpCapabilities }),
  },
  'session.close': { request: z.object({ ...fenced, reason: z.string().max(64) }), reply: nothing },
  /** `open: true` after consent. While closed nothing can be consumed and no input channel opened. */
  'session.gate': { request: z.object({ ...fenced, open: z.boolean() }), reply: nothing },
  'session.describe': {
    request: z.object({ session_id: SessionId }),
    reply: z.object({
      epoch: Epoch,
      gate_open: z.boolean(),
      router_rtp_capabilities: RtpCapabilities,
      endpoints: z.array(EndpointDescription),
    }),
  },
  /** Read at most once a second, however often it is asked. */
  'session.stats': {
    request: z.object(fenced),
    reply: z.object({ at_ms: z.number().int(), endpoints: z.array(EndpointStats) }),
  },
  /** Makes (or replaces) an endpoint's pair of transports. `may_send_input` is fixed by grants. */
  'endpoint.open': {
    request: z.object({ ...fenced, endpoint_id: EndpointId, may_send_input: z.boolean() }),
    reply: z.object({ send_transport: TransportOptions, recv_transport: TransportOptions }),
  },
  'endpoint.close': {
    request: z.object({ ...fenced, endpoint_id: EndpointId, reason: z.string().max(64) }),
    reply: nothing,
  },
  /** Takes effect at once: withdrawing closes the endpoint's open input channels. */
  'endpoint.allow_input': {
    request: z.object({ ...fenced, endpoint_id: EndpointId, allowed: z.boolean() }),
    reply: nothing,
  },
  'transport.connect': {
    request: z.object({
      ...fenced,
      endpoint_id: EndpointId,
      transport_id: TransportId,
      dtls_parameters: DtlsParameters,
    }),
    reply: nothing,
  },
  'transport.restart_ice': {
    request: z.object({ ...fenced, endpoint_id: EndpointId, transport_id: TransportId }),
    reply: z.object({ ice_parameters: IceParameters }),
  },
  /** Only endpoint `agent`. A second produce for a rendition of a monitor replaces the first. */
  'video.produce': {
    request: z.object({ ...fenced, ...video, rtp_parameters: RtpParameters }),
    reply: z.object({ producer_id: ProducerId }),
  },
  /** All renditions of the monitor. */
  'video.withdraw': { request: z.object({ ...fenced, monitor_id: MonitorId }), reply: nothing },
  /** Paused; idempotent for one endpoint and rendition. Refused while the gate is closed. */
  'video.consume': {
    request: z.object({
      ...fenced,
      endpoint_id: EndpointId,
      ...video,
      rtp_capabilities: RtpCapabilities,
    }),
    reply: VideoConsumer,
  },
  'video.set_paused': {
    request: z.object({
      ...fenced,
      endpoint_id: EndpointId,
      consumer_id: ConsumerId,
      paused: z.boolean(),
    }),
    reply: nothing,
  },
  /** Begins again with a key frame, and forgets what could be repaired. Nothing when it is paused. */
  'video.restart': {
    request: z.object({ ...fenced, endpoint_id: EndpointId, consumer_id: ConsumerId }),
    reply: nothing,
  },
  'video.keyframe': {
    request: z.object({ ...fenced, endpoint_id: EndpointId, consumer_id: ConsumerId }),
    reply: nothing,
  },
  'data.produce': {
    request: z.object({
      ...fenced,
      endpoint_id: EndpointId,
      label: z.union([InputChannel, AgentChannel]),
      sctp_stream_parameters: SctpStreamParameters,
    }),
    reply: z.object({ data_producer_id: DataProducerId }),
  },
  'data.consume': {
    request: z.object({ ...fenced, endpoint_id: EndpointId, data_producer_id: DataProducerId }),
    reply: DataConsumer,
  },
} as const;

export const NODE_TO_SIGNALING = {
  /** The worker died: everything of these sessions is gone on this node. */
  'sessions.lost': {
    request: z.object({ sessions: z.array(z.object(fenced)).max(10_000) }),
    reply: nothing,
  },
  'endpoint.connection': {
    request: z.object({
      ...fenced,
      endpoint_id: EndpointId,
      state: z.enum(['connected', 'disconnected', 'failed']),
    }),
    reply: nothing,
  },
  'video.closed': {
    request: z.object({
      ...fenced,
      endpoint_id: EndpointId,
      ...video,
      consumer_id: ConsumerId,
    }),
    reply: nothing,
  },
  'node.load': {
    request: z.object({ node_id: NodeId, load: NodeLoad, draining: z.boolean() }),
    reply: nothing,
  },
} as const;
