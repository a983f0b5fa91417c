// The conductor: credential, link, media, view, input, cursor of one session. It wires and decides
// nothing that a pure part could decide; facts change, `#reconcile` brings the rest in line.
import './no-jit.ts';
import { Device, type types } from 'mediasoup-client';
import { Emitter } from '@guruconnect/contract/base/emitter';
import type { Handlers, ReplyOf } from '@guruconnect/contract/base/conversation';
import { GcError } from '@guruconnect/contract/errors';
import type { Fact } from '@guruconnect/contract/facts/fact';
import type { Grant } from '@guruconnect/contract/grants';
import type { SessionId } from '@guruconnect/contract/ids';
import { usageOf } from '@guruconnect/contract/input/key-codes';
import type { JournalEvent } from '@guruconnect/contract/journal';
import { resumeStep } from '@guruconnect/contract/resume';
import type { Session } from '@guruconnect/contract/session';
import type {
  SIGNALING_TO_VIEWER,
  VIEWER_TO_SIGNALING,
} from '@guruconnect/contract/signal/viewer-messages';
import { WIRE_VERSION } from '@guruconnect/contract/version';
import { RemoteCursor } from './cursor/remote-cursor.ts';
import { InputCapture } from './input/input-capture.ts';
import { InputChannel } from './input/input-channel.ts';
import { inputStatus } from './input/input-status.ts';
import { platformOf } from './input/keyboard.ts';
import { textActions } from './input/text-input.ts';
import { JournalFeed } from './journal-feed.ts';
import { exchangeCode } from './link/exchange.ts';
import { SignalLink } from './link/signal-link.ts';
import { makeViewerKey } from './link/viewer-key.ts';
import { FrameTrace, type Hop, type HopStatistics } from './media/frame-trace.ts';
import { MediaReceiver } from './media/media-receiver.ts';
import {
  compareStats,
  readStats,
  type MediaStats,
  type StatsReading,
} from './media/media-stats.ts';
import { MonitorView } from './media/monitor-view.ts';
import type { Scaling } from './media/placement.ts';
import type { ViewerEvents, ViewerSnapshot } from './viewer-snapshot.ts';
import { viewerState } from './viewer-state.ts';

export type ViewerOptions = {
  /** The picture fills it; the viewer touches nothing else of the page. Give it a size. */
  readonly container: HTMLElement;
  readonly sessionId: SessionId;
  /** The one-time code; used at once and kept nowhere. */
  readonly code: string;
  /** Origin of the GuruConnect server. */
  readonly serverUrl: string;
  /** Keyboard way out of the picture (Ctrl+Alt+Home): put the focus somewhere sensible. */
  readonly onLeave?: () => void;
};

export type ViewerStatistics = {
  readonly media: MediaStats | undefined;
  readonly hops: Partial<Record<Hop, HopStatistics>>;
};

const TICK_MS = 250;
/** A refused join or consume is tried again after this; most clear up with the next journal event. */
const RETRY_MS = 1_500;

type Hello = ReplyOf<typeof VIEWER_TO_SIGNALING, 'viewer.hello'>;

export class Viewer {
  readonly #options: ViewerOptions;
  readonly #events = new Emitter<ViewerEvents>((error) => console.error(error));
  readonly #stop = new AbortController();
  readonly #view: MonitorView;
  readonly #channel: InputChannel;
  readonly #capture: InputCapture;
  readonly #cursor: RemoteCursor;
  readonly #trace: FrameTrace;
  readonly #field: HTMLTextAreaElement;
  readonly #ticker: ReturnType<typeof setInterval>;
  #link: SignalLink | undefined;
  #linkUp = false;
  #linkAttempts = 0;
  #session: Session | undefined;
  #viewerId: string | undefined;
  #grants: readonly Grant[] = [];
  #embedOrigins: readonly string[] = [];
  readonly #journal = new JournalFeed();
  #catchingUp = false;
  #consentExpiresAtMs: number | undefined;
  #error: GcError | undefined;
  #device: Device | undefined;
  #deviceLoadedWith = '';
  #receiver: MediaReceiver | undefined;
  #consumed = false;
  /** The placement before, kept until the new one paints. */
  #retiring: MediaReceiver | undefined;
  /** One negotiation with signaling at a time. */
  #busy = false;
  #notBeforeMs = 0;
  #visibleSinceMs: number | undefined;
  #scaling: Scaling = 'fit';
  #reading: StatsReading | undefined;
  #readingOf: number | undefined;
  #announced = false;
  #closed = false;

  /** Begins at once: the code lives a minute at most. */
  constructor(options: ViewerOptions) {
    this.#options = options;
    const document = options.container.ownerDocument;
    this.#channel = new InputChannel({
      stamp: () => this.#view.stamp,
      now: () => performance.now(),
    });
    this.#trace = new FrameTrace((seq) => this.#channel.sentAtMs(seq));
    this.#view = new MonitorView({
      container: options.container,
      trace: this.#trace,
      onChanged: () => this.#reconcile(),
      // What is held belongs to the monitor it was pressed on.
      onSelected: () => this.#capture.releaseAll(),
    });
    this.#field = hiddenField(document);
    this.#view.picture.viewport.append(this.#field);
    this.#cursor = new RemoteCursor({
      surface: this.#view.picture.viewport,
      picture: this.#view.picture.frame,
    });
    this.#capture = new InputCapture({
      surface: this.#view.picture.viewport,
      field: this.#field,
      channel: this.#channel,
      platform: platformOf(navigatorPlatform()),
      target: () => this.#view.target,
      onLeave: () => {
        this.#field.blur();
        options.onLeave?.();
      },
      onHover: (over) => {
        this.#cursor.hovering = over;
      },
    });
    this.#watchPage(document);
    this.#ticker = setInterval(() => this.#tick(), TICK_MS);
    this.#start().catch((thrown: unknown) => this.#fail(GcError.from(thrown)));
  }

  get snapshot(): ViewerSnapshot {
    return {
      state: viewerState({
        failed: this.#error !== undefined,
        hasToken: this.#link !== undefined,
        session: this.#session?.state,
        media: this.#mediaState(),
        painted: this.#view.painted,
      }),
      session: this.#session,
      grants: this.#grants,
      embedOrigins: this.#embedOrigins,
      link: this.#linkUp ? 'up' : 'down',
      linkAttempts: this.#linkAttempts,
      picture: this.#view.freshness,
      topology: this.#view.topology,
      selectedMonitorId: this.#view.selectedId,
      shownMonitorId: this.#view.shownId,
      input: inputStatus({
        grants: this.#grants,
        session: this.#session?.state,
        painted: this.#view.painted,
        channelsOpen: this.#channel.isOpen,
      }),
      scaling: this.#scaling,
      consentExpiresAtMs: this.#consentExpiresAtMs,
      endReason: this.#session?.end_reason,
      error: this.#error,
    };
  }

  /** @returns a function that stops listening. */
  on<N extends keyof ViewerEvents>(name: N, listener: (fact: ViewerEvents[N]) => void): () => void {
    return this.#events.on(name, listener);
  }

  /** @throws GcError `invalid_request` for a monitor that is not part of the topology. */
  selectMonitor(monitorId: number): void {
    if (!this.#view.topology.monitors.some(({ monitor_id }) => monitor_id === monitorId))
      throw new GcError('invalid_request', `The machine has no monitor ${monitorId}`);
    this.#view.select(monitorId);
  }

  /**
   * Presses the keys in order and releases them in reverse (KeyboardEvent.code names).
   * @throws GcError `invalid_request` for an unknown key, `grant_missing` or `consent_required`
   * when input is off.
   */
  sendKeys(codes: readonly string[]): void {
    const usages = codes.map((code) => {
      const usage = usageOf(code);
      if (usage === undefined)
        throw new GcError('invalid_request', `No such key: ${code.slice(0, 32)}`);
      return usage;
    });
    this.#needInput();
    for (const usage of usages) this.#channel.key(usage, true);
    for (const usage of usages.toReversed()) this.#channel.key(usage, false);
  }

  /** Types a text as characters, whatever the layouts. @throws GcError as `sendKeys`. */
  sendText(text: string): void {
    this.#needInput();
    for (const action of textActions(text))
      if (action.kind === 'text') this.#channel.text(action.text);
  }

  set scaling(scaling: Scaling) {
    this.#scaling = scaling;
    this.#view.scaling = scaling;
    this.#changed();
  }

  /** Gives the keyboard to the remote machine. */
  focus(): void {
    this.#capture.focus();
  }

  /** Shows or hides the device's own on-screen keyboard (touch). */
  set onScreenKeyboard(shown: boolean) {
    this.#field.inputMode = shown ? 'text' : 'none';
    this.#field.blur();
    if (shown) this.#capture.focus();
  }

  get onScreenKeyboard(): boolean {
    return this.#field.inputMode === 'text';
  }

  /** Rates since the last call, and where the time of frames goes. Call about once a second. */
  async statistics(): Promise<ViewerStatistics> {
    const shownId = this.#view.shownId;
    const report = shownId === undefined ? undefined : await this.#receiver?.stats(shownId);
    const reading = report && readStats(report as ReadonlyMap<string, unknown>, performance.now());
    const before = this.#readingOf === shownId ? this.#reading : undefined;
    this.#reading = reading;
    this.#readingOf = shownId;
    return {
      media: before && reading ? compareStats(before, reading) : undefined,
      hops: this.#trace.statistics(),
    };
  }

  /** Ends the session for everybody. @throws GcError when that could not be said. */
  async end(): Promise<void> {
    if (this.#session?.state === 'ended') return;
    this.#capture.releaseAll();
    if (!this.#link) throw new GcError('timeout', 'The viewer is not connected');
    try {
      await this.#link.ask('session.end', {});
    } catch (thrown) {
      const error = GcError.from(thrown);
      if (error.code !== 'session_ended') throw error;
    }
  }

  /** Leaves the session (it goes on without this viewer) and removes the picture. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stop.abort();
    clearInterval(this.#ticker);
    this.#capture.close();
    this.#shutMedia();
    this.#link?.close();
    this.#cursor.close();
    this.#view.close();
    this.#events.removeAll();
  }

  // --- link -----------------------------------------------------------------------------------

  async #start(): Promise<void> {
    // The media device needs nothing of the server: make it while the code travels.
    const device = Device.factory();
    device.catch(() => undefined);
    wakeWebRtc();
    const key = await makeViewerKey();
    const { sessionId, code, serverUrl } = this.#options;
    const exchanged = await exchangeCode({
      serverUrl,
      request: { session_id: sessionId, code, public_key: key.publicJwk },
      fetch: globalThis.fetch.bind(globalThis),
      signal: this.#stop.signal,
      wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    });
    if (this.#closed) return;
    this.#grants = exchanged.grants;
    this.#embedOrigins = exchanged.embed_origins;
    this.#device = await device;
    this.#link = new SignalLink({
      serverUrl,
      key,
      token: exchanged.token,
      handlers: this.#handlers(),
      onConnected: () => this.#hello(),
      onLost: (attempt) => {
        this.#linkUp = false;
        this.#linkAttempts = attempt + 1;
        this.#changed();
      },
      onRefused: (what, error) => this.#trouble(what, error),
    });
    this.#changed();
    await this.#link.run();
  }

  async #hello(): Promise<void> {
    const held = this.#receiver?.epoch;
    const hello = await this.#asker('viewer.hello', {
      wire_version: WIRE_VERSION,
      ...(held === undefined ? {} : { resume: { epoch: held, last_seq: this.#journal.lastSeq } }),
    });
    this.#linkUp = true;
    this.#linkAttempts = 0;
    this.#viewerId = hello.viewer_id;
    this.#setGrants(hello.grants);
    this.#setSession(hello.session);
    switch (resumeStep(held, outcomeOf(hello))) {
      case 'join':
        break;
      case 'keep':
        this.#receiver?.forgetConfirmations();
        // What was offered while the socket was away was not heard.
        this.#consumed = false;
        break;
      case 'replace':
        this.#retire();
        break;
      case 'close':
        break;
    }
    this.#notBeforeMs = 0;
    this.#reconcile();
    // After media: the picture is waited for, the past is not.
    this.#onEvents(hello.events);
  }

  #handlers(): Handlers<typeof SIGNALING_TO_VIEWER> {
    return {
      'journal.appended': ({ event, session }) => {
        this.#setSession(session);
        this.#onEvents([event]);
        this.#notBeforeMs = 0;
        this.#reconcile();
        return {};
      },
      'video.offered': async ({ epoch, video }) => {
        if (this.#receiver?.epoch === epoch) await this.#receiver.offer(video);
        return {};
      },
      'video.closed': ({ epoch, monitor_id, consumer_id }) => {
        if (this.#receiver?.epoch === epoch) this.#receiver.withdraw(monitor_id, consumer_id);
        return {};
      },
      'grants.changed': ({ grants }) => {
        this.#setGrants(grants);
        this.#reconcile();
        return {};
      },
      'media.moved': ({ epoch }) => {
        if (this.#session) this.#session = { ...this.#session, epoch };
        this.#notBeforeMs = 0;
        this.#reconcile();
        return {};
      },
    };
  }

  readonly #asker: SignalLink['ask'] = (name, request, timeoutMs) =>
    this.#link
      ? this.#link.ask(name, request, timeoutMs)
      : Promise.reject(new GcError('timeout', 'The viewer is not connected'));

  #setGrants(grants: readonly Grant[]): void {
    this.#grants = grants;
    if (!grants.includes('control')) this.#receiver?.closeInput();
  }

  #setSession(session: Session): void {
    const wasLive = this.#session?.state === 'live';
    this.#session = session;
    // A session that became live again may have other producers and another facts channel.
    if (session.state === 'live' && !wasLive) this.#consumed = false;
    if (session.state !== 'waiting_consent') this.#consentExpiresAtMs = undefined;
    this.#view.setTopology(session.topology);
  }

  #onEvents(events: readonly JournalEvent[]): void {
    for (const event of this.#journal.take(events)) this.#tellEvent(event);
    const session = this.#session;
    if (session && this.#journal.isBehind(session.last_seq)) void this.#catchUp(session);
  }

  /** Events are missing (a first hello brings none): asks for them, beside everything else. */
  async #catchUp(session: Session): Promise<void> {
    if (this.#catchingUp) return;
    this.#catchingUp = true;
    try {
      const { events } = await this.#asker('viewer.hello', {
        wire_version: WIRE_VERSION,
        resume: { epoch: Math.max(1, session.epoch), last_seq: this.#journal.lastSeq },
      });
      for (const event of this.#journal.take(events)) this.#tellEvent(event);
      for (const event of this.#journal.skipGap()) this.#tellEvent(event);
    } catch (thrown) {
      this.#trouble('journal', GcError.from(thrown));
    } finally {
      this.#catchingUp = false;
    }
  }

  #tellEvent(event: JournalEvent): void {
    const expiresAt = event.data['expires_at'];
    if (
      event.type === 'consent.requested' &&
      typeof expiresAt === 'string' &&
      this.#session?.state === 'waiting_consent'
    ) {
      this.#consentExpiresAtMs = Date.parse(expiresAt) - (this.#link?.serverOffsetMs ?? 0);
      this.#changed();
    }
    this.#events.emit('event', event);
  }

  // --- media ----------------------------------------------------------------------------------

  /** Brings media and input in line with what is known. Cheap; called whenever anything changed. */
  #reconcile(): void {
    if (this.#closed) return;
    const state = this.#session?.state;
    if (state === 'ended' || this.#error) {
      this.#finish();
      return;
    }
    if (this.#receiver && this.#session && this.#receiver.epoch < this.#session.epoch)
      this.#retire();
    if (this.#linkUp && !this.#busy && performance.now() >= this.#notBeforeMs) {
      const step = this.#nextNegotiation();
      if (step) void this.#negotiate(step);
    }
    this.#receiver?.watch(this.#view.watched);
    this.#channel.use(this.#receiver?.hasInput ? this.#receiver.input : undefined);
    // A new placement has painted: the old one has done its duty.
    if (this.#retiring && this.#view.showsRunningTrack) this.#dropRetiring();
    const { input, shownMonitorId } = this.snapshot;
    this.#capture.enabled = input.enabled;
    this.#cursor.show({ mayPoint: input.enabled, monitorId: shownMonitorId });
    this.#changed();
  }

  #nextNegotiation(): (() => Promise<void>) | undefined {
    const session = this.#session;
    if (!session) return undefined;
    if (!this.#receiver) return session.epoch > 0 ? () => this.#join() : undefined;
    if (session.state !== 'live') return undefined;
    if (!this.#consumed) return () => this.#consume();
    if (this.#grants.includes('control') && !this.#receiver.hasInput)
      return () => this.#openInput();
    return undefined;
  }

  async #negotiate(step: () => Promise<void>): Promise<void> {
    this.#busy = true;
    try {
      await step();
    } catch (thrown) {
      this.#notBeforeMs = performance.now() + RETRY_MS;
      this.#trouble('media', GcError.from(thrown));
    } finally {
      this.#busy = false;
    }
    this.#reconcile();
  }

  /** Transports may be made before consent; they connect while the end user still thinks. */
  async #join(): Promise<void> {
    const join = await this.#asker('media.join', {});
    const device = await this.#loadedDevice(join.router_rtp_capabilities as types.RtpCapabilities);
    if (this.#closed || this.#session?.state === 'ended') return;
    this.#consumed = false;
    const receiver: MediaReceiver = new MediaReceiver({
      ask: this.#asker,
      device,
      join,
      onVideo: (monitorId, track) => {
        if (receiver === this.#receiver) this.#view.addTrack(monitorId, track);
        this.#reconcile();
      },
      onVideoClosed: (monitorId) => {
        if (receiver === this.#receiver) this.#view.dropTrack(monitorId);
      },
      onFact: (fact) => {
        if (receiver === this.#receiver) this.#onFact(fact);
      },
      onChanged: () => this.#reconcile(),
      onLost: () => {
        if (receiver === this.#receiver) this.#retire();
        this.#reconcile();
      },
      onTrouble: (what, error) => this.#trouble(what, error),
    });
    this.#receiver = receiver;
  }

  async #consume(): Promise<void> {
    await this.#receiver?.consume();
    this.#consumed = true;
  }

  async #openInput(): Promise<void> {
    await this.#receiver?.openInput();
  }

  /** mediasoup-client loads a device once; another router needs another device. */
  async #loadedDevice(routerRtpCapabilities: types.RtpCapabilities): Promise<Device> {
    const wanted = JSON.stringify(routerRtpCapabilities);
    if (this.#device?.loaded && this.#deviceLoadedWith !== wanted) this.#device = undefined;
    this.#device ??= await Device.factory();
    if (!this.#device.loaded) {
      await this.#device.load({ routerRtpCapabilities });
      this.#deviceLoadedWith = wanted;
    }
    return this.#device;
  }

  /** The placement is gone or going: its picture stays until the next one has painted. */
  #retire(): void {
    this.#dropRetiring();
    this.#retiring = this.#receiver;
    this.#receiver = undefined;
    this.#consumed = false;
    this.#capture.releaseAll();
    this.#channel.use(undefined);
    this.#view.dropAllTracks();
  }

  #dropRetiring(): void {
    this.#retiring?.close();
    this.#retiring = undefined;
  }

  #shutMedia(): void {
    this.#channel.close();
    this.#dropRetiring();
    this.#receiver?.close();
    this.#receiver = undefined;
    this.#view.clear();
  }

  #onFact(fact: Fact): void {
    switch (fact.kind) {
      case 'cursor_shape':
      case 'cursor_hidden':
      case 'cursor_position':
        this.#cursor.on(fact);
        return;
      case 'frame_trace':
        if (fact.monitor_id === this.#view.shownId) this.#trace.onTrace(fact);
        return;
      case 'input_refused':
        if (fact.viewer_id === this.#viewerId)
          this.#events.emit('notice', { kind: 'input_refused', code: fact.code });
    }
  }

  #mediaState(): 'none' | 'up' | 'lost' {
    if (!this.#receiver) return this.#view.painted ? 'lost' : 'none';
    return this.#receiver.connection === 'lost' ? 'lost' : 'up';
  }

  // --- the rest -------------------------------------------------------------------------------

  #tick(): void {
    const expected =
      this.#session?.state === 'live' && this.#consumed && this.#receiver?.connection === 'up';
    const needy = this.#view.tick(performance.now(), this.#visibleSinceMs, expected);
    if (needy !== undefined) this.#receiver?.keyframe(needy);
    if (this.#nextNegotiation()) this.#reconcile();
  }

  #watchPage(document: Document): void {
    const signal = this.#stop.signal;
    const look = (): void => {
      const visible = document.visibilityState === 'visible';
      this.#visibleSinceMs = visible ? performance.now() : undefined;
      if (visible) this.#link?.tryNow();
    };
    look();
    document.addEventListener('visibilitychange', look, { signal });
    document.defaultView?.addEventListener('online', () => this.#link?.tryNow(), { signal });
    document.defaultView?.addEventListener('pagehide', () => this.#capture.releaseAll(), {
      signal,
    });
  }

  #needInput(): void {
    const { input } = this.snapshot;
    if (input.enabled) return;
    throw input.why === 'view_only'
      ? new GcError('grant_missing', 'This viewer may only watch')
      : new GcError('consent_required', 'The remote machine takes no input now');
  }

  #fail(error: GcError): void {
    if (this.#closed || this.#error) return;
    this.#error = error;
    this.#linkUp = false;
    this.#reconcile();
  }

  /** Ended or failed: nothing is shown, sent or tried any more; what is known can still be read. */
  #finish(): void {
    this.#capture.enabled = false;
    this.#shutMedia();
    this.#link?.close();
    this.#changed();
  }

  #trouble(what: string, error: GcError): void {
    if (this.#closed) return;
    this.#events.emit('notice', { kind: 'trouble', what, error });
  }

  #changed(): void {
    if (this.#announced) return;
    this.#announced = true;
    queueMicrotask(() => {
      this.#announced = false;
      if (!this.#closed) this.#events.emit('changed', this.snapshot);
    });
  }
}

function outcomeOf(hello: Hello): Parameters<typeof resumeStep>[1] {
  const { outcome } = hello;
  if (outcome === 'resumed' || outcome === 'moved') return { outcome, epoch: hello.session.epoch };
  return { outcome };
}

/** A browser's first peer connection takes tens of milliseconds: pay while the code travels. */
function wakeWebRtc(): void {
  const pc = new RTCPeerConnection();
  pc.addTransceiver('video', { direction: 'recvonly' });
  pc.createOffer().then(
    () => pc.close(),
    () => pc.close(),
  );
}

/** Where the keyboard goes: a real field, so that input methods and on-screen keyboards work. */
function hiddenField(document: Document): HTMLTextAreaElement {
  const field = document.createElement('textarea');
  field.setAttribute('aria-label', 'Keyboard of the remote machine. Ctrl+Alt+Home leaves it.');
  field.setAttribute('autocapitalize', 'off');
  field.setAttribute('autocorrect', 'off');
  field.autocomplete = 'off';
  field.spellcheck = false;
  field.inputMode = 'none';
  Object.assign(field.style, {
    position: 'absolute',
    left: '0',
    top: '0',
    width: '1px',
    height: '1px',
    padding: '0',
    border: '0',
    opacity: '0',
    resize: 'none',
    pointerEvents: 'none',
  });
  return field;
}

function navigatorPlatform(): string {
  const hints = navigator as Navigator & { userAgentData?: { platform?: string } };
  return hints.userAgentData?.platform ?? navigator.platform;
}
