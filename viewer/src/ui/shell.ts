// The page around the picture. Draws the viewer's snapshot and turns clicks into commands; holds
// only what is nobody else's business (panel open, dialog open, full screen, passing notices).
// Light DOM on purpose: one stylesheet, no styles made at run time, labels reach across parts.
import { LitElement, html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { GcError } from '@guruconnect/contract/errors';
import type { Viewer, ViewerNotice, ViewerSnapshot } from '../index.ts';
import { endDialog } from './end-dialog.ts';
import { stageMessage } from './stage-message.ts';
import './stats-panel.ts';
import { LAYOUT_WORDS, refusal } from './strings.ts';
import { thumbnailStrip } from './thumbnail-strip.ts';
import { toolbar, type ToolbarActions } from './toolbar.ts';

/** A notice goes away by itself after this. */
const NOTICE_MS = 4_000;
const COUNTDOWN_MS = 500;

export class Shell extends LitElement {
  static override properties = {
    viewer: { attribute: false },
    snapshot: { attribute: false },
    _notice: { state: true },
    _statistics: { state: true },
    _fullscreen: { state: true },
    _thumbnails: { state: true },
    _ending: { state: true },
    _endProblem: { state: true },
  };
  declare viewer: Viewer | undefined;
  /** Set by hand only where there is no viewer (a link without a code). */
  declare snapshot: ViewerSnapshot | undefined;
  declare _notice: string | undefined;
  declare _statistics: boolean;
  declare _fullscreen: boolean;
  declare _thumbnails: boolean;
  declare _ending: boolean;
  declare _endProblem: string | undefined;
  /** The picture lives here; made before the first render, so that a viewer can start at once. */
  readonly stage = document.createElement('div');
  readonly #stop = new AbortController();
  #noticeTimer: ReturnType<typeof setTimeout> | undefined;
  #countdown: ReturnType<typeof setInterval> | undefined;

  constructor() {
    super();
    this._statistics = false;
    this._fullscreen = false;
    this._thumbnails = true;
    this._ending = false;
    this.stage.className = 'stage';
  }

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  /** Shows a viewer from now on. Call once. */
  attach(viewer: Viewer): void {
    this.viewer = viewer;
    this.snapshot = viewer.snapshot;
    viewer.thumbnails = this._thumbnails;
    viewer.on('changed', (snapshot) => this.#onSnapshot(snapshot));
    viewer.on('notice', (notice) => this.#onNotice(notice));
  }

  /** Keyboard way out of the picture: to the monitor that is shown. */
  focusToolbar(): void {
    const toolbar = this.querySelector<HTMLElement>('.toolbar');
    const wanted =
      toolbar?.querySelector<HTMLElement>('.monitor[aria-pressed="true"]') ??
      toolbar?.querySelector<HTMLElement>('button');
    wanted?.focus();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener('fullscreenchange', () => this.#onFullscreen(), {
      signal: this.#stop.signal,
    });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#stop.abort();
    clearInterval(this.#countdown);
    clearTimeout(this.#noticeTimer);
  }

  protected override render(): TemplateResult {
    const { snapshot } = this;
    if (!snapshot) return html`${this.stage}`;
    const strip =
      this.viewer && this._thumbnails
        ? thumbnailStrip(snapshot, this.viewer, this.#actions)
        : undefined;
    return html`
      ${toolbar(
        {
          snapshot,
          fullscreen: this._fullscreen,
          mayFullscreen: document.fullscreenEnabled,
          statistics: this._statistics,
          thumbnails: this._thumbnails,
        },
        this.#actions,
      )}
      <main class="desk" data-picture=${snapshot.picture} data-strip=${strip ? 'true' : 'false'}>
        ${this.stage}${strip ?? nothing}
        <div class="over">${stageMessage(snapshot, Date.now())}</div>
        ${this._notice ? html`<div class="notice" role="status">${this._notice}</div>` : nothing}
        ${
          this._statistics && this.viewer
            ? html`<gc-stats-panel .viewer=${this.viewer}></gc-stats-panel>`
            : nothing
        }
      </main>
      ${endDialog(
        { session: snapshot.session, busy: this._ending, problem: this._endProblem },
        { confirmEnd: () => void this.#end(), keepSession: () => this.#dialog?.close() },
      )}
    `;
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (!changed.has('snapshot')) return;
    const { snapshot } = this;
    document.title = snapshot?.session
      ? `${snapshot.session.device_id} · GuruConnect`
      : 'GuruConnect';
    const counting = snapshot?.state === 'waiting_consent';
    if (counting && this.#countdown === undefined)
      this.#countdown = setInterval(() => this.requestUpdate(), COUNTDOWN_MS);
    if (!counting) {
      clearInterval(this.#countdown);
      this.#countdown = undefined;
    }
  }

  readonly #actions: ToolbarActions = {
    selectMonitor: (monitorId) => {
      this.#try(() => this.viewer?.selectMonitor(monitorId));
      this.#backToPicture();
    },
    toggleGrid: () => {
      if (this.viewer && this.snapshot)
        this.viewer.layout = this.snapshot.layout === 'grid' ? 'single' : 'grid';
      this.#backToPicture();
    },
    toggleThumbnails: () => {
      this._thumbnails = !this._thumbnails;
      if (this.viewer) this.viewer.thumbnails = this._thumbnails;
      this.#backToPicture();
    },
    openWindow: (monitorId) => {
      try {
        this.viewer?.openWindow(monitorId);
      } catch {
        this.#say(window.parent === window ? LAYOUT_WORDS.noWindow : LAYOUT_WORDS.noWindowFramed);
      }
    },
    sendKeys: (codes) => {
      this.#try(() => this.viewer?.sendKeys(codes));
      this.#backToPicture();
    },
    toggleScaling: () => {
      if (this.viewer && this.snapshot)
        this.viewer.scaling = this.snapshot.scaling === 'fit' ? 'native' : 'fit';
      this.#backToPicture();
    },
    toggleFullscreen: () => {
      // Refused where the embedding page forbids it; the button says so already.
      const change = this._fullscreen ? document.exitFullscreen() : this.requestFullscreen();
      change.catch(() => undefined);
      this.#backToPicture();
    },
    toggleStatistics: () => {
      this._statistics = !this._statistics;
      this.#backToPicture();
    },
    toggleOnScreenKeyboard: () => {
      if (this.viewer) this.viewer.onScreenKeyboard = !this.viewer.onScreenKeyboard;
    },
    askEnd: () => {
      this._endProblem = undefined;
      this.#dialog?.showModal();
    },
  };

  get #dialog(): HTMLDialogElement | null {
    return this.querySelector<HTMLDialogElement>('.end-dialog');
  }

  /** After a click the keyboard belongs to the remote machine again; after a key press it stays. */
  #backToPicture(): void {
    const event = window.event;
    if (event instanceof MouseEvent && event.detail > 0) this.viewer?.focus();
  }

  #try(action: () => void): void {
    try {
      action();
    } catch (thrown) {
      this.#say(GcError.from(thrown).message);
    }
  }

  async #end(): Promise<void> {
    this._ending = true;
    this._endProblem = undefined;
    try {
      await this.viewer?.end();
      this.#dialog?.close();
    } catch (thrown) {
      this._endProblem = `That did not work: ${GcError.from(thrown).message}`;
    } finally {
      this._ending = false;
    }
  }

  #onSnapshot(snapshot: ViewerSnapshot): void {
    const before = this.snapshot;
    this.snapshot = snapshot;
    if (snapshot.state === 'ended' || snapshot.state === 'failed') {
      this.#dialog?.close();
      this._statistics = false;
      if (document.fullscreenElement) document.exitFullscreen().catch(() => undefined);
    }
    // The first picture takes the keyboard, unless somebody is busy elsewhere on the page.
    const idle = document.activeElement === null || document.activeElement === document.body;
    if (snapshot.input.enabled && before?.input.enabled === false && idle) this.viewer?.focus();
  }

  #onNotice(notice: ViewerNotice): void {
    if (notice.kind === 'input_refused') this.#say(refusal(notice.code));
    else console.debug(`${notice.what}: ${notice.error.code} ${notice.error.message}`);
  }

  #say(words: string): void {
    this._notice = words;
    clearTimeout(this.#noticeTimer);
    this.#noticeTimer = setTimeout(() => {
      this._notice = undefined;
    }, NOTICE_MS);
  }

  #onFullscreen(): void {
    this._fullscreen = document.fullscreenElement !== null;
    // Alt+Tab, Escape and the like reach the remote machine too, where the browser can do it
    // (Chromium, top-level page). Elsewhere the keys menu is the way.
    const keyboard = (
      navigator as Navigator & { keyboard?: { lock(): Promise<void>; unlock(): void } }
    ).keyboard;
    if (this._fullscreen) keyboard?.lock().catch(() => undefined);
    else keyboard?.unlock();
  }
}

customElements.define('gc-shell', Shell);
