// <guru-session>: a viewer on an integrator's page, as an element. It owns one EmbeddedViewer at a
// time and adds what only the page on top can do: full screen, and the keyboard lock that goes with
// it (Alt+Tab, the Windows key and Escape then reach the remote machine).
import type { EmbedEvent, ViewerState } from '../embed/embed-messages.ts';
import type { Topology } from '../monitor.ts';
import { EmbedError } from './embed-error.ts';
import { EmbeddedViewer, type Connected } from './embedded-viewer.ts';
import type { Invitation } from './viewer-frame.ts';

/** Not `Omit`: of a type with an index signature that leaves no known field. */
type WithoutName<E> = { [Field in keyof E as Field extends 'gc' ? never : Field]: E[Field] };
type Detail<Kind extends EmbedEvent['gc']> = WithoutName<Extract<EmbedEvent, { gc: Kind }>>;

/** Events of the element; none bubbles. `detail` is as contract/embed describes it. */
export type GuruSessionEvents = {
  'gc-connected': CustomEvent<Detail<'connected'>>;
  'gc-state': CustomEvent<Detail<'state'>>;
  'gc-event': CustomEvent<Detail<'event'>>;
  'gc-topology': CustomEvent<Detail<'topology'>>;
  'gc-input': CustomEvent<Detail<'input'>>;
  /** No viewer is connected (any more): refused, as `connect` throws it, or lost later. */
  'gc-error': CustomEvent<{ readonly error: EmbedError }>;
};

declare global {
  interface HTMLElementTagNameMap {
    'guru-session': GuruSession;
  }
  // The pattern of the platform: addEventListener('gc-state', …) knows its event.
  interface HTMLElementEventMap {
    'gc-connected': GuruSessionEvents['gc-connected'];
    'gc-state': GuruSessionEvents['gc-state'];
    'gc-event': GuruSessionEvents['gc-event'];
    'gc-topology': GuruSessionEvents['gc-topology'];
    'gc-input': GuruSessionEvents['gc-input'];
    'gc-error': GuruSessionEvents['gc-error'];
  }
}

const STYLE = `
  :host { display: block; position: relative; min-height: 240px; background: #0d0f12; }
  :host([hidden]) { display: none; }
  iframe { position: absolute; inset: 0; width: 100%; height: 100%; border: 0; }
`;

/** Keyboard Lock API: Chromium only, top page only. */
type Keyboard = { lock(): Promise<void>; unlock(): void };
const keyboard = (): Keyboard | undefined =>
  (navigator as Navigator & { readonly keyboard?: Keyboard }).keyboard;

// Pages are also rendered on servers, where the module is only imported.
const Base = (globalThis.HTMLElement ?? class {}) as typeof HTMLElement;

export class GuruSession extends Base {
  #viewer: EmbeddedViewer | undefined;
  #state: ViewerState | undefined;
  #sessionId: string | undefined;
  #topology: Topology | undefined;
  #selectedMonitorId: number | undefined;
  #holdsKeyboard = false;

  /** As last told; undefined before `connect` and after `disconnect`. */
  get state(): ViewerState | undefined {
    return this.#state;
  }
  get sessionId(): string | undefined {
    return this.#sessionId;
  }
  get topology(): Topology | undefined {
    return this.#topology;
  }
  get selectedMonitorId(): number | undefined {
    return this.#selectedMonitorId;
  }

  connectedCallback(): void {
    if (!this.shadowRoot) {
      // A constructed sheet, because a page's Content-Security-Policy may forbid <style>.
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(STYLE);
      this.attachShadow({ mode: 'open', delegatesFocus: true }).adoptedStyleSheets = [sheet];
    }
    document.addEventListener('fullscreenchange', this.#onFullscreenChange);
  }

  /** Moved by moveBefore(): the frame lives on. */
  connectedMoveCallback(): void {}

  disconnectedCallback(): void {
    this.disconnect();
    document.removeEventListener('fullscreenchange', this.#onFullscreenChange);
  }

  /**
   * Shows the viewer of a fresh invitation, in place of the one shown before. When it is refused the
   * frame stays, so that the technician can read what the viewer says.
   * @throws EmbedError `invalid_request`, `illegal_transition` (this element is in no document),
   * `embed_refused`, `timeout`, `unknown_message` (no common version).
   */
  async connect(invitation: Invitation): Promise<Connected> {
    this.disconnect();
    const root = this.shadowRoot;
    if (!root) throw new EmbedError('illegal_transition', '<guru-session> is in no document');
    this.#viewer = new EmbeddedViewer({
      parent: root,
      invitation,
      onEvent: (event) => this.#onEvent(event),
      onLost: (error) => this.#tell('gc-error', { error }),
    });
    return await this.#viewer.connected;
  }

  /** Takes the viewer away. The session goes on until it is ended. Idempotent. */
  disconnect(): void {
    this.#viewer?.close();
    this.#viewer = undefined;
    this.#state = undefined;
    this.#sessionId = undefined;
    this.#topology = undefined;
    this.#selectedMonitorId = undefined;
  }

  // Commands throw EmbedError with the viewer's code, `timeout`, or `illegal_transition` while no
  // viewer is connected.

  selectMonitor(monitorId: number): Promise<void> {
    return this.#command({ gc: 'select_monitor', monitor_id: monitorId });
  }

  /** All monitors at once, as they lie on the desk, or one at a time. */
  setLayout(layout: 'single' | 'grid'): Promise<void> {
    return this.#command({ gc: 'set_layout', layout });
  }

  /** Keyboard and mouse go to the remote machine; `grant_missing` or `consent_required` if not. */
  requestControl(): Promise<void> {
    this.#viewer?.frame.focus();
    return this.#command({ gc: 'request_control' });
  }

  /** Pressed in order, released in reverse: sendKeys(['ControlLeft', 'AltLeft', 'Delete']). */
  sendKeys(codes: readonly string[]): Promise<void> {
    return this.#command({ gc: 'send_keys', codes: [...codes] });
  }

  /** Ends the session for everybody. */
  endSession(): Promise<void> {
    return this.#command({ gc: 'end_session' });
  }

  /** Keys go to the remote machine from now on. */
  override focus(): Promise<void> {
    this.#viewer?.frame.focus();
    return this.#command({ gc: 'focus' });
  }

  /**
   * Full screen, from a click or a key of the technician; browsers refuse it otherwise.
   * @throws EmbedError `illegal_transition` with the browser's words.
   */
  async fullscreen(): Promise<void> {
    try {
      await this.requestFullscreen({ navigationUI: 'hide' });
    } catch (error) {
      throw new EmbedError('illegal_transition', `full screen was refused: ${String(error)}`);
    }
    this.#viewer?.frame.focus();
  }

  #command(command: Parameters<EmbeddedViewer['command']>[0]): Promise<void> {
    return (
      this.#viewer?.command(command) ??
      Promise.reject(new EmbedError('illegal_transition', 'no viewer is connected'))
    );
  }

  // Also when the viewer's own button put its frame on the whole screen: from inside a frame the
  // keyboard can not be locked, so this page does it for both.
  readonly #onFullscreenChange = (): void => {
    const isFull = document.fullscreenElement === this;
    if (isFull === this.#holdsKeyboard) return;
    this.#holdsKeyboard = isFull;
    if (isFull)
      keyboard()
        ?.lock()
        .catch(() => undefined);
    else keyboard()?.unlock();
  };

  #onEvent(event: EmbedEvent): void {
    const { gc, ...detail } = event;
    if (event.gc === 'connected' || event.gc === 'state') this.#state = event.state;
    if (event.gc === 'connected') this.#sessionId = event.session_id;
    if (event.gc === 'topology') {
      this.#topology = event.topology;
      this.#selectedMonitorId = event.selected_monitor_id;
    }
    this.#tell(`gc-${gc}`, detail);
  }

  #tell(type: string, detail: object): void {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

if (globalThis.customElements && !customElements.get('guru-session'))
  customElements.define('guru-session', GuruSession);
