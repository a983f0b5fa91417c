// One session: the conductor of its journal, its placement, its agent and its viewers. It owns the
// one timer (whatever deadline comes next) and end(reason), the only end. Rules are in
// session-state.ts, the two sides in agent-side.ts and viewer-side.ts. Owned by SessionManager.
import type { AuditActor } from '@guruconnect/contract/audit';
import { GcError } from '@guruconnect/contract/errors';
import type { NodeId, SessionId, ViewerId } from '@guruconnect/contract/ids';
import type { SessionQuality } from '@guruconnect/contract/http/v1/quality';
import type { EndpointId, EndpointStats } from '@guruconnect/contract/media-node/node-messages';
import { MAX_MONITORS, type MonitorId } from '@guruconnect/contract/monitor';
import type { VideoRef } from '@guruconnect/contract/rendition';
import type { EndReason } from '@guruconnect/contract/session';
import type {
  DtlsParameters,
  RtpParameters,
  SctpStreamParameters,
} from '@guruconnect/contract/signal/rtc-parameters';
import type { AgentChannel } from '@guruconnect/contract/signal/channels';
import type { Timings } from '../limits.ts';
import { isGone, SessionMedia } from '../media/session-media.ts';
import type { SessionRecord } from '../store/session-record.ts';
import { AgentSide, type AgentSideParts, type Answered } from './agent-side.ts';
import { Journal, type JournalParts } from './journal.ts';
import type { AgentLink } from './links.ts';
import { Placing, type PlacingParts } from './placing.ts';
import { isoTime, nextDeadline } from './session-state.ts';
import { ViewerSide, type ViewerSideParts } from './viewer-side.ts';

export type SessionParts = JournalParts &
  PlacingParts &
  Omit<AgentSideParts, 'timings'> &
  Omit<ViewerSideParts, 'timings'> & { readonly timings: Timings };

/** Timers of more than this overflow (24.8 days); no deadline of ours is longer than a day. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export class Session {
  readonly id: SessionId;
  readonly agent: AgentSide;
  readonly viewers: ViewerSide;
  readonly #parts: SessionParts;
  readonly #journal: Journal;
  readonly #placing: Placing;
  readonly #onEnded: (session: Session) => void;
  readonly #heldSinceMs = Date.now();
  #timer: NodeJS.Timeout | undefined;

  /** @param media opened just now; undefined for a session found in the store after a restart. */
  constructor(
    record: SessionRecord,
    media: SessionMedia | undefined,
    parts: SessionParts,
    onEnded: (session: Session) => void,
  ) {
    this.id = record.id;
    this.#parts = { ...parts, logger: parts.logger.child({ session_id: record.id }) };
    this.#onEnded = onEnded;
    this.#journal = new Journal(record, parts, (changed) => {
      this.#armTimer(changed);
    });
    const found = new SessionMedia(parts.nodes, {
      session_id: record.id,
      epoch: record.placement.epoch,
      node_id: record.placement.node_id,
    });
    this.#placing = new Placing(media ?? found, this.#journal, this.#parts, {
      placed: (placed) => {
        this.viewers.moved(placed.placement.epoch);
        void this.agent.openMedia(placed);
      },
      givenUp: () => {
        this.#endLater('media_lost');
      },
    });
    this.agent = new AgentSide(this.#journal, this.#placing, this.#parts, (reason) => {
      this.#endLater(reason);
    });
    this.viewers = new ViewerSide(this.#journal, this.#placing, this.agent, this.#parts);
    this.#armTimer(record);
  }

  /** As it was written last. */
  get record(): SessionRecord {
    return this.#journal.record;
  }

  /** Nobody came back after a restart of this process: then the agent is away since now. */
  async agentDidNotReturn(): Promise<void> {
    if (!this.agent.link) await this.#journal.apply({ kind: 'agent_disconnected' });
  }

  async admitViewer(viewer: SessionRecord['viewers'][number]): Promise<void> {
    await this.#journal.apply({ kind: 'viewer_admitted', viewer });
  }

  /** The only end. The first reason stays; a second end changes nothing and answers the same. */
  async end(end_reason: EndReason, words?: string, by?: AuditActor): Promise<SessionRecord> {
    const fact = { kind: 'ended', end_reason, words, by } as const;
    const { record, changed } = await this.#journal.apply(fact);
    if (!changed) return record;
    this.#parts.logger.info({ end_reason, last_seq: record.last_seq }, 'session ended');
    this.#parts.metrics.sessionsEnded.inc({ end_reason });
    clearTimeout(this.#timer);
    this.#onEnded(this);
    this.agent.ended();
    void this.#closeAll();
    return record;
  }

  /** How its media is doing, as the node sees it. @throws GcError `no_media_node` while it moves. */
  async quality(): Promise<SessionQuality> {
    const media = this.#placing.placed();
    const { placement } = media;
    const stats = await media.stats().catch((cause: unknown) => {
      // The node lost it, and it has not been placed again yet.
      throw isGone(cause) ? new GcError('no_media_node', undefined, { cause }) : cause;
    });
    const figures = ({ endpoint_id: _, ...leg }: EndpointStats) => leg;
    const agent = stats.endpoints.find(({ endpoint_id }) => endpoint_id === 'agent');
    return {
      session_id: this.id,
      at: isoTime(stats.at_ms),
      node_id: placement.node_id,
      epoch: placement.epoch,
      agent: agent ? figures(agent) : { connected: false, bitrate_bps: 0 },
      viewers: stats.endpoints
        .filter(({ endpoint_id }) => endpoint_id !== 'agent')
        .map((leg) => ({ viewer_id: leg.endpoint_id as ViewerId, ...figures(leg) })),
    };
  }

  /** This process stops; the session and its media go on. */
  abandon(): void {
    clearTimeout(this.#timer);
    this.agent.close();
    this.viewers.close();
    this.#placing.abandon();
  }

  /** @throws GcError as AgentSide.consentAnswered. */
  async consentAnswered(link: AgentLink, answered: Answered): Promise<void> {
    const offered = this.record.grants;
    await this.agent.consentAnswered(link, answered);
    if (this.record.grants.length < offered.length) await this.viewers.grantsNarrowed();
  }

  // What the agent asks for; every command names the epoch it means.

  async connectTransport(
    endpointId: EndpointId,
    epoch: number,
    transportId: string,
    dtls: DtlsParameters,
  ): Promise<void> {
    await this.#placing.at(epoch).connectTransport(endpointId, transportId, dtls);
  }

  async restartIce(endpointId: EndpointId, epoch: number, transportId: string) {
    const restarted = await this.#placing.at(epoch).restartIce(endpointId, transportId);
    return { ...restarted, ice_servers: [] };
  }

  async produceVideo(epoch: number, video: VideoRef, rtp: RtpParameters): Promise<string> {
    const media = this.#allowed(epoch);
    const known = new Set(media.view.videos.map(({ monitor_id }) => monitor_id));
    if (!known.has(video.monitor_id) && known.size >= MAX_MONITORS)
      throw new GcError('limit_reached', `A session shows ${MAX_MONITORS} monitors at most`);
    const producerId = await media.produceVideo(video, rtp);
    void this.viewers.published(media, video);
    return producerId;
  }

  async withdrawVideo(epoch: number, monitorId: MonitorId): Promise<void> {
    await this.#allowed(epoch).withdrawVideo(monitorId);
  }

  produceAgentData(
    epoch: number,
    label: AgentChannel,
    sctp: SctpStreamParameters,
  ): Promise<string> {
    return this.#allowed(epoch).produceAgentData(label, sctp);
  }

  async mediaReady(epoch: number): Promise<void> {
    const before = this.record.live_at_ms;
    const { record } = await this.#journal.apply({ kind: 'media_ready', epoch });
    this.agent.tellWatched();
    if (before !== undefined || record.live_at_ms === undefined) return;
    const setupMs = record.live_at_ms - record.created_at_ms;
    this.#parts.metrics.sessionSetup.observe(setupMs / 1000);
    this.#parts.logger.info({ epoch, setup_ms: setupMs }, 'session live');
  }

  /** The agent's transports failed: everything is built anew, under a new epoch. */
  async agentMediaLost(epoch: number): Promise<void> {
    if (epoch !== this.record.placement.epoch) throw new GcError('stale_epoch');
    await this.#journal.apply({ kind: 'agent_media', epoch, connected: false });
    void this.#placing.replace('agent_media_lost');
  }

  // What the media node tells.

  /** Its worker died; what it had of this session is gone. */
  async lost(epoch: number): Promise<void> {
    if (epoch !== this.record.placement.epoch) return;
    await this.#journal.apply({ kind: 'agent_media', epoch, connected: false });
    await this.#placing.replace('worker_died');
  }

  async endpointConnection(
    endpointId: EndpointId,
    epoch: number,
    connected: boolean,
  ): Promise<void> {
    if (epoch !== this.record.placement.epoch) return;
    if (endpointId === 'agent')
      await this.#journal.apply({ kind: 'agent_media', epoch, connected });
    else await this.viewers.mediaConnection(endpointId as ViewerId, connected);
  }

  /** The link to a node is up (again): is what the store says still there? */
  async nodeReady(nodeId: NodeId): Promise<void> {
    this.#placing.nodeReady();
    if (nodeId !== this.record.placement.node_id) return;
    const { media } = this.#placing;
    const { epoch } = media.placement;
    try {
      const found = await media.restore();
      if (!found) {
        await this.lost(epoch);
        return;
      }
      const { allowed } = this.record;
      if (found.gateOpen !== allowed) await media.gate(allowed);
      await this.#journal.apply({ kind: 'agent_media', epoch, connected: found.agentConnected });
      this.agent.mediaRestored();
      await this.viewers.mediaRestored();
    } catch (err) {
      if (isGone(err)) await this.lost(epoch);
      else this.#parts.logger.warn({ err, node_id: nodeId }, 'session not found again on its node');
    }
  }

  /** @throws GcError `consent_required`: nothing is published before it. */
  #allowed(epoch: number): SessionMedia {
    if (!this.record.allowed) throw new GcError('consent_required');
    return this.#placing.at(epoch);
  }

  /** For whoever can not wait for it: timers, and those the end waits for. */
  #endLater(reason: EndReason): void {
    this.end(reason).catch((err: unknown) => {
      this.#parts.logger.error({ err, end_reason: reason }, 'a session could not be ended');
    });
  }

  async #closeAll(): Promise<void> {
    const closing = [this.#placing.close('session_ended'), this.viewers.ended()];
    for (const outcome of await Promise.allSettled(closing))
      if (outcome.status === 'rejected')
        this.#parts.logger.error({ err: outcome.reason }, 'an ended session was not closed');
    this.agent.close();
  }

  #armTimer(record: SessionRecord): void {
    clearTimeout(this.#timer);
    const deadline = nextDeadline(record, this.#parts.timings, this.#heldSinceMs);
    if (!deadline) return;
    const delayMs = Math.min(MAX_TIMER_MS, Math.max(0, deadline.atMs - Date.now()));
    this.#timer = setTimeout(() => {
      // Another fact may be on its way into the journal; what is written counts.
      const now = nextDeadline(this.record, this.#parts.timings, this.#heldSinceMs);
      if (now && now.atMs <= Date.now()) this.#endLater(now.end_reason);
      else this.#armTimer(this.record);
    }, delayMs);
  }
}
