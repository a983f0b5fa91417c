// The agent of one machine, the page: everything is built here, in order, and stopped in reverse.
// It owns the desktop, the identity, the link to signaling and the sessions; sessions own the rest.
import { release, type } from 'node:os';
import { GcError } from '@guruconnect/contract/errors';
import { newId, type BootId, type SessionId } from '@guruconnect/contract/ids';
import type { Handlers } from '@guruconnect/contract/base/conversation';
import type { Topology } from '@guruconnect/contract/monitor';
import type { VideoRef } from '@guruconnect/contract/rendition';
import type { SIGNALING_TO_AGENT, SessionOffer } from '@guruconnect/contract/signal/agent-messages';
import { WIRE_VERSION } from '@guruconnect/contract/version';
import packageJson from '../package.json' with { type: 'json' };
import { systemClock, type Clock } from './clock.ts';
import type { AgentConfig } from './config.ts';
import { ConsentGate } from './consent/consent-gate.ts';
import { IndicatorBoard } from './consent/indicator-board.ts';
import type { LiveIndicator } from './consent/live-indicator.ts';
import { SharedPointer } from './cursor/shared-pointer.ts';
import { endOf, type AgentEnd } from './exit-codes.ts';
import { openFloor } from './input/arbitration.ts';
import { registeredKey } from './link/enrolment.ts';
import { MachineKey } from './link/machine-key.ts';
import { SignalLink, type Welcome } from './link/signal-link.ts';
import type { Logger } from './logger.ts';
import { InputMark } from './media/input-mark.ts';
import { MonitorHub } from './media/monitor-hub.ts';
import { openDesktop, openWhenThere, type Desktop, type OpenDesktop } from './platform.ts';
import { MeasuredBandwidth } from './rtc/measured-bandwidth.ts';
import { installWebRtc } from './rtc/web-rtc.ts';
import { AgentSession } from './session/agent-session.ts';
import { LastWords } from './session/last-words.ts';
import type { Signaling } from './session/signaling.ts';

export interface AgentOptions {
  readonly logger: Logger;
  readonly clock?: Clock;
  /** Another desktop than this machine's (tests). */
  readonly openDesktop?: OpenDesktop;
}

/** Sessions at once; one encoder for each monitor feeds them all, but each has its own uplink. */
const MAX_SESSIONS = 16;
/** An offer for a session that ended here is not a new question to the person at the screen. */
const MAX_REMEMBERED = 256;

/** What a path is believed to carry before anything is known of it, and the least and most it may. */
const START_BPS = 8_000_000;
const MIN_BPS = 150_000;

export class Agent {
  readonly bootId: BootId = newId('boot');
  readonly desktop: Desktop;
  readonly #config: AgentConfig;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #key: MachineKey;
  readonly #hub: MonitorHub;
  readonly #indicator: LiveIndicator;
  readonly #board: IndicatorBoard;
  readonly #consent: ConsentGate;
  readonly #pointer: SharedPointer;
  readonly #inputMark = new InputMark();
  readonly #link: SignalLink;
  readonly #words: LastWords;
  readonly #signaling: Signaling;
  readonly #sessions = new Map<SessionId, AgentSession>();
  readonly #endedHere = new Set<SessionId>();
  readonly #stopListening: () => void;
  readonly #closing = new AbortController();
  readonly #ended = Promise.withResolvers<AgentEnd>();
  #closed: Promise<void> | undefined;

  private constructor(
    config: AgentConfig,
    parts: { desktop: Desktop; key: MachineKey; logger: Logger; clock: Clock },
  ) {
    const { desktop, key, logger, clock } = parts;
    this.desktop = desktop;
    this.#config = config;
    this.#key = key;
    this.#logger = logger;
    this.#clock = clock;
    this.#hub = new MonitorHub(desktop.displays.current(), {
      sourceOf: (monitor) => desktop.captureSource(monitor),
      inputMark: this.#inputMark,
      warm: config.renditions[0],
      encoders: config.encoders,
      maxBitrateBps: config.maxVideoBps,
      logger,
    });
    this.#indicator = desktop.openIndicator((kind) => this.#stopped(kind));
    this.#board = new IndicatorBoard(this.#indicator);
    this.#consent = new ConsentGate({
      prompt: desktop.prompt,
      endpoint: desktop.endpoint,
      unattended: config.unattended,
      clock,
      onAsking: () => this.#tellAll((session) => session.releaseInput()),
    });
    this.#pointer = new SharedPointer({
      open: (listeners) => desktop.watchCursor(listeners),
      listeners: {
        onShape: () => this.#tellAll(({ facts }) => facts.shapeChanged()),
        onPosition: (position) => this.#tellAll(({ facts }) => facts.positionChanged(position)),
        ownPosition: () => desktop.injector.lastPointer(),
      },
      topology: () => desktop.displays.current(),
      logger,
    });
    this.#link = new SignalLink({
      url: config.signalingUrl,
      key,
      bootId: this.bootId,
      handlers: this.#handlers(),
      hello: () => this.#hello(),
      onWelcome: (welcome) => this.#welcomed(welcome),
      clock,
      logger,
    });
    this.#words = new LastWords((name, request) => this.#link.ask(name, request), logger);
    this.#signaling = {
      ask: (name, request) => this.#link.ask(name, request),
      tell: (name, request) =>
        this.#words.add({ name, request } as Parameters<LastWords['add']>[0]),
    };
    this.#stopListening = desktop.displays.onChange((topology) => this.#topologyChanged(topology));
  }

  /**
   * Resolves when the desktop is open and everything is warm; signaling is reached in the background,
   * for as long as it takes.
   * @throws UnsupportedPlatform; Error when the state folder cannot be used.
   */
  static async start(config: AgentConfig, options: AgentOptions): Promise<Agent> {
    const { clock = systemClock } = options;
    const logger = options.logger.child({ device_id: config.deviceId });
    const key = await MachineKey.open(config.stateDir, config.deviceId);
    let lost: (error: Error) => void = () => undefined;
    const [desktop] = await Promise.all([
      openWhenThere(options.openDesktop ?? openDesktop, config, (error) => lost(error), {
        logger,
        clock,
      }),
      installWebRtc(),
    ]);
    const agent = new Agent(config, { desktop, key, logger, clock });
    lost = (error) => {
      logger.fatal({ err: error }, 'the desktop is gone');
      agent.#ended.resolve('desktop_lost');
    };
    void agent.#run();
    return agent;
  }

  /** Why it cannot go on; `stopped` after `close`. */
  get ended(): Promise<AgentEnd> {
    return this.#ended.promise;
  }

  get connected(): boolean {
    return this.#link.connected;
  }

  get sessions(): ReadonlyMap<SessionId, AgentSession> {
    return this.#sessions;
  }

  /** Idempotent. Signaling is not told that sessions end: it offers them again to the next boot. */
  close(reason: string): Promise<void> {
    this.#closed ??= this.#close(reason);
    return this.#closed;
  }

  async #close(reason: string): Promise<void> {
    this.#logger.info({ reason }, 'agent stops');
    this.#closing.abort();
    this.#stopListening();
    for (const session of [...this.#sessions.values()]) session.end('agent_lost', 'told');
    this.#link.close();
    this.#pointer.stop();
    this.#indicator.close();
    await this.#hub.close();
    this.desktop.close();
    this.#ended.resolve('stopped');
  }

  async #run(): Promise<void> {
    const { signalingUrl, deviceId, enrolmentToken } = this.#config;
    try {
      const registration = await registeredKey(this.#key, {
        signalingUrl,
        deviceId,
        token: enrolmentToken,
        clock: this.#clock,
        logger: this.#logger,
        signal: this.#closing.signal,
      });
      if (!registration) return;
      // Once: pino appends, and would repeat it with each reconnect.
      this.#logger.setBindings({ machine_id: registration.machine_id });
      await this.#link.run();
    } catch (thrown) {
      const err = GcError.from(thrown);
      const { end, words } = endOf(err.code);
      this.#logger.fatal({ err }, words);
      this.#ended.resolve(end);
    }
  }

  #hello() {
    return {
      wire_version: WIRE_VERSION,
      agent_version: packageJson.version,
      platform: this.desktop.platform,
      os_version: `${type()} ${release()}`.slice(0, 128),
      boot_id: this.bootId,
      topology: this.desktop.displays.current(),
      sessions: [...this.#sessions.values()].map(({ id, heldEpoch }) => ({
        session_id: id,
        epoch: heldEpoch,
      })),
    };
  }

  /** What became of our sessions while signaling was away. New transports come by themselves. */
  #welcomed({ sessions }: Welcome): void {
    this.#logger.info({ sessions: sessions.length }, 'signaling reached');
    for (const told of sessions) {
      const session = this.#sessions.get(told.session_id);
      if (told.outcome === 'ended') session?.end(told.end_reason, 'told');
      else if (told.outcome === 'resumed' && told.epoch === session?.heldEpoch) session.resumed();
    }
    this.#words.say();
  }

  #handlers(): Handlers<typeof SIGNALING_TO_AGENT> {
    const of = (id: SessionId): AgentSession => {
      const session = this.#sessions.get(id);
      if (!session) throw new GcError('session_not_found', 'The agent carries no such session');
      return session;
    };
    return {
      'session.offer': (offer) => this.#offered(offer),
      'media.open': (media) => {
        of(media.session_id).openMedia(media);
        return {};
      },
      'input.consume': async ({ session_id, epoch, viewer_id, channel, data_consumer }) => {
        await of(session_id).openInput(epoch, viewer_id, channel, data_consumer);
        return {};
      },
      'viewer.joined': ({ session_id, viewer }) => {
        of(session_id).viewers.join(viewer);
        return {};
      },
      'viewer.left': ({ session_id, viewer_id }) => {
        of(session_id).viewers.leave(viewer_id);
        return {};
      },
      'grants.change': ({ session_id, viewer_id, grants }) => {
        of(session_id).viewers.changeGrants(viewer_id, grants);
        return {};
      },
      'video.watch': ({ session_id, epoch, monitor_ids, videos, viewers }) => {
        of(session_id).watch(epoch, videos ?? monitor_ids.map(standard), viewers);
        return {};
      },
      'path.report': ({ session_id, epoch, viewer_id, ...report }) => {
        of(session_id).reportPath(epoch, viewer_id, report);
        return {};
      },
      'video.keyframe': ({ session_id, epoch, monitor_id, rendition }) => {
        of(session_id).requestKeyframe(epoch, { monitor_id, rendition });
        return {};
      },
      'session.end': ({ session_id, end_reason }) => {
        this.#sessions.get(session_id)?.end(end_reason, 'told');
        return {};
      },
    };
  }

  /** @throws GcError `limit_reached` (later perhaps), `illegal_transition` (never again). */
  #offered(offer: SessionOffer) {
    const { session_id, mode } = offer;
    const known = this.#sessions.get(session_id);
    if (known) {
      known.offeredAgain();
      return {};
    }
    if (this.#endedHere.has(session_id))
      throw new GcError('illegal_transition', 'This session has ended here already');
    if (this.#sessions.size >= MAX_SESSIONS)
      throw new GcError('limit_reached', `The agent carries ${MAX_SESSIONS} sessions at most`);
    const { displays, injector } = this.desktop;
    const shown = this.#config.indicator === 'always' ? 'shown' : 'hidden';
    const session = new AgentSession(offer, {
      signaling: this.#signaling,
      consent: this.#consent,
      signConsent: (answered) => this.#key.consentProof(answered),
      hub: this.#hub,
      injector,
      inputMark: this.#inputMark,
      arbitration: openFloor,
      board: this.#board,
      indicated: mode === 'attended' ? 'required' : shown,
      pointer: this.#pointer,
      topology: () => displays.current(),
      renditions: this.#config.renditions,
      limits: { minBps: MIN_BPS, maxBps: this.#config.maxVideoBps },
      newBandwidth: () =>
        new MeasuredBandwidth({
          startBps: Math.min(START_BPS, this.#config.maxVideoBps),
          minBps: MIN_BPS,
          maxBps: this.#config.maxVideoBps,
        }),
      clock: this.#clock,
      logger: this.#logger,
      onEnded: (ended) => this.#sessionEnded(ended),
    });
    this.#sessions.set(session_id, session);
    this.#pointer.start();
    void session.decide();
    return {};
  }

  #sessionEnded({ id }: AgentSession): void {
    this.#sessions.delete(id);
    this.#endedHere.add(id);
    const [oldest] = this.#endedHere;
    if (this.#endedHere.size > MAX_REMEMBERED && oldest) this.#endedHere.delete(oldest);
    if (this.#sessions.size === 0) this.#pointer.stop();
  }

  /** The person at the screen wants it to end: everything the sign names, now. */
  #stopped(kind: string): void {
    this.#logger.info({ kind }, 'stopped by the person at the screen');
    for (const id of this.#board.named)
      this.#sessions.get(id as SessionId)?.end('end_user_ended', 'tell');
  }

  /** Clicks are judged by the new topology from now on; viewers learn it before its monitors come. */
  #topologyChanged(topology: Topology): void {
    this.#logger.info(
      { topology_epoch: topology.topology_epoch, monitors: topology.monitors.length },
      'monitors changed',
    );
    this.#hub.setTopology(topology);
    this.#indicator.relocate();
    this.#link
      .ask('topology.changed', { topology })
      // Not connected: the next hello tells it.
      .catch((err: unknown) => this.#logger.debug({ err }, 'topology.changed was not heard'))
      .finally(() => {
        this.#tellAll((session) => session.topologyChanged());
      });
  }

  #tellAll(tell: (session: AgentSession) => void): void {
    for (const session of this.#sessions.values()) tell(session);
  }
}

/** As an older signaling names what is watched. */
const standard = (monitor_id: number): VideoRef => ({ monitor_id, rendition: 'standard' });
