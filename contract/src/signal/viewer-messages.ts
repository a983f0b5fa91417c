// viewer <-> signaling, noun by noun. The handshake carries the viewer token and a proof of its
// key; the session is the token's, so no message names it.
import { z } from 'zod';
import { Epoch, ViewerId } from '../ids.ts';
import { Grant } from '../grants.ts';
import { JournalEvent } from '../journal.ts';
import { MonitorId } from '../monitor.ts';
import { Rendition, RENDITION_NAMES, RenditionOrStandard } from '../rendition.ts';
import { Session } from '../session.ts';
import { InputChannel } from './channels.ts';
import { PathReport } from './path-report.ts';
import {
  ConsumerId,
  DataConsumer,
  DataProducerId,
  DtlsParameters,
  IceParameters,
  IceServer,
  RtpCapabilities,
  SctpStreamParameters,
  TransportId,
  TransportOptions,
  VideoConsumer,
} from './rtc-parameters.ts';

const nothing = z.object({});
const fenced = { epoch: Epoch };

export const OfferedVideo = z.object({
  monitor_id: MonitorId,
  rendition: RenditionOrStandard,
  consumer: VideoConsumer,
});
export type OfferedVideo = z.output<typeof OfferedVideo>;

export const VIEWER_TO_SIGNALING = {
  /** First message of every connection. `resume` names the placement whose media still runs. */
  'viewer.hello': {
    request: z.object({
      wire_version: z.number().int(),
      resume: z.object({ epoch: Epoch, last_seq: z.number().int().nonnegative() }).optional(),
    }),
    reply: z.object({
      viewer_id: ViewerId,
      grants: z.array(Grant),
      session: Session,
      /**
       * `resumed`: media goes on as it is. `moved`: join again. `fresh`: nothing to resume. `ended`:
       * over; the session says why, and the socket is closed after this answer.
       */
      outcome: z.enum(['fresh', 'resumed', 'moved', 'ended']),
      /** The journal after `last_seq`; on a first hello all of it. */
      events: z.array(JournalEvent),
    }),
  },
  /** What is missing of the journal: more was missed than one hello told. */
  'journal.read': {
    request: z.object({ after: z.number().int().nonnegative() }),
    reply: z.object({ events: z.array(JournalEvent) }),
  },
  /** Allowed from the moment the session is placed, also before consent: only transports. */
  'media.join': {
    request: nothing,
    reply: z.object({
      ...fenced,
      router_rtp_capabilities: RtpCapabilities,
      send_transport: TransportOptions,
      recv_transport: TransportOptions,
      ice_servers: z.array(IceServer).max(8),
    }),
  },
  'transport.connect': {
    request: z.object({ ...fenced, transport_id: TransportId, dtls_parameters: DtlsParameters }),
    reply: nothing,
  },
  'transport.restart_ice': {
    request: z.object({ ...fenced, transport_id: TransportId }),
    reply: z.object({ ice_parameters: IceParameters, ice_servers: z.array(IceServer) }),
  },
  /**
   * All monitors at once, each consumer paused; only after consent. Of each monitor the best
   * rendition to work with that `rtp_capabilities` can decode, and of the others those that
   * `renditions` names. What is published later is offered then.
   */
  'media.consume': {
    request: z.object({
      ...fenced,
      rtp_capabilities: RtpCapabilities,
      renditions: z.array(Rendition).max(RENDITION_NAMES.length).default([]),
    }),
    reply: z.object({ videos: z.array(OfferedVideo).max(64), facts: DataConsumer }),
  },
  'video.resume': { request: z.object({ ...fenced, consumer_id: ConsumerId }), reply: nothing },
  'video.pause': { request: z.object({ ...fenced, consumer_id: ConsumerId }), reply: nothing },
  'video.keyframe': { request: z.object({ ...fenced, consumer_id: ConsumerId }), reply: nothing },
  /** Only while its way from the media node does badly, five times a second at most. */
  'path.report': { request: z.object({ ...fenced, ...PathReport.shape }), reply: nothing },
  'input.open': {
    request: z.object({
      ...fenced,
      channel: InputChannel,
      sctp_stream_parameters: SctpStreamParameters,
    }),
    reply: z.object({ data_producer_id: DataProducerId }),
  },
  /** A new token for the same key before the old one expires; kept in memory only. */
  'token.renew': {
    request: nothing,
    reply: z.object({ token: z.string(), expires_at: z.iso.datetime() }),
  },
  'session.end': { request: nothing, reply: nothing },
} as const;

export const SIGNALING_TO_VIEWER = {
  'journal.appended': {
    request: z.object({ event: JournalEvent, session: Session }),
    reply: nothing,
  },
  'video.offered': { request: z.object({ ...fenced, video: OfferedVideo }), reply: nothing },
  'video.closed': {
    request: z.object({
      ...fenced,
      monitor_id: MonitorId,
      rendition: RenditionOrStandard,
      consumer_id: ConsumerId,
    }),
    reply: nothing,
  },
  /**
   * Which rendition of every monitor to work with from now on: `full` is the one to work with,
   * `reduced` spares a link that is much slower than another viewer's.
   */
  'video.prefer': {
    request: z.object({ ...fenced, rendition: z.enum(['full', 'reduced']) }),
    reply: nothing,
  },
  'grants.changed': { request: z.object({ grants: z.array(Grant) }), reply: nothing },
  /** The session has a new placement: drop the old transports and join again. */
  'media.moved': { request: z.object(fenced), reply: nothing },
} as const;
