// One session at the endpoint, from offer to end: the conductor of consent, transports, monitors and
// input, which know nothing of each other. Owned by Agent. Whatever becomes of the link to signaling,
// what runs here runs on; what ends here ends at once, and the network is told afterwards.
import { mayGo } from '@guruconnect/contract/base/transitions';
import { GcError } from '@guruconnect/contract/errors';
import type { Grant } from '@guruconnect/contract/grants';
import type { SessionId, ViewerId } from '@guruconnect/contract/ids';
import type { Topology } from '@guruconnect/contract/monitor';
import { videoKey, type Rendition, type VideoRef } from '@guruconnect/contract/rendition';
import type { EndReason } from '@guruconnect/contract/session';
import type { InputChannel } from '@guruconnect/contract/signal/channels';
import type { MediaOpen, SessionOffer } from '@guruconnect/contract/signal/agent-messages';
import type { PathReport } from '@guruconnect/contract/signal/path-report';
import type { DataConsumer } from '@guruconnect/contract/signal/rtc-parameters';
import type { ConsentAnswer } from '@guruconnect/contract/tokens';
import type { Clock } from '../clock.ts';
import type { ConsentDecision, ConsentGate } from '../consent/consent-gate.ts';
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
import { Placement } from './placement.ts';
import {
  AGENT_SESSION_TRANSITIONS,
  isConsented,
  mediaRefusal,
  REFUSALS,
  type AgentSessionState,
} from './session-state.ts';
import { SessionViewers } from './session-viewers.ts';
import type { Signaling } from './signaling.ts';
import { ViewerPaths } from './viewer-paths.ts';

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
  /** What this machine publishes of each monitor. */
  readonly renditions: readonly Rendition[];
  readonly newBandwidth: () => Bandwidth;
  /** Bounds of what a viewer's way may limit a session to. */
  readonly limits: { readonly minBps: number; readonly maxBps: number };
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onEnded: (session: AgentSession) => void;
}

type Watchers = Parameters<ViewerPaths['watch']>[0];

export class AgentSession {
  readonly id: SessionId;
  readonly viewers: SessionViewers;
  readonly facts: FactsSender;
  readonly #parts: AgentSessionParts;
  readonly #offer: SessionOffer;
  readonly #input: InputPipeline;
  readonly #video: HubSubscription;
  readonly #paths: ViewerPaths;
  readonly #asking = new AbortController();
  #state: AgentSessionState = 'asking';
  #decision: ConsentDecision | undefined;
  #epoch = 0;
  /** Counts calls of `openMedia`: transports of an older one are dead, also within one epoch. */
  #generation = 0;
  #opening: Promise<void> | undefined;
  #placement: Placement | undefined;
  #watched: readonly VideoRef[] = [];

  constructor(offer: SessionOffer, parts: AgentSessionParts) {
    const logger = parts.logger.child({ session_id: offer.session_id });
    this.id = offer.session_id;
    this.#offer = offer;
    this.#parts = { ...parts, logger };
    this.facts = new FactsSender(parts.pointer);
    this.#input = new InputPipeline({
      injector: parts.injector,
      arbitration: parts.arbitration,
      clock: parts.clock,
      topology: parts.topology,
      consented: () => isConsented(this.#state),
      asking: () => parts.consent.asking,
      onInjecting: (seq) => {
        if (seq > 0) parts.inputMark.write(seq, nowUs());
      },
      onRefused: (viewerId, seq, code) => this.facts.inputRefused(viewerId, seq, code),
      onProbe: (viewerId, seq) =>
        this.facts.probed(viewerId, seq, nowUs(), this.#placement?.nodeRttMs),
    });
    this.viewers = new SessionViewers({
      input: this.#input,
      agreed: () => this.#decision?.grants ?? [],
      logger,
      onJoined: () => this.facts.tellPointer(),
      onChange: () => this.#updateSign(),
    });
    this.#video = parts.hub.subscribe({ onFrame: (id, frame) => this.#send(id, frame) });
    this.#paths = new ViewerPaths({
      clock: parts.clock,
      ...parts.limits,
      own: () => this.#placement?.hop ?? { queueMs: 0, lossRatio: 0 },
      onKeyframeNeeded: (id) => this.#video.requestKeyframe(id),
      onLimits: (limits) => {
        logger.debug({ limits: Object.fromEntries(limits) }, "viewers' ways");
        this.#video.setLimits(limits);
      },
    });
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
    const { mode, technician, reason, grants, consent_timeout_s, consent_policy } = this.#offer;
    logger.info({ mode, grants }, 'session offered');
    const decision = await consent.decide({
      mode,
      policy: consent_policy,
      technician,
      reason,
      grants,
      timeoutMs: consent_timeout_s * 1000,
      signal: this.#asking.signal,
    });
    if (decision === undefined || this.#state !== 'asking') return;
    const { answer } = decision;
    logger.info({ ...decision }, 'consent decided');
    this.#decision = decision;
    const refusal = REFUSALS[answer];
    // What was refused has ended here before anybody is told; what was allowed begins when told.
    if (refusal) this.#close(refusal);
    else this.#go('allowed');
    await this.#tellConsent(decision);
  }

  /** Signaling does not know that the offer was heard: it gets the answer once more. */
  offeredAgain(): void {
    if (this.#decision) void this.#tellConsent(this.#decision);
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
    const opening = this.#place(media).finally(() => {
      if (this.#opening === opening) this.#opening = undefined;
    });
    this.#opening = opening;
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
    this.#requireEpoch(epoch);
    const placement = this.#placement;
    if (!placement) throw new GcError('illegal_transition', 'There are no transports now');
    await this.viewers.openInput(viewerId, channel, (listeners) =>
      placement.consumeInput(offered, listeners),
    );
  }

  /** The complete set of what somebody watches, and who what. @throws GcError `stale_epoch`. */
  watch(epoch: number, videos: readonly VideoRef[], viewers: Watchers): void {
    this.#requireEpoch(epoch);
    this.#watched = videos;
    this.#paths.watch(viewers);
    this.#applyWatched();
    // Whoever begins to watch listens to facts by now.
    this.facts.tellPointer();
    this.#updateSign();
  }

  /** A viewer's way does badly. @throws GcError `stale_epoch`. */
  reportPath(epoch: number, viewerId: ViewerId, report: PathReport): void {
    this.#requireEpoch(epoch);
    this.#paths.report(viewerId, report);
  }

  /** @throws GcError `stale_epoch`. */
  requestKeyframe(epoch: number, video: VideoRef): void {
    this.#requireEpoch(epoch);
    this.#video.requestKeyframe(video);
  }

  /** Whatever its viewers hold down goes up. */
  releaseInput(): void {
    this.#input.releaseAll();
  }

  topologyChanged(): void {
    this.#placement?.followMonitors();
  }

  /** Signaling is there again and says that the session goes on: what could not be told is told. */
  resumed(): void {
    void this.#placement?.publish();
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

  /** In reverse of how it was built, what endangers somebody first. */
  #close(reason: EndReason): void {
    this.#go('ended');
    this.#input.releaseAll();
    this.#asking.abort();
    this.#parts.board.show(this.id, []);
    this.#video.close();
    this.#dropPlacement();
    this.#parts.logger.info({ end_reason: reason }, 'session ended');
    this.#parts.onEnded(this);
  }

  async #tellConsent({ answer, grants }: ConsentDecision): Promise<void> {
    const { signConsent, signaling } = this.#parts;
    const { technician } = this.#offer;
    const proof = await signConsent({ sessionId: this.id, answer, technician, grants });
    // A yes that was taken back meanwhile is an end, and that is told instead.
    if (REFUSALS[answer] === undefined && this.#state === 'ended') return;
    signaling.tell('consent.answer', {
      session_id: this.id,
      answer,
      grants: [...grants],
      proof,
    });
  }

  async #place(media: MediaOpen): Promise<void> {
    const { clock, newBandwidth, renditions, signaling, topology } = this.#parts;
    const logger = this.#parts.logger.child({ epoch: media.epoch });
    const generation = this.#generation;
    const current = (): boolean => generation === this.#generation && this.#state !== 'ended';
    const lost = (why: string): void => {
      if (current()) this.#mediaLost(why);
    };
    let placement: Placement;
    try {
      placement = await Placement.open({
        media,
        signaling,
        bandwidth: newBandwidth(),
        topology,
        renditions,
        clock,
        logger,
        listeners: {
          onLost: lost,
          onPublished: () => this.#applyWatched(),
          onReady: () => {
            if (this.#state === 'connecting') this.#go('live');
          },
          onKeyframeNeeded: (video) => this.#video.requestKeyframe(video),
          onSent: (monitor_id, frame) => {
            this.facts.frameSent(monitor_id, frame, nowUs());
            this.#paths.sent({ monitor_id, rendition: frame.rendition }, frame.data.length);
          },
          onPath: (bps) => this.#video.setPathBps(bps),
        },
      });
    } catch (err) {
      logger.warn({ err }, 'transports could not be connected');
      return lost('not connected');
    }
    if (!current()) return placement.close();
    this.#placement = placement;
    this.facts.attach(placement.facts);
    void placement.publish();
  }

  /** Consent stays; signaling finds another node, or tells that there is none. */
  #mediaLost(why: string): void {
    if (this.#state === 'interrupted') return;
    const { logger, signaling } = this.#parts;
    const epoch = this.#epoch;
    logger.warn({ epoch, why }, 'media lost');
    this.#dropPlacement();
    this.#go('interrupted');
    // When signaling is away as well, the next hello says that no placement is held here.
    signaling.ask('media.lost', { session_id: this.id, epoch }).catch((err: unknown) => {
      logger.info({ err }, 'media.lost was not taken');
    });
  }

  #dropPlacement(): void {
    this.#input.releaseAll();
    this.viewers.closeAllChannels();
    this.#watched = [];
    this.#paths.watch([]);
    this.#video.setWatched([]);
    this.facts.attach(undefined);
    this.#placement?.close();
    this.#placement = undefined;
    this.#updateSign();
  }

  #requireEpoch(epoch: number): void {
    if (epoch !== this.#epoch) throw new GcError('stale_epoch');
  }

  /** The hot path: from the encoder's thread straight to the wire. */
  #send(monitor_id: number, frame: EncodedFrame): void {
    const key = videoKey({ monitor_id, rendition: frame.rendition });
    this.#placement?.videos.get(key)?.send(frame);
  }

  #applyWatched(): void {
    const videos = this.#placement?.videos;
    const shown = this.#watched.filter((video) => videos?.has(videoKey(video)));
    this.#video.setWatched(shown);
    const keys = new Set(shown.map(videoKey));
    for (const [key, video] of videos ?? []) video.setPaused(!keys.has(key));
  }

  /** Everybody who joined is named, from when something is shown or may be typed. */
  #updateSign(): void {
    const { board, indicated, logger } = this.#parts;
    if (indicated === 'hidden' || this.#state === 'ended') return;
    const active = this.#watched.length > 0 || this.viewers.anyCanType;
    const shown = board.show(this.id, active ? this.viewers.technicians : []);
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
