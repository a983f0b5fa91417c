// One session at the endpoint, from offer to end: the conductor of consent, transports, monitors and
// input, which know nothing of each other. Owned by Agent. Whatever becomes of the link to signaling,
// what runs here runs on; what ends here ends at once, and the network is told afterwards.
import { mayGo } from '@guruconnect/contract/base/transitions';
import { GcError } from '@guruconnect/contract/errors';
import type { Grant } from '@guruconnect/contract/grants';
import type { SessionId, ViewerId } from '@guruconnect/contract/ids';
import type { Topology } from '@guruconnect/contract/monitor';
import type { EndReason } from '@guruconnect/contract/session';
import type { InputChannel } from '@guruconnect/contract/signal/channels';
import type {
  MediaOpen,
  SessionOffer,
  ViewerIntroduction,
} from '@guruconnect/contract/signal/agent-messages';
import type { DataConsumer } from '@guruconnect/contract/signal/rtc-parameters';
import type { ConsentAnswer } from '@guruconnect/contract/tokens';
import type { Clock } from '../clock.ts';
import type { ConsentGate } from '../consent/consent-gate.ts';
import type { IndicatorBoard } from '../consent/indicator-board.ts';
import { FactsSender, type Pointer } from '../facts/facts-sender.ts';
import type { Arbitration } from '../input/arbitration.ts';
import { InputPipeline } from '../input/input-pipeline.ts';
import type { Injector } from '../input/injector.ts';
import type { Logger } from '../logger.ts';
import { nowUs, type EncodedFrame } from '../media/frame.ts';
import type { InputMark } from '../media/input-mark.ts';
import type { HubSubscription, MonitorHub } from '../media/monitor-hub.ts';
import type { Bandwidth } from '../rtc/bandwidth.ts';
import type { InboundChannel, OutboundChannel } from '../rtc/data-channels.ts';
import type { OutboundVideo } from '../rtc/outbound-video.ts';
import { RtcPeer, type PeerSignaling } from '../rtc/rtc-peer.ts';
import { MonitorPublisher } from './monitor-publisher.ts';
import {
  AGENT_SESSION_TRANSITIONS,
  isConsented,
  mediaRefusal,
  REFUSALS,
  type AgentSessionState,
} from './session-state.ts';
import type { Signaling } from './signaling.ts';

export interface AgentSessionParts {
  readonly signaling: Signaling;
  readonly consent: ConsentGate;
  readonly signConsent: (answered: {
    sessionId: SessionId;
    answer: ConsentAnswer;
    technician: { id: string; name: string };
    grants: readonly Grant[];
  }) => Promise<string>;
  readonly hub: MonitorHub;
  readonly injector: Injector;
  readonly inputMark: InputMark;
  readonly arbitration: Arbitration;
  readonly board: IndicatorBoard;
  /** Is the sign shown in this session, and does the session depend on it? */
  readonly indicated: 'required' | 'shown' | 'hidden';
  readonly pointer: Pointer;
  readonly topology: () => Topology;
  readonly newBandwidth: () => Bandwidth;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onEnded: (session: AgentSession) => void;
}

/** Also said again at once when signaling comes back. */
const READY_AGAIN_MS = 2000;

/** What exists from one `media.open` to the next. */
interface Placement {
  readonly epoch: number;
  readonly peer: RtcPeer;
  readonly facts: OutboundChannel;
  readonly publisher: MonitorPublisher<OutboundVideo<EncodedFrame>>;
  readonly stopBandwidth: () => void;
  /** Signaling has acknowledged that every monitor is published. */
  told: boolean;
  cancelRetry: () => void;
}

interface SessionViewer {
  readonly introduction: ViewerIntroduction;
  grants: readonly Grant[];
  readonly channels: Map<InputChannel, InboundChannel>;
}

export class AgentSession {
  readonly id: SessionId;
  readonly #parts: AgentSessionParts;
  readonly #offer: SessionOffer;
  readonly #facts: FactsSender;
  readonly #input: InputPipeline;
  readonly #video: HubSubscription;
  readonly #viewers = new Map<ViewerId, SessionViewer>();
  readonly #asking = new AbortController();
  #state: AgentSessionState = 'asking';
  #epoch = 0;
  /** Counts calls of `openMedia`: transports of an older one are dead, also within one epoch. */
  #generation = 0;
  #answer: ConsentAnswer | undefined;
  #placement: Placement | undefined;
  #opening: Promise<void> | undefined;
  #watched: readonly number[] = [];

  constructor(offer: SessionOffer, parts: AgentSessionParts) {
    this.id = offer.session_id;
    this.#offer = offer;
    this.#parts = { ...parts, logger: parts.logger.child({ session_id: offer.session_id }) };
    this.#facts = new FactsSender(parts.pointer);
    this.#input = new InputPipeline({
      injector: parts.injector,
      arbitration: parts.arbitration,
      clock: parts.clock,
      topology: parts.topology,
      consented: () => isConsented(this.#state),
      onInjecting: (seq) => {
        if (seq > 0) parts.inputMark.write(seq, nowUs());
      },
      onRefused: (viewerId, seq, code) => this.#facts.inputRefused(viewerId, seq, code),
    });
    this.#video = parts.hub.subscribe({ onFrame: (id, frame) => this.#send(id, frame) });
  }

  get state(): AgentSessionState {
    return this.#state;
  }

  /** The placement whose transports live here, 0 for none: what hello tells. */
  get heldEpoch(): number {
    return this.#placement?.epoch ?? 0;
  }

  /** Asks whoever decides, and tells signaling. Resolves when that is done; never rejects. */
  async decide(): Promise<void> {
    const { consent, logger } = this.#parts;
    const { mode, technician, reason, grants, consent_timeout_s } = this.#offer;
    logger.info({ mode, grants }, 'session offered');
    const answer = await consent.decide({
      mode,
      technician,
      reason,
      grants,
      timeoutMs: consent_timeout_s * 1000,
      signal: this.#asking.signal,
    });
    if (answer === undefined || this.#state !== 'asking') return;
    logger.info({ answer }, 'consent decided');
    const refusal = REFUSALS[answer];
    // What was refused has ended here before anybody is told; what was allowed begins when told.
    if (refusal) this.#close(refusal);
    else this.#go('allowed');
    this.#answer = answer;
    await this.#tellConsent(answer);
  }

  /** Signaling does not know that the offer was heard: it gets the answer once more. */
  offeredAgain(): void {
    if (this.#answer) void this.#tellConsent(this.#answer);
  }

  /**
   * New transports, in a newer placement or again in the same. Returns before they are connected:
   * how that went is told by `media.ready` or `media.lost`.
   * @throws GcError `stale_epoch`, `consent_required`, `session_ended`.
   */
  openMedia(media: MediaOpen): void {
    const refusal = mediaRefusal(this.#state, this.#epoch, media.epoch);
    if (refusal) throw new GcError(refusal);
    this.#dropPlacement();
    this.#epoch = media.epoch;
    this.#generation += 1;
    this.#go('connecting');
    const opening = this.#connect(media).finally(() => {
      if (this.#opening === opening) this.#opening = undefined;
    });
    this.#opening = opening;
  }

  viewerJoined(introduction: ViewerIntroduction): void {
    const { viewer_id, grants } = introduction;
    const known = this.#viewers.get(viewer_id);
    if (!known) this.#parts.logger.info({ viewer_id, grants }, 'viewer joined');
    if (known) known.grants = grants;
    else this.#viewers.set(viewer_id, { introduction, grants, channels: new Map() });
    this.#input.setViewer(viewer_id, grants);
    this.#facts.tellPointer();
    this.#updateSign();
  }

  viewerLeft(viewerId: ViewerId): void {
    this.#closeChannels(viewerId);
    this.#input.removeViewer(viewerId);
    if (this.#viewers.delete(viewerId))
      this.#parts.logger.info({ viewer_id: viewerId }, 'viewer left');
    this.#updateSign();
  }

  /** @throws GcError `not_found`. */
  changeGrants(viewerId: ViewerId, grants: readonly Grant[]): void {
    const viewer = this.#viewers.get(viewerId);
    if (!viewer) throw new GcError('not_found', 'No such viewer in this session');
    viewer.grants = grants;
    this.#parts.logger.info({ viewer_id: viewerId, grants }, 'grants changed');
    this.#input.setViewer(viewerId, grants);
    if (!grants.includes('control')) this.#closeChannels(viewerId);
    this.#updateSign();
  }

  /**
   * A viewer's input channel, announced by signaling; no other is ever listened to.
   * @throws GcError `stale_epoch`, `grant_missing`, `illegal_transition` (no transports).
   */
  async openInput(
    epoch: number,
    viewerId: ViewerId,
    channel: InputChannel,
    offered: DataConsumer,
  ): Promise<void> {
    await this.#opening;
    const placement = this.#placementOf(epoch);
    const viewer = this.#viewers.get(viewerId);
    if (!viewer?.grants.includes('control'))
      throw new GcError('grant_missing', 'Only an announced viewer with control may send input');
    viewer.channels.get(channel)?.close();
    const listeners = this.#input.channel(viewerId, () => {
      this.#parts.logger.warn({ viewer_id: viewerId, channel }, 'closed: no input comes on it');
      viewer.channels.get(channel)?.close();
      viewer.channels.delete(channel);
      this.#updateSign();
    });
    const opened = await placement.peer.consumeInput(offered, {
      onBytes: listeners.onBytes,
      onGone: () => {
        listeners.onGone();
        if (viewer.channels.get(channel) === opened) viewer.channels.delete(channel);
        this.#updateSign();
      },
    });
    if (this.#viewers.get(viewerId) !== viewer || !viewer.grants.includes('control')) {
      opened.close();
      throw new GcError('grant_missing', 'The viewer lost control meanwhile');
    }
    viewer.channels.set(channel, opened);
    this.#parts.logger.info({ viewer_id: viewerId, channel }, 'input opened');
    this.#updateSign();
  }

  /** The complete set of monitors that somebody watches. @throws GcError `stale_epoch`. */
  watch(epoch: number, monitorIds: readonly number[]): void {
    if (epoch !== this.#epoch) throw new GcError('stale_epoch');
    this.#watched = monitorIds;
    this.#applyWatched();
    // Whoever begins to watch consumes facts by now.
    this.#facts.tellPointer();
    this.#updateSign();
  }

  /** @throws GcError `stale_epoch`. */
  requestKeyframe(epoch: number, monitorId: number): void {
    if (epoch !== this.#epoch) throw new GcError('stale_epoch');
    this.#video.requestKeyframe(monitorId);
  }

  topologyChanged(): void {
    void this.#placement?.publisher.align();
  }

  pointerShapeChanged(): void {
    this.#facts.shapeChanged();
  }

  pointerMoved(position: { xPx: number; yPx: number }): void {
    this.#facts.positionChanged(position);
  }

  /** Signaling is there again and says that the session goes on: what could not be told is told. */
  resumed(): void {
    if (this.#placement) void this.#publishAll(this.#placement);
  }

  /**
   * The end, once. Locally first: nothing is shown and nothing typed when this returns.
   * @param tell whether signaling has to hear it from us.
   */
  end(reason: EndReason, tell: 'tell' | 'told'): void {
    if (this.#state === 'ended') return;
    this.#close(reason);
    if (tell === 'tell')
      this.#parts.signaling.tell('session.end', { session_id: this.id, end_reason: reason });
  }

  #close(reason: EndReason): void {
    this.#go('ended');
    // In reverse of how it was built, what endangers somebody first.
    this.#input.releaseAll();
    this.#asking.abort();
    this.#parts.board.show(this.id, []);
    this.#video.close();
    this.#dropPlacement();
    this.#viewers.clear();
    this.#parts.logger.info({ end_reason: reason }, 'session ended');
    this.#parts.onEnded(this);
  }

  async #tellConsent(answer: ConsentAnswer): Promise<void> {
    const { signConsent, signaling } = this.#parts;
    const { technician, grants } = this.#offer;
    const proof = await signConsent({ sessionId: this.id, answer, technician, grants });
    // A yes that was taken back meanwhile is an end, and that is told instead.
    if (REFUSALS[answer] === undefined && this.#state === 'ended') return;
    signaling.tell('consent.answer', { session_id: this.id, answer, proof });
  }

  async #connect(media: MediaOpen): Promise<void> {
    const { clock, logger, newBandwidth, signaling, topology } = this.#parts;
    const { epoch } = media;
    const fence = { session_id: this.id, epoch };
    const generation = this.#generation;
    const current = (): boolean => generation === this.#generation && this.#state !== 'ended';
    const lost = (why: string): void => {
      if (current()) this.#mediaLost(why);
    };
    const bandwidth = newBandwidth();
    let opened: { peer: RtcPeer; facts: OutboundChannel };
    try {
      opened = await RtcPeer.open({
        media,
        signaling: peerSignaling(signaling, fence),
        clock,
        bandwidth,
        onLost: lost,
        onNote: ({ name, ...note }) => logger.info({ epoch, ...note }, name),
      });
    } catch (err) {
      logger.warn({ err, epoch }, 'transports could not be connected');
      lost('not connected');
      return;
    }
    const { peer, facts } = opened;
    if (!current()) return peer.close();
    const publisher = new MonitorPublisher<OutboundVideo<EncodedFrame>>({
      topology,
      produce: (id) =>
        peer.produceVideo<EncodedFrame>(id, {
          chroma: '420',
          onKeyframeNeeded: () => this.#video.requestKeyframe(id),
          onSent: (frame) => this.#facts.frameSent(id, frame, nowUs()),
        }),
      withdraw: (id) => peer.withdrawVideo(id),
      onPublished: () => this.#applyWatched(),
      clock,
      logger: logger.child({ epoch }),
    });
    this.#video.setPathBps(bandwidth.targetBps);
    const stopBandwidth = bandwidth.onTarget((bps) => {
      logger.debug({ epoch, bps }, 'path');
      this.#video.setPathBps(bps);
    });
    const placement: Placement = {
      epoch,
      peer,
      facts,
      publisher,
      stopBandwidth,
      told: false,
      cancelRetry: () => undefined,
    };
    this.#placement = placement;
    this.#facts.attach(facts);
    await this.#publishAll(placement);
  }

  /** Every monitor there is, then the word that it is so; both may have to be repeated. */
  async #publishAll(placement: Placement): Promise<void> {
    await placement.publisher.align();
    if (this.#placement !== placement || placement.told) return;
    try {
      await this.#parts.signaling.ask('media.ready', {
        session_id: this.id,
        epoch: placement.epoch,
      });
    } catch (err) {
      const { clock, logger } = this.#parts;
      logger.warn({ err }, 'media.ready was not heard; saying it again');
      if (this.#placement !== placement) return;
      placement.cancelRetry();
      placement.cancelRetry = clock.after(READY_AGAIN_MS, () => void this.#publishAll(placement));
      return;
    }
    if (this.#placement !== placement) return;
    placement.told = true;
    if (this.#state === 'connecting') this.#go('live');
    this.#parts.logger.info(
      { epoch: placement.epoch, monitors: placement.publisher.videos.size },
      'monitors published',
    );
  }

  /** Consent stays; signaling finds another node, or tells that there is none. */
  #mediaLost(why: string): void {
    if (this.#state === 'interrupted') return;
    const epoch = this.#epoch;
    this.#parts.logger.warn({ epoch, why }, 'media lost');
    this.#dropPlacement();
    this.#go('interrupted');
    // When signaling is away as well, the next hello says that no placement is held here.
    this.#parts.signaling
      .ask('media.lost', { session_id: this.id, epoch })
      .catch((err: unknown) => {
        this.#parts.logger.info({ err }, 'media.lost was not taken');
      });
  }

  /** Input first: what is held goes up before the channels it came on close. */
  #dropPlacement(): void {
    this.#input.releaseAll();
    for (const viewerId of this.#viewers.keys()) this.#closeChannels(viewerId);
    this.#watched = [];
    this.#video.setWatched([]);
    this.#facts.attach(undefined);
    const placement = this.#placement;
    this.#placement = undefined;
    placement?.cancelRetry();
    placement?.stopBandwidth();
    placement?.publisher.close();
    placement?.facts.close();
    placement?.peer.close();
  }

  #closeChannels(viewerId: ViewerId): void {
    const viewer = this.#viewers.get(viewerId);
    this.#input.release(viewerId);
    for (const channel of viewer?.channels.values() ?? []) channel.close();
    viewer?.channels.clear();
  }

  #placementOf(epoch: number): Placement {
    if (epoch !== this.#epoch) throw new GcError('stale_epoch');
    if (!this.#placement) throw new GcError('illegal_transition', 'There are no transports now');
    return this.#placement;
  }

  /** The hot path: from the encoder's thread straight to the wire. */
  #send(monitorId: number, frame: EncodedFrame): void {
    this.#placement?.publisher.videos.get(monitorId)?.send(frame);
  }

  #applyWatched(): void {
    const videos =
      this.#placement?.publisher.videos ?? new Map<number, OutboundVideo<EncodedFrame>>();
    const shown = this.#watched.filter((id) => videos.has(id));
    this.#video.setWatched(shown);
    for (const [id, video] of videos) video.setPaused(!shown.includes(id));
  }

  /** Named on the sign: everybody who joined, from when something is shown or may be typed. */
  #updateSign(): void {
    const { board, indicated, logger } = this.#parts;
    if (indicated === 'hidden' || this.#state === 'ended') return;
    const viewers = [...this.#viewers.values()];
    const controls = ({ channels }: SessionViewer): boolean => channels.size > 0;
    const active = this.#watched.length > 0 || viewers.some(controls);
    const technicians = viewers.map((viewer) => ({
      name: viewer.introduction.technician.name,
      activity: controls(viewer) ? ('controlling' as const) : ('viewing' as const),
    }));
    const shown = board.show(this.id, active ? technicians : []);
    if (shown || indicated !== 'required') return;
    logger.error('the sign that somebody watches cannot be shown');
    this.end('refused_by_agent', 'tell');
  }

  #go(to: AgentSessionState): void {
    if (!mayGo(AGENT_SESSION_TRANSITIONS, this.#state, to))
      throw new Error(`a session at the agent cannot go from ${this.#state} to ${to}`);
    this.#state = to;
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
    produceVideo: async (monitor_id, rtp_parameters) =>
      (await signaling.ask('video.produce', { ...fence, monitor_id, rtp_parameters })).producer_id,
    withdrawVideo: async (monitor_id) => {
      await signaling.ask('video.withdraw', { ...fence, monitor_id });
    },
    produceData: async (label, sctp_stream_parameters) =>
      (await signaling.ask('data.produce', { ...fence, label, sctp_stream_parameters }))
        .data_producer_id,
  };
}
