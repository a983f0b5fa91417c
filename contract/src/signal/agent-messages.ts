// agent <-> signaling, noun by noun. Every message is a command with an acknowledgement.
import { z } from 'zod';
import { BootId, DeviceId, Epoch, MachineId, SessionId, ViewerId } from '../ids.ts';
import { ConsentPolicy } from '../consent-policy.ts';
import { Grant } from '../grants.ts';
import { MonitorId, Topology } from '../monitor.ts';
import { RenditionOrStandard, VideoRef } from '../rendition.ts';
import { EndReason, SessionMode } from '../session.ts';
import { ConsentAnswer } from '../tokens.ts';
import { AgentChannel, InputChannel } from './channels.ts';
import { PathReport } from './path-report.ts';
import {
  DataConsumer,
  DataProducerId,
  DtlsParameters,
  IceParameters,
  IceServer,
  ProducerId,
  RtpCapabilities,
  RtpParameters,
  SctpStreamParameters,
  TransportId,
  TransportOptions,
} from './rtc-parameters.ts';

const nothing = z.object({});
const fenced = { session_id: SessionId, epoch: Epoch };

/** How a session goes on after a reconnect; the same three words for agent and viewer. */
export const ResumeOutcome = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.literal('resumed'), session_id: SessionId, epoch: Epoch }),
  z.object({ outcome: z.literal('moved'), session_id: SessionId, epoch: Epoch }),
  z.object({ outcome: z.literal('ended'), session_id: SessionId, end_reason: EndReason }),
]);
export type ResumeOutcome = z.output<typeof ResumeOutcome>;

export const ViewerIntroduction = z.object({
  viewer_id: ViewerId,
  technician: z.object({ id: z.string(), name: z.string(), organization: z.string().optional() }),
  grants: z.array(Grant),
});
export type ViewerIntroduction = z.output<typeof ViewerIntroduction>;

export const SessionOffer = z.object({
  ...fenced,
  mode: SessionMode,
  technician: z.object({ id: z.string(), name: z.string(), organization: z.string().optional() }),
  reason: z.string().optional(),
  grants: z.array(Grant),
  consent_timeout_s: z.number().int().min(1).max(600),
  /** Absent: as `mode` says, whatever goes on at the endpoint. */
  consent_policy: ConsentPolicy.optional(),
});
export type SessionOffer = z.output<typeof SessionOffer>;

/** The two transports of one endpoint, made by the media node. */
export const MediaOpen = z.object({
  ...fenced,
  router_rtp_capabilities: RtpCapabilities,
  send_transport: TransportOptions,
  recv_transport: TransportOptions,
  ice_servers: z.array(IceServer).max(8),
});
export type MediaOpen = z.output<typeof MediaOpen>;

export const AGENT_TO_SIGNALING = {
  /** First message of every connection; tells what the agent has and which sessions it carries. */
  'agent.hello': {
    request: z.object({
      wire_version: z.number().int(),
      agent_version: z.string().max(64),
      platform: z.enum(['windows', 'linux']),
      os_version: z.string().max(128).optional(),
      boot_id: BootId,
      topology: Topology,
      sessions: z
        .array(z.object({ session_id: SessionId, epoch: z.number().int().min(0) }))
        .max(64),
    }),
    reply: z.object({
      machine_id: MachineId,
      device_id: DeviceId,
      sessions: z.array(ResumeOutcome),
    }),
  },
  'topology.changed': { request: z.object({ topology: Topology }), reply: nothing },
  'consent.answer': {
    request: z.object({
      session_id: SessionId,
      answer: ConsentAnswer,
      /** What of the offered grants was agreed to; absent: all of them. */
      grants: z.array(Grant).optional(),
      proof: z.string().max(8192),
    }),
    reply: nothing,
  },
  'transport.connect': {
    request: z.object({ ...fenced, transport_id: TransportId, dtls_parameters: DtlsParameters }),
    reply: nothing,
  },
  'transport.restart_ice': {
    request: z.object({ ...fenced, transport_id: TransportId }),
    reply: z.object({ ice_parameters: IceParameters, ice_servers: z.array(IceServer) }),
  },
  'video.produce': {
    request: z.object({
      ...fenced,
      monitor_id: MonitorId,
      rendition: RenditionOrStandard,
      rtp_parameters: RtpParameters,
    }),
    reply: z.object({ producer_id: ProducerId }),
  },
  /** The monitor is gone: all its renditions are. */
  'video.withdraw': { request: z.object({ ...fenced, monitor_id: MonitorId }), reply: nothing },
  'data.produce': {
    request: z.object({
      ...fenced,
      label: AgentChannel,
      sctp_stream_parameters: SctpStreamParameters,
    }),
    reply: z.object({ data_producer_id: DataProducerId }),
  },
  /** Every monitor of the topology is published to work with: the session may become live. */
  'media.ready': { request: z.object(fenced), reply: nothing },
  /** The agent's transports failed; it asks for new ones (a new `media.open`). */
  'media.lost': { request: z.object(fenced), reply: nothing },
  'session.end': {
    request: z.object({ session_id: SessionId, end_reason: EndReason }),
    reply: nothing,
  },
} as const;

export const SIGNALING_TO_AGENT = {
  'session.offer': { request: SessionOffer, reply: nothing },
  'media.open': { request: MediaOpen, reply: nothing },
  'input.consume': {
    request: z.object({
      ...fenced,
      viewer_id: ViewerId,
      channel: InputChannel,
      data_consumer: DataConsumer,
    }),
    reply: nothing,
  },
  'viewer.joined': {
    request: z.object({ session_id: SessionId, viewer: ViewerIntroduction }),
    reply: nothing,
  },
  'viewer.left': {
    request: z.object({ session_id: SessionId, viewer_id: ViewerId }),
    reply: nothing,
  },
  'grants.change': {
    request: z.object({ session_id: SessionId, viewer_id: ViewerId, grants: z.array(Grant) }),
    reply: nothing,
  },
  /**
   * The complete set of what somebody watches now: all else is neither captured nor encoded.
   * `monitor_ids` are the monitors in `videos`; alone, they mean their `standard` rendition.
   */
  'video.watch': {
    request: z.object({
      ...fenced,
      monitor_ids: z.array(MonitorId).max(16),
      videos: z.array(VideoRef).max(64).optional(),
      /** Who watches which of them. */
      viewers: z
        .array(z.object({ viewer_id: ViewerId, videos: z.array(VideoRef).max(64) }))
        .max(64)
        .default([]),
    }),
    reply: nothing,
  },
  /** A viewer's way from the media node does badly: what it watches has to get smaller. */
  'path.report': {
    request: z.object({ ...fenced, viewer_id: ViewerId, ...PathReport.shape }),
    reply: nothing,
  },
  /** Asked directly as well as by PLI, which the media node repeats only once a second. */
  'video.keyframe': {
    request: z.object({ ...fenced, monitor_id: MonitorId, rendition: RenditionOrStandard }),
    reply: nothing,
  },
  'session.end': {
    request: z.object({ session_id: SessionId, end_reason: EndReason }),
    reply: nothing,
  },
} as const;
