// A session's agent: offered the session, asked for consent, given its transports, told whom it
// works for. Owned by Session; lives as long, while the agent's sockets come and go.
import { GcError } from '@guruconnect/contract/errors';
import type { Grant } from '@guruconnect/contract/grants';
import type { ViewerId } from '@guruconnect/contract/ids';
import type { Topology } from '@guruconnect/contract/monitor';
import type { VideoRef } from '@guruconnect/contract/rendition';
import type { EndReason } from '@guruconnect/contract/session';
import type { ResumeOutcome } from '@guruconnect/contract/signal/agent-messages';
import type { PathReport } from '@guruconnect/contract/signal/path-report';
import type { ConsentAnswer } from '@guruconnect/contract/tokens';
import type { FeatureGate } from '../features.ts';
import type { MachineKeys } from '../keys/machine-keys.ts';
import type { Timings } from '../limits.ts';
import type { Logger } from '../logger.ts';
import type { SessionMedia } from '../media/session-media.ts';
import type { Metrics } from '../metrics.ts';
import type { ViewerRecord } from '../store/session-record.ts';
import type { Journal } from './journal.ts';
import type { AgentLink } from './links.ts';
import type { Placing } from './placing.ts';
import { isThere } from './viewer-places.ts';
import { shownTopology } from './session-view.ts';

export type AgentSideParts = {
  readonly machineKeys: MachineKeys;
  readonly timings: Pick<Timings, 'lastWordMs'>;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly multiMonitor: FeatureGate;
};

/** The agent's word on its offer; without `grants` it stands for all that were offered. */
export type Answered = {
  readonly answer: ConsentAnswer;
  readonly proof: string;
  readonly grants?: Grant[] | undefined;
};

/** What an agent that runs on has to do with its part of the session after its hello. */
type Next = 'offer' | 'keep' | 'open_media' | 'new_media' | 'wait_for_end';

export class AgentSide {
  readonly #journal: Journal;
  readonly #placing: Placing;
  readonly #parts: AgentSideParts;
  readonly #onEnd: (reason: EndReason) => void;
  #link: AgentLink | undefined;
  #offering: Promise<void> | undefined;
  #watched = '';
  #timer: NodeJS.Timeout | undefined;

  /** @param onEnd the agent's side leaves nothing else to do. */
  constructor(
    journal: Journal,
    placing: Placing,
    parts: AgentSideParts,
    onEnd: (reason: EndReason) => void,
  ) {
    this.#journal = journal;
    this.#placing = placing;
    this.#parts = parts;
    this.#onEnd = onEnd;
  }

  get link(): AgentLink | undefined {
    return this.#link;
  }

  /**
   * The agent is connected and has said which sessions it carries.
   * @param held the epoch it holds for this session (0: none yet); undefined when it knows nothing
   * of the session.
   * @returns the answer for its hello, and what to do once that is sent.
   */
  async connected(
    link: AgentLink,
    held: number | undefined,
  ): Promise<{ outcome: ResumeOutcome | undefined; next: () => void }> {
    clearTimeout(this.#timer);
    this.#link = link;
    this.#watched = '';
    const { agent, allowed } = this.#journal.record;
    // It heard the offer, and we were stopped before we could write that down.
    if (agent.offered_boot === undefined && held !== undefined)
      await this.#journal.apply({ kind: 'offered', boot_id: link.bootId });
    const next = this.#next(link, held);
    // Before it is told of as connected: a session that has to be asked for again is not live.
    if (next === 'offer') await this.#journal.apply({ kind: 'agent_forgot' });
    // Whatever this placement holds is a dead agent's, and its gate is open.
    if (next === 'offer' && allowed) void this.#placing.replace('agent_restarted');
    const { record } = await this.#journal.apply({ kind: 'agent_connected' });
    await this.topologyChanged(link.topology);
    const { epoch } = record.placement;
    const outcome: ResumeOutcome | undefined =
      held === undefined
        ? undefined
        : {
            outcome: held === 0 || held === epoch ? 'resumed' : 'moved',
            session_id: record.id,
            epoch,
          };
    return {
      outcome,
      next: () => {
        if (this.#link === link) this.#carryOn(next);
      },
    };
  }

  /** The socket is gone; the session may well go on. */
  async disconnected(link: AgentLink): Promise<void> {
    if (this.#link !== link) return;
    this.#link = undefined;
    await this.#journal.apply({ kind: 'agent_disconnected' });
  }

  async topologyChanged(topology: Topology): Promise<void> {
    await this.#journal.apply({
      kind: 'topology_changed',
      topology: shownTopology(topology, this.#parts.multiMonitor.on),
    });
  }

  /**
   * @throws GcError `illegal_transition` when no answer is awaited from this boot;
   * `unauthenticated` when the proof is not this machine's answer to this offer.
   */
  async consentAnswered(
    link: AgentLink,
    { answer, proof, grants = this.#journal.record.grants }: Answered,
  ): Promise<void> {
    // An agent that asks nobody answers in the same breath as it acknowledges the offer.
    await this.#offering;
    const { record } = this.#journal;
    if (record.agent.offered_boot !== link.bootId || record.agent.offered_at_ms === undefined)
      throw new GcError('illegal_transition', 'No answer of this agent is awaited');
    const { machineKeys, metrics, logger } = this.#parts;
    await machineKeys.verifyConsent(link.key, record, { answer, grants, proof });
    const { record: answered } = await this.#journal.apply({
      kind: 'consent_answered',
      boot_id: link.bootId,
      answer,
      grants,
      proof,
    });
    metrics.consents.inc({ answer });
    logger.info({ answer, state: answered.state }, 'consent answered');
    if (!answered.allowed) return;
    await this.topologyChanged(link.topology);
    void this.openMedia(this.#placing.media);
  }

  /**
   * Gives the agent transports in this placement. What fails here means that the placement is not
   * there any more, or that the agent is not; the one is placed again, the other comes back.
   */
  async openMedia(media: SessionMedia): Promise<void> {
    const link = this.#link;
    if (!this.#journal.record.allowed) return;
    try {
      await media.gate(true);
      if (!link) return;
      const transports = await media.openAgent();
      const { session_id, epoch } = media.placement;
      await link.ask('media.open', {
        session_id,
        epoch,
        router_rtp_capabilities: media.routerCapabilities,
        ...transports,
        ice_servers: [],
      });
      this.#watched = '';
      for (const viewer of this.#journal.record.viewers.filter(isThere)) this.viewerJoined(viewer);
      this.tellWatched();
    } catch (err) {
      this.#parts.logger.warn({ err }, 'media could not be opened for the agent');
      const { code } = GcError.from(err);
      const current = this.#placing.media === media && this.#journal.record.state !== 'ended';
      if (current && code !== 'agent_offline') void this.#placing.replace('agent_media_failed');
    }
  }

  viewerJoined(viewer: ViewerRecord): void {
    if (!this.#journal.record.allowed) return;
    const { id: viewer_id, technician, grants } = viewer;
    this.#link?.tell('viewer.joined', {
      session_id: this.#journal.record.id,
      viewer: { viewer_id, technician, grants },
    });
  }

  grantsChanged({ id: viewer_id, grants }: ViewerRecord): void {
    if (!this.#journal.record.allowed) return;
    this.#link?.tell('grants.change', {
      session_id: this.#journal.record.id,
      viewer_id,
      grants,
    });
  }

  viewerLeft({ id: viewer_id }: ViewerRecord): void {
    if (!this.#journal.record.allowed) return;
    this.#link?.tell('viewer.left', { session_id: this.#journal.record.id, viewer_id });
  }

  /** The complete set of what is watched, whenever it differs from what this agent was told. */
  tellWatched(): void {
    const link = this.#link;
    const { placement, view } = this.#placing.media;
    const { watched, watchers } = view;
    const told = JSON.stringify([placement.epoch, watchers]);
    if (!link || !this.#journal.record.allowed || told === this.#watched) return;
    this.#watched = told;
    link.tell('video.watch', {
      session_id: placement.session_id,
      epoch: placement.epoch,
      monitor_ids: [...new Set(watched.map(({ monitor_id }) => monitor_id))],
      videos: watched,
      viewers: watchers,
    });
  }

  tellPath(viewer_id: ViewerId, report: PathReport): void {
    const { session_id, epoch } = this.#placing.media.placement;
    this.#link?.tell('path.report', { session_id, epoch, viewer_id, ...report });
  }

  tellKeyframe(video: VideoRef): void {
    const { session_id, epoch } = this.#placing.media.placement;
    this.#link?.tell('video.keyframe', { session_id, epoch, ...video });
  }

  /** After the node was found again: what was told meanwhile is told once more. */
  mediaRestored(): void {
    this.#watched = '';
    this.tellWatched();
  }

  ended(): void {
    clearTimeout(this.#timer);
    const { id, end_reason } = this.#journal.record;
    if (end_reason) this.#link?.tell('session.end', { session_id: id, end_reason });
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#link = undefined;
  }

  #next(link: AgentLink, held: number | undefined): Next {
    const { agent, allowed, placement } = this.#journal.record;
    if (agent.offered_boot !== link.bootId) return 'offer';
    if (held === undefined) return 'wait_for_end';
    if (!allowed || held === placement.epoch) return 'keep';
    // It holds no transports of this placement. Had it published here, its producers are dead.
    return placement.published ? 'new_media' : 'open_media';
  }

  #carryOn(next: Next): void {
    switch (next) {
      case 'offer':
        void this.#offer();
        return;
      case 'keep':
        this.#catchUp();
        return;
      case 'open_media':
        void this.openMedia(this.#placing.media);
        return;
      case 'new_media':
        void this.#placing.replace('agent_lost_media');
        return;
      case 'wait_for_end':
        // It took the offer and carries the session no more: somebody ended it there while the
        // link was down, and it is about to say who. It is never offered to it again.
        this.#timer = setTimeout(() => {
          this.#onEnd('agent_lost');
        }, this.#parts.timings.lastWordMs);
        return;
    }
  }

  /** Tells what happened while the agent's socket was away. */
  #catchUp(): void {
    const { viewers, agent } = this.#journal.record;
    for (const viewer of viewers) {
      if (isThere(viewer)) this.viewerJoined(viewer);
      else if ((viewer.left_at_ms ?? 0) >= agent.since_ms - AWAY_AT_MOST_MS)
        this.viewerLeft(viewer);
    }
    this.tellWatched();
  }

  #offer(): Promise<void> {
    this.#offering ??= this.#makeOffer().finally(() => {
      this.#offering = undefined;
    });
    return this.#offering;
  }

  async #makeOffer(): Promise<void> {
    await this.#placing.settled;
    const link = this.#link;
    const { record } = this.#journal;
    const { logger } = this.#parts;
    if (!link || record.state !== 'waiting_agent') return;
    try {
      await link.ask('session.offer', {
        session_id: record.id,
        epoch: record.placement.epoch,
        mode: record.mode,
        technician: record.technician,
        ...(record.reason === undefined ? {} : { reason: record.reason }),
        grants: record.grants,
        consent_timeout_s: record.consent_timeout_s,
        ...(record.consent_policy === undefined ? {} : { consent_policy: record.consent_policy }),
      });
      await this.#journal.apply({ kind: 'offered', boot_id: link.bootId });
      logger.info({ machine_id: link.machineId }, 'session offered');
    } catch (err) {
      const { code, retryable } = GcError.from(err);
      logger.warn({ err, code }, 'the offer was not taken');
      if (this.#link !== link || code === 'session_ended') return;
      if (!retryable) this.#onEnd('refused_by_agent');
      else this.#timer = setTimeout(() => void this.#offer(), OFFER_AGAIN_MS);
    }
  }
}

/** An agent that is too busy for one more session may have ended another one by then. */
const OFFER_AGAIN_MS = 3_000;
/** A viewer that left longer ago than any grace was told of before. */
const AWAY_AT_MOST_MS = 10 * 60_000;
