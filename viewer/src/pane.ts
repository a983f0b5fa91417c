// One place where a monitor is shown and acted on: its picture, the pointer over it, what the hand
// does there. The page has one, or one for each monitor, and each monitor may have one in a browser
// window of its own. Input of all panes takes the one channel, stamped with what this pane shows.
// Owned by panes.ts.
import type { Topology } from '@guruconnect/contract/monitor';
import { RemoteCursor, type CursorFact } from './cursor/remote-cursor.ts';
import { InputCapture } from './input/input-capture.ts';
import type { Aim, InputChannel } from './input/input-channel.ts';
import { platformOf } from './input/keyboard.ts';
import { keyboardField, systemHint } from './input/keyboard-field.ts';
import type { FrameTrace } from './media/frame-trace.ts';
import type { PathWatch } from './media/path-watch.ts';
import { MonitorView } from './media/monitor-view.ts';

export type PaneOptions = {
  readonly container: HTMLElement;
  /** The only monitor it shows; without one, whichever is selected. */
  readonly only?: number;
  readonly channel: InputChannel;
  readonly trace: FrameTrace;
  readonly path: PathWatch;
  readonly onChanged: () => void;
  /** The technician acts here now. */
  readonly onActive: (pane: Pane) => void;
  /** Ctrl+Alt+Home. */
  readonly onLeave: () => void;
};

export class Pane {
  readonly container: HTMLElement;
  readonly only: number | undefined;
  readonly trace: FrameTrace;
  readonly view: MonitorView;
  readonly aim: Aim = () => this.view.stamp;
  readonly #stop = new AbortController();
  readonly #field: HTMLTextAreaElement;
  readonly #capture: InputCapture;
  readonly #cursor: RemoteCursor;
  #visibleSinceMs: number | undefined;

  constructor(options: PaneOptions) {
    const { container, only, channel, path, trace, onActive, onChanged, onLeave } = options;
    this.container = container;
    this.only = only;
    this.trace = trace;
    this.view = new MonitorView({
      container,
      only,
      trace,
      path,
      onChanged,
      // What is held belongs to the monitor it was pressed on.
      onSelected: () => this.#capture.releaseAll(),
    });
    const { viewport, frame } = this.view.picture;
    this.#field = keyboardField(container.ownerDocument);
    viewport.append(this.#field);
    this.#cursor = new RemoteCursor({ surface: viewport, picture: frame });
    this.#capture = new InputCapture({
      surface: viewport,
      field: this.#field,
      channel,
      platform: platformOf(systemHint()),
      target: () => this.view.target,
      aim: this.aim,
      onLeave: () => {
        this.#field.blur();
        onLeave();
      },
      onHover: (over) => {
        this.#cursor.hovering = over;
      },
    });
    const { signal } = this.#stop;
    const active = (): void => onActive(this);
    this.#field.addEventListener('focus', active, { signal });
    viewport.addEventListener('pointerdown', active, { signal, capture: true });
    this.#watchDocument(container.ownerDocument);
  }

  /** Undefined while its page is hidden. */
  get visibleSinceMs(): number | undefined {
    return this.#visibleSinceMs;
  }

  setTopology(topology: Topology): void {
    this.view.setTopology(topology);
  }

  /** @param mayControl input is allowed as far as this pane shows a running picture. */
  allowInput(mayControl: boolean): void {
    const enabled = mayControl && this.view.showsRunningTrack;
    this.#capture.enabled = enabled;
    this.#cursor.show({ mayPoint: enabled, monitorId: this.view.shownId });
  }

  releaseAll(): void {
    this.#capture.releaseAll();
  }

  focus(): void {
    this.#capture.focus();
  }

  set onScreenKeyboard(shown: boolean) {
    this.#field.inputMode = shown ? 'text' : 'none';
    this.#field.blur();
    if (shown) this.#capture.focus();
  }

  get onScreenKeyboard(): boolean {
    return this.#field.inputMode === 'text';
  }

  onCursor(fact: CursorFact): void {
    this.#cursor.on(fact);
  }

  /** Idempotent. */
  close(): void {
    this.#stop.abort();
    this.#capture.close();
    this.#cursor.close();
    this.view.close();
  }

  #watchDocument(document: Document): void {
    const { signal } = this.#stop;
    const look = (): void => {
      const visible = document.visibilityState === 'visible';
      this.#visibleSinceMs = visible ? performance.now() : undefined;
    };
    look();
    document.addEventListener('visibilitychange', look, { signal });
    document.defaultView?.addEventListener('pagehide', () => this.releaseAll(), { signal });
  }
}
