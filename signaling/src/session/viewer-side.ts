// A session's viewers: who is there, what each consumes, which of their input channels exist.
// Everything a viewer asks for is checked here against consent and its grants before the node is
// ordered, and the node checks again. Owned by Session.
import type { AuditActor } from '@guruconnect/contract/audit';
import { GcError } from '@guruconnect/contract/errors';
import type { Grant } from '@guruconnect/contract/grants';
import type { ViewerId } from '@guruconnect/contract/ids';
import { videoKey, type VideoRef } from '@guruconnect/contract/rendition';
import type { InputChannel } from '@guruconnect/contract/signal/channels';
import type { SctpStreamParameters } from '@guruconnect/contract/signal/rtc-parameters';
import type { PathReport } from '@guruconnect/contract/signal/path-report';
import type { OfferedVideo } from '@guruconnect/contract/signal/viewer-messages';
import { viewerActor } from '../audit/actors.ts';
import type { FeatureGate } from '../features.ts';
import type { Timings } from '../limits.ts';
import type { Logger } from '../logger.ts';
import { offeredTo, type Consuming } from '../media/rendition-choice.ts';
import type { SessionMedia } from '../media/session-media.ts';
import type { ViewerRecord } from '../store/session-record.ts';
import type { Store } from '../store/store.ts';
import type { AgentSide } from './agent-side.ts';
import type { Journal } from './journal.ts';
import type { ViewerLink } from './links.ts';
import type { Placing } from './placing.ts';
import { isThere, viewerOf } from './viewer-places.ts';
import { ViewerRenditions } from './viewer-renditions.ts';

/** With so much of it lost a picture is not repaired but begun again, and not all the time. */
const HOPELESS_LOSS = 0.3;
const RESTART_EVERY_MS = 1000;

export type ViewerSideParts = {
  readonly timings: Pick<Timings, 'viewerGraceMs' | 'lastWordMs'>;
  readonly logger: Logger;
  readonly store: Pick<Store, 'audit'>;
  readonly remoteInput: FeatureGate;
  readonly multiMonitor: FeatureGate;
};

export class ViewerSide {
  readonly #journal: Journal;
  readonly #placing: Placing;
  readonly #agent: AgentSide;
  readonly #parts: ViewerSideParts;
  readonly #links = new Map<ViewerId, ViewerLink>();
  readonly #mediaLost = new Set<ViewerId>();
  readonly #restartedAtMs = new Map<ViewerId, number>();
  readonly #renditions: ViewerRenditions;
  readonly #graces = new Map<ViewerId, NodeJS.Timeout>();

  constructor(journal: Journal, placing: Placing, agent: AgentSide, parts: ViewerSideParts) {
    this.#journal = journal;
    this.#placing = placing;
    this.#agent = agent;
    this.#parts = parts;
    this.#renditions = new ViewerRenditions({
      view: () => this.#placing.media.view,
      tell: (viewerId) => this.#tellRendition(viewerId),
      logger: parts.logger,
    });
    // After a restart of this process: who was there has this long to come back.
    for (const viewer of journal.record.viewers.filter(isThere)) this.#startGrace(viewer.id);
  }

  /** @throws GcError as viewerOf. */
  record(viewerId: ViewerId): ViewerRecord {
    return viewerOf(this.#journal.record, viewerId);
  }

  async connected(link: ViewerLink): Promise<void> {
    const { viewerId } = link;
    this.record(viewerId);
    this.#stopGrace(viewerId);
    const replaced = this.#links.get(viewerId);
    this.#links.set(viewerId, link);
    if (replaced && replaced !== link) replaced.close('replaced');
    const { changed } = await this.#journal.apply({ kind: 'viewer_joined', viewer_id: viewerId });
    if (changed) this.#agent.viewerJoined(this.record(viewerId));
    if (this.#renditions.preferenceOf(viewerId) === 'reduced') this.#tellRendition(viewerId);
  }

  /** The socket is gone. The viewer is, too, when its media is or the grace has passed. */
  async disconnected(link: ViewerLink): Promise<void> {
    const { viewerId } = link;
    if (this.#links.get(viewerId) !== link) return;
    this.#links.delete(viewerId);
    if (this.#mediaLost.has(viewerId)) await this.#left(viewerId);
    else this.#startGrace(viewerId);
  }

  /**
   * Takes a viewer out for good: media first, then its socket. What the node could not be told is
   * made up for when its link is up again (mediaRestored).
   * @throws GcError `not_found`.
   */
  async remove(viewerId: ViewerId, by: AuditActor): Promise<void> {
    const { record, changed } = await this.#journal.apply({
      kind: 'viewer_removed',
      viewer_id: viewerId,
      by,
    });
    if (!changed) return;
    this.#stopGrace(viewerId);
    this.#mediaLost.delete(viewerId);
    const link = this.#links.get(viewerId);
    this.#links.delete(viewerId);
    const viewer = record.viewers.find(({ id }) => id === viewerId);
    if (viewer) this.#agent.viewerLeft(viewer);
    await this.#closeMedia(viewerId, 'viewer_removed');
    if (link) void this.#lastWord(link, 'removed');
  }

  /**
   * What a viewer may do from now on: at the endpoint and on the media node at once, then its page
   * is told. Where one of them can not be reached, the other refuses by itself, and what it could not
   * be told is made up for when it is back (mediaRestored, and the agent's reconnect).
   * @throws GcError `not_found`, `grant_missing`.
   */
  async setGrants(viewerId: ViewerId, grants: Grant[], by: AuditActor): Promise<void> {
    const { changed } = await this.#journal.apply({
      kind: 'viewer_grants',
      viewer_id: viewerId,
      grants,
      by,
    });
    if (!changed) return;
    const viewer = this.record(viewerId);
    if (isThere(viewer)) this.#agent.grantsChanged(viewer);
    await this.#allowInput(viewerId);
    this.#links.get(viewerId)?.tell('grants.changed', { grants: viewer.grants });
  }

  /** Less was agreed to at the endpoint than was asked for: who came before that is told. */
  async grantsNarrowed(): Promise<void> {
    for (const viewer of this.#journal.record.viewers.filter(isThere)) {
      await this.#allowInput(viewer.id);
      this.#links.get(viewer.id)?.tell('grants.changed', { grants: viewer.grants });
    }
  }

  /** The node was found again: who was removed meanwhile has no business there. */
  async mediaRestored(): Promise<void> {
    for (const viewer of this.#journal.record.viewers)
      if (viewer.removed_at_ms !== undefined) await this.#closeMedia(viewer.id, 'viewer_removed');
      else if (isThere(viewer)) await this.#allowInput(viewer.id);
  }

  /** The node's word on a viewer's transports. */
  async mediaConnection(viewerId: ViewerId, connected: boolean): Promise<void> {
    if (connected) this.#mediaLost.delete(viewerId);
    else this.#mediaLost.add(viewerId);
    if (!connected && !this.#links.has(viewerId)) await this.#left(viewerId);
  }

  /** New transports, replacing whatever this viewer had. Allowed before consent: no media is. */
  join(viewerId: ViewerId) {
    const media = this.#placing.placed();
    const maySendInput = this.#maySendInput(viewerId);
    this.#mediaLost.delete(viewerId);
    return media.openViewer(viewerId, maySendInput).then(async (transports) => {
      // Its grants may have changed while the node was at it.
      if (this.#maySendInput(viewerId) !== maySendInput) await this.#allowInput(viewerId);
      this.#tellWatched();
      return {
        epoch: media.placement.epoch,
        router_rtp_capabilities: media.routerCapabilities,
        ...transports,
        ice_servers: [],
      };
    });
  }

  /** @throws GcError `consent_required`, `grant_missing`. */
  async consume(viewerId: ViewerId, epoch: number, consuming: Consuming) {
    this.#require(viewerId, 'view');
    const media = this.#placing.at(epoch);
    if (!this.#journal.record.placement.published)
      throw new GcError('illegal_transition', 'The agent has not published its monitors yet');
    await this.#journal.apply({
      kind: 'viewer_consuming',
      viewer_id: viewerId,
      epoch,
      ...consuming,
    });
    const offered = offeredTo(consuming, this.#shown(media));
    const [facts, ...videos] = await Promise.all([
      media.consumeFacts(viewerId),
      ...offered.map((video) => offer(media, viewerId, video, consuming)),
    ]);
    return { videos, facts };
  }

  /** Something was published, maybe after viewers asked for all: offer it to those it is for. */
  async published(media: SessionMedia, published: VideoRef): Promise<void> {
    const shown = this.#shown(media);
    const { epoch } = media.placement;
    const offers = this.#journal.record.viewers.map(async ({ id, consuming }) => {
      if (consuming?.epoch !== epoch) return;
      const isFor = offeredTo(consuming, shown).some(
        (one) => videoKey(one) === videoKey(published),
      );
      if (!isFor) return;
      const video = await offer(media, id, published, consuming);
      this.#links.get(id)?.tell('video.offered', { epoch, video });
    });
    for (const outcome of await Promise.allSettled(offers))
      if (outcome.status === 'rejected')
        this.#parts.logger.warn({ err: outcome.reason }, 'a monitor could not be offered');
  }

  async setPaused(
    viewerId: ViewerId,
    epoch: number,
    consumerId: string,
    paused: boolean,
  ): Promise<void> {
    if (!paused) this.#require(viewerId, 'view');
    const media = this.#placing.at(epoch);
    const video = this.#videoOf(media, viewerId, consumerId);
    await media.setPaused(viewerId, consumerId, paused);
    this.#tellWatched();
    // The node asks by PLI as well; a lost one is repeated only a second later.
    if (!paused) this.#agent.tellKeyframe(video);
  }

  async keyframe(viewerId: ViewerId, epoch: number, consumerId: string): Promise<void> {
    this.#require(viewerId, 'view');
    const media = this.#placing.at(epoch);
    this.#agent.tellKeyframe(this.#videoOf(media, viewerId, consumerId));
    await media.keyframe(viewerId, consumerId);
  }

  /** @throws GcError `stale_epoch`, `grant_missing`. */
  reportPath(viewerId: ViewerId, epoch: number, report: PathReport): void {
    this.#require(viewerId, 'view');
    const media = this.#placing.at(epoch);
    // The agent first: what follows has to be smaller.
    this.#agent.tellPath(viewerId, report);
    this.#renditions.report(viewerId);
    const sinceMs = performance.now() - (this.#restartedAtMs.get(viewerId) ?? -Infinity);
    if (report.loss_ratio < HOPELESS_LOSS || sinceMs < RESTART_EVERY_MS) return;
    this.#restartedAtMs.set(viewerId, performance.now());
    media.restart(viewerId).catch((err: unknown) => {
      this.#parts.logger.debug({ err, viewer_id: viewerId }, 'a picture was not begun again');
    });
  }

  /**
   * One input channel, end to end: the answer means that the agent has it open.
   * @throws GcError `grant_missing`, `consent_required`, `feature_off`, `agent_offline`.
   */
  async openInput(
    viewerId: ViewerId,
    epoch: number,
    channel: InputChannel,
    sctp: SctpStreamParameters,
  ): Promise<{ data_producer_id: string }> {
    this.#parts.remoteInput.require();
    this.#require(viewerId, 'control');
    const media = this.#placing.at(epoch);
    if (!this.#journal.record.placement.published)
      throw new GcError('illegal_transition', 'The agent has not published its monitors yet');
    const agent = this.#agent.link;
    if (!agent) throw new GcError('agent_offline');
    const { technician } = this.record(viewerId);
    await this.#parts.store.audit.append({
      act: 'input.opened',
      actor: viewerActor(viewerId, technician),
      subject: { kind: 'session', id: this.#journal.record.id },
      details: { channel, epoch },
      at_ms: Date.now(),
    });
    const { dataProducerId, agentConsumer } = await media.openInput(viewerId, channel, sctp);
    await agent.ask('input.consume', {
      session_id: this.#journal.record.id,
      epoch,
      viewer_id: viewerId,
      channel,
      data_consumer: agentConsumer,
    });
    return { data_producer_id: dataProducerId };
  }

  /** @throws GcError `grant_missing`: who sees only a part of the session may not end all of it. */
  requireWholeSession(viewerId: ViewerId): void {
    const { grants } = this.#journal.record;
    for (const grant of grants) this.#requireGrant(viewerId, grant);
  }

  consumerClosed(viewerId: ViewerId, epoch: number, video: VideoRef, consumerId: string): void {
    const { placement, view } = this.#placing.media;
    if (placement.epoch !== epoch) return;
    view.consumerClosed(viewerId, consumerId);
    this.#links.get(viewerId)?.tell('video.closed', { epoch, ...video, consumer_id: consumerId });
    this.#tellWatched();
  }

  moved(epoch: number): void {
    this.#mediaLost.clear();
    for (const link of this.#links.values()) link.tell('media.moved', { epoch });
  }

  /** The session is over: everybody hears it from the journal, then sockets are closed. */
  async ended(): Promise<void> {
    const links = [...this.#links.values()];
    this.close();
    await Promise.all(links.map((link) => this.#lastWord(link, 'session_ended')));
  }

  close(): void {
    this.#renditions.close();
    for (const viewerId of [...this.#graces.keys()]) this.#stopGrace(viewerId);
    this.#links.clear();
  }

  async #left(viewerId: ViewerId): Promise<void> {
    this.#stopGrace(viewerId);
    this.#mediaLost.delete(viewerId);
    this.#restartedAtMs.delete(viewerId);
    this.#renditions.forget(viewerId);
    const { changed } = await this.#journal.apply({ kind: 'viewer_left', viewer_id: viewerId });
    if (!changed) return;
    this.#agent.viewerLeft(this.record(viewerId));
    await this.#closeMedia(viewerId, 'viewer_left');
  }

  #maySendInput(viewerId: ViewerId): boolean {
    return this.#parts.remoteInput.on && this.#has(viewerId, 'control');
  }

  async #allowInput(viewerId: ViewerId): Promise<void> {
    await this.#placing.media
      .allowInput(viewerId, this.#maySendInput(viewerId))
      .catch((err: unknown) => {
        // It has no transports yet: they are opened with what counts then.
        this.#parts.logger.debug({ err, viewer_id: viewerId }, 'input of a viewer not changed');
      });
  }

  async #closeMedia(viewerId: ViewerId, reason: string): Promise<void> {
    await this.#placing.media.closeViewer(viewerId, reason).catch((err: unknown) => {
      // Without a link its transports time out by themselves (ICE consent).
      this.#parts.logger.debug({ err, viewer_id: viewerId }, 'endpoint of a viewer not closed');
    });
    this.#tellWatched();
  }

  /** What the journal told has to arrive before the socket goes, but nobody waits long for that. */
  async #lastWord(link: ViewerLink, why: string): Promise<void> {
    const { lastWordMs } = this.#parts.timings;
    await Promise.race([link.heard(), new Promise((resolve) => setTimeout(resolve, lastWordMs))]);
    link.close(why);
  }

  /** Who looks at what has changed. */
  #tellWatched(): void {
    this.#agent.tellWatched();
    this.#renditions.look();
  }

  #tellRendition(viewerId: ViewerId): void {
    const { epoch } = this.#placing.media.placement;
    const rendition = this.#renditions.preferenceOf(viewerId);
    this.#links.get(viewerId)?.tell('video.prefer', { epoch, rendition });
  }

  /** What is published of the monitors that this server shows. */
  #shown({ view }: SessionMedia): VideoRef[] {
    if (this.#parts.multiMonitor.on) return view.videos;
    const shown = new Set(this.#journal.record.topology.monitors.map((one) => one.monitor_id));
    return view.videos.filter(({ monitor_id }) => shown.has(monitor_id));
  }

  #startGrace(viewerId: ViewerId): void {
    this.#stopGrace(viewerId);
    const timer = setTimeout(() => {
      this.#left(viewerId).catch((err: unknown) => {
        this.#parts.logger.error({ err, viewer_id: viewerId }, 'a viewer could not be taken out');
      });
    }, this.#parts.timings.viewerGraceMs);
    this.#graces.set(viewerId, timer);
  }

  #stopGrace(viewerId: ViewerId): void {
    clearTimeout(this.#graces.get(viewerId));
    this.#graces.delete(viewerId);
  }

  #has(viewerId: ViewerId, grant: Grant): boolean {
    return this.record(viewerId).grants.includes(grant);
  }

  #requireGrant(viewerId: ViewerId, grant: Grant): void {
    if (!this.#has(viewerId, grant)) throw new GcError('grant_missing', `This needs "${grant}"`);
  }

  #require(viewerId: ViewerId, grant: Grant): void {
    this.#requireGrant(viewerId, grant);
    if (!this.#journal.record.allowed) throw new GcError('consent_required');
  }

  #videoOf(media: SessionMedia, viewerId: ViewerId, consumerId: string): VideoRef {
    const video = media.view.videoOf(viewerId, consumerId);
    if (!video) throw new GcError('not_found', 'This viewer has no such consumer');
    return video;
  }
}

async function offer(
  media: SessionMedia,
  viewerId: ViewerId,
  video: VideoRef,
  { rtp_capabilities }: Consuming,
): Promise<OfferedVideo> {
  return { ...video, consumer: await media.consumeVideo(viewerId, video, rtp_capabilities) };
}
