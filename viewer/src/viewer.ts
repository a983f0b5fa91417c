// The conductor: link, media, view, input, cursor of one session. It wires and decides nothing that
// a part could decide; facts change, `#reconcile` brings the rest in line.
import './no-jit.ts';
import { Emitter } from '@guruconnect/contract/base/emitter';
import { GcError } from '@guruconnect/contract/errors';
import type { Fact } from '@guruconnect/contract/facts/fact';
import type { SessionId } from '@guruconnect/contract/ids';
import { videoKey } from '@guruconnect/contract/rendition';
import { usageOf } from '@guruconnect/contract/input/key-codes';
import { InputChannel } from './input/input-channel.ts';
import { inputStatus } from './input/input-status.ts';
import { textActions } from './input/text-input.ts';
import type { Opening } from './link/opening.ts';
import { SessionLink } from './link/session-link.ts';
import { Measurements, type ViewerStatistics } from './media/measurements.ts';
import { PathReporter } from './media/path-reporter.ts';
import type { Scaling } from './media/picture-geometry.ts';
import { ReceivedVideos } from './media/received-videos.ts';
import { SessionMedia, wakeWebRtc } from './media/session-media.ts';
import { Thumbnails } from './media/thumbnails.ts';
import { Panes, type Layout } from './panes.ts';
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
  /** The exchange of this code, when the page has begun it already (link/opening.ts). */
  readonly opening?: Opening | undefined;
  /** Keyboard way out of the picture (Ctrl+Alt+Home): put the focus somewhere sensible. */
  readonly onLeave?: () => void;
};

const TICK_MS = 250;

export class Viewer {
  readonly #events = new Emitter<ViewerEvents>((error) => console.error(error));
  readonly #stop = new AbortController();
  readonly #link: SessionLink;
  readonly #media: SessionMedia;
  readonly #panes: Panes;
  readonly #received: ReceivedVideos<MediaStreamTrack>;
  readonly #thumbnails: Thumbnails;
  readonly #channel: InputChannel;
  readonly #measurements: Measurements;
  readonly #path: PathReporter;
  readonly #ticker: ReturnType<typeof setInterval>;
  #error: GcError | undefined;
  #visible = true;
  #thumbnailsOn = false;
  #scaling: Scaling = 'fit';
  #announced = false;
  #closed = false;

  /** Begins at once: the code lives a minute at most. */
  constructor(options: ViewerOptions) {
    const { container, sessionId, code, serverUrl, opening } = options;
    const document = container.ownerDocument;
    this.#channel = new InputChannel({
      stamp: () => this.#panes.main.view.stamp,
      now: () => performance.now(),
    });
    this.#measurements = new Measurements(this.#channel);
    this.#path = new PathReporter({
      stats: (video) => this.#media.stats(video),
      tell: (report) =>
        this.#link.ask('path.report', { epoch: this.#media.heldEpoch ?? 0, ...report }),
    });
    this.#panes = new Panes({
      container,
      path: this.#path.watch,
      channel: this.#channel,
      newTrace: () => this.#measurements.newTrace(),
      onChanged: () => this.#reconcile(),
      onPictureWanted: (monitorId) => this.#keyframe(monitorId),
      onLeave: () => options.onLeave?.(),
    });
    this.#thumbnails = new Thumbnails(document);
    this.#received = new ReceivedVideos({
      onWorking: (monitorId, track) => this.#panes.addTrack(monitorId, track),
      onWorkingEnding: (monitorId) => this.#panes.dropTrack(monitorId),
      onThumbnail: (monitorId, track) => this.#thumbnails.set(monitorId, track),
    });
    this.#media = new SessionMedia({
      ask: (name, request) => this.#link.ask(name, request),
      onTrack: (video, track) => {
        this.#received.add(video, track);
        this.#reconcile();
      },
      onTrackEnding: (video) => this.#received.drop(video),
      onRetiring: () => {
        this.#panes.releaseAll();
        this.#received.dropAll();
        this.#measurements.reset();
      },
      onFact: (fact) => this.#onFact(fact),
      onChanged: () => this.#reconcile(),
      onTrouble: (what, error) => this.#trouble(what, error),
    });
    this.#link = new SessionLink({
      serverUrl,
      sessionId,
      code,
      opening,
      media: {
        'video.offered': async ({ epoch, video }) => {
          await this.#media.offer(epoch, video);
          return {};
        },
        'video.prefer': ({ epoch, rendition }) => {
          if (epoch === this.#media.heldEpoch) this.#received.prefer(rendition);
          this.#reconcile();
          return {};
        },
        'video.closed': ({ epoch, monitor_id, rendition, consumer_id }) => {
          this.#media.withdraw(epoch, { monitor_id, rendition }, consumer_id);
          return {};
        },
      },
      heldEpoch: () => this.#media.heldEpoch,
      onResume: (step) => {
        if (step === 'keep') this.#media.resync();
        if (step === 'replace') this.#media.retire();
      },
      onChanged: () => this.#reconcile(),
      onEvent: (event) => this.#events.emit('event', event),
      onTrouble: (what, error) => this.#trouble(what, error),
    });
    this.#watchPage(document);
    this.#ticker = setInterval(() => this.#tick(), TICK_MS);
    wakeWebRtc();
    this.#link.run().catch((thrown: unknown) => this.#fail(GcError.from(thrown)));
  }

  get snapshot(): ViewerSnapshot {
    const { session, grants } = this.#link;
    const { view } = this.#panes.main;
    return {
      state: viewerState({
        failed: this.#error !== undefined,
        hasToken: this.#link.hasToken,
        session: session?.state,
        media: this.#mediaState(),
        painted: this.#panes.painted,
      }),
      session,
      grants,
      embedOrigins: this.#link.embedOrigins,
      link: this.#link.isUp ? 'up' : 'down',
      linkAttempts: this.#link.attempts,
      picture: view.freshness,
      topology: view.topology,
      selectedMonitorId: view.selectedId,
      shownMonitorId: view.shownId,
      layout: this.#panes.layout,
      windows: this.#panes.windows,
      thumbnails: this.#thumbnailsOn ? this.#glanced : undefined,
      rendition:
        view.shownId === undefined ? undefined : this.#received.workingOf(view.shownId)?.rendition,
      input: inputStatus({
        grants,
        session: session?.state,
        pictureRuns: this.#panes.showRunningTrack,
        channelsOpen: this.#channel.isOpen,
      }),
      scaling: this.#scaling,
      consentExpiresAtMs: this.#link.consentExpiresAtMs,
      endReason: session?.end_reason,
      error: this.#error,
    };
  }

  /** @returns a function that stops listening. */
  on<N extends keyof ViewerEvents>(name: N, listener: (fact: ViewerEvents[N]) => void): () => void {
    return this.#events.on(name, listener);
  }

  /** @throws GcError `invalid_request` for a monitor that is not part of the topology. */
  selectMonitor(monitorId: number): void {
    this.#panes.select(monitorId);
  }

  /** All monitors at once, as they lie on the desk, or one at a time. */
  set layout(layout: Layout) {
    this.#panes.setLayout(layout);
  }

  /**
   * Shows a monitor in a browser window of its own, or brings that window to the front; call it for
   * a click or a key press.
   * @throws GcError `invalid_request`: no such monitor, or the browser (or the page that frames this
   * one) allows no window.
   */
  openWindow(monitorId: number): void {
    const index = this.#panes.main.view.topology.monitors.findIndex(
      ({ monitor_id }) => monitor_id === monitorId,
    );
    const device = this.#link.session?.device_id ?? 'GuruConnect';
    this.#panes.openWindow(monitorId, `Monitor ${index + 1} · ${device}`);
  }

  closeWindow(monitorId: number): void {
    this.#panes.closeWindow(monitorId);
  }

  /** Receive small live pictures of the monitors that are not worked with; off at first. */
  set thumbnails(on: boolean) {
    this.#thumbnailsOn = on;
    this.#reconcile();
  }

  /** For the page to place; the same element each time. Undefined while there is none. */
  thumbnail(monitorId: number): HTMLVideoElement | undefined {
    return this.#thumbnails.element(monitorId);
  }

  /**
   * Takes keyboard and mouse: from now on what is typed goes to the remote machine.
   * @throws GcError `grant_missing` when this viewer may only watch, `consent_required` when the
   * machine takes no input now.
   */
  requestControl(): void {
    this.#needInput();
    this.focus();
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
    this.#panes.scaling = scaling;
    this.#changed();
  }

  /** Gives the keyboard to the remote machine. */
  focus(): void {
    this.#panes.main.focus();
  }

  /** Shows or hides the device's own on-screen keyboard (touch). */
  set onScreenKeyboard(shown: boolean) {
    this.#panes.main.onScreenKeyboard = shown;
  }

  get onScreenKeyboard(): boolean {
    return this.#panes.main.onScreenKeyboard;
  }

  /** Rates since the last call, and where the time of frames goes. Call about once a second. */
  async statistics(): Promise<ViewerStatistics> {
    const { trace, view } = this.#panes.main;
    const video = view.shownId === undefined ? undefined : this.#received.workingOf(view.shownId);
    const report = video && (await this.#media.stats(video));
    return this.#measurements.read(video ? videoKey(video) : '', report, trace);
  }

  /** Ends the session for everybody. @throws GcError when that could not be said. */
  async end(): Promise<void> {
    const isOver = (): boolean => this.#link.session?.state === 'ended';
    if (isOver()) return;
    this.#panes.releaseAll();
    try {
      await this.#link.ask('session.end', {});
    } catch (thrown) {
      const error = GcError.from(thrown);
      // The news of the end closes the socket, perhaps before the answer came on it.
      if (error.code !== 'session_ended' && !isOver()) throw error;
    }
  }

  /** Leaves the session (it goes on without this viewer) and removes the picture. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stop.abort();
    clearInterval(this.#ticker);
    this.#shut();
    this.#link.close();
    this.#panes.close();
    this.#events.removeAll();
  }

  /** Brings everything in line with what is known. Cheap; called whenever anything changed. */
  #reconcile(): void {
    if (this.#closed) return;
    const { session, isUp, grants } = this.#link;
    if (session?.state === 'ended' || this.#error) {
      this.#shut();
      if (this.#error) this.#link.close();
      else this.#link.finish();
      this.#changed();
      return;
    }
    if (session) this.#panes.setTopology(session.topology);
    const mayControl = grants.includes('control');
    // What is held is let go while there is still a channel to say it on.
    if (!mayControl) this.#panes.allowInput(false);
    this.#media.reconcile({
      linkUp: isUp,
      epoch: session?.epoch ?? 0,
      live: session?.state === 'live',
      mayControl,
    });
    this.#media.watch(this.#received.needed(this.#panes.watched, this.#glanced));
    if (this.#panes.showRunningTrack) this.#media.dropRetired();
    this.#channel.use(this.#media.input);
    this.#panes.allowInput(this.snapshot.input.enabled);
    this.#changed();
  }

  #tick(): void {
    const { isReceiving } = this.#media;
    for (const needy of this.#panes.tick(performance.now(), isReceiving)) this.#keyframe(needy);
    this.#media.tick();
    this.#measurements.tick(performance.now(), this.snapshot.input.enabled);
    if (isReceiving) void this.#path.look(this.#received.workingOn(this.#panes.watched));
  }

  #keyframe(monitorId: number): void {
    const video = this.#received.workingOf(monitorId);
    if (video) this.#media.keyframe(video);
  }

  /** Monitors whose thumbnail is wanted: those that nobody works with, while somebody can look. */
  get #glanced(): readonly number[] {
    if (!this.#thumbnailsOn || !this.#visible) return [];
    const { watched } = this.#panes;
    return this.#thumbnails.monitorIds.filter((monitorId) => !watched.has(monitorId));
  }

  #onFact(fact: Fact): void {
    switch (fact.kind) {
      case 'cursor_shape':
      case 'cursor_hidden':
      case 'cursor_position':
        this.#panes.onCursor(fact);
        return;
      case 'frame_trace':
        for (const trace of this.#panes.tracesOf(fact.monitor_id)) trace.onTrace(fact);
        return;
      case 'clock':
        if (fact.viewer_id === this.#link.viewerId) this.#measurements.onClock(fact);
        return;
      case 'input_refused':
        if (fact.viewer_id === this.#link.viewerId)
          this.#events.emit('notice', { kind: 'input_refused', code: fact.code });
    }
  }

  #mediaState(): 'none' | 'up' | 'lost' {
    const { connection } = this.#media;
    if (connection === 'none') return this.#panes.painted ? 'lost' : 'none';
    return connection === 'lost' ? 'lost' : 'up';
  }

  #needInput(): void {
    const { input } = this.snapshot;
    this.#channel.aim(this.#panes.main.aim);
    if (input.enabled) return;
    throw input.why === 'view_only'
      ? new GcError('grant_missing', 'This viewer may only watch')
      : new GcError('consent_required', 'The remote machine takes no input now');
  }

  #watchPage(document: Document): void {
    const { signal } = this.#stop;
    const look = (): void => {
      this.#visible = document.visibilityState === 'visible';
      if (this.#visible) this.#link.tryNow();
      this.#reconcile();
    };
    this.#visible = document.visibilityState === 'visible';
    document.addEventListener('visibilitychange', look, { signal });
    const view = document.defaultView;
    view?.addEventListener('online', () => this.#link.tryNow(), { signal });
  }

  #fail(error: GcError): void {
    if (this.#closed || this.#error) return;
    this.#error = error;
    this.#reconcile();
  }

  /** Over: nothing is shown, sent or tried any more; what is known can still be read. Idempotent. */
  #shut(): void {
    this.#panes.allowInput(false);
    this.#channel.close();
    this.#media.close();
    this.#panes.clear();
    this.#thumbnails.clear();
  }

  #trouble(what: string, error: GcError): void {
    if (!this.#closed) this.#events.emit('notice', { kind: 'trouble', what, error });
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
