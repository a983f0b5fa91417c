// The window of the live indicator on X11: one strip with one sentence, from being put up to being
// taken down. It says when it was stopped, dragged or disturbed; what to do about it is the owner's
// (live-indicator.x11.ts).
import type { XConnection } from '../x11/x-connection.ts';
import { XEventType, type XEvent } from '../x11/x-event.ts';
import { whileOpen } from '../x11/while-open.ts';
import { XEventMask } from '../x11/root-events.ts';
import { XInput, XiEventType, type XiEvent } from '../x11/xinput.ts';
import { COLOURS, contains, type Rect } from './drawing.ts';
import { layoutIndicator, type IndicatorLayout } from './indicator-layout.ts';
import { wholeOf, X11DrawingWindow, X11Fonts } from './window.x11.ts';

export interface IndicatorStripOptions {
  readonly text: string;
  /** The monitor it is on, pixels of the desktop, and its scale. */
  readonly screen: Rect & { readonly scale: number };
  /** From the middle of the top edge, pixels. */
  readonly offset: { readonly x: number; readonly y: number };
  /** Tests drive it with XTEST. */
  readonly allowSyntheticInput: boolean;
  readonly onStop: () => void;
  readonly onDragged: (offset: { x: number; y: number }) => void;
  /** Covered, unmapped or destroyed by others. */
  readonly onDisturbed: () => void;
}

const WM_CLASS = 'guruconnect-indicator';
const TITLE = 'GuruConnect – live';
const DESTROY_NOTIFY = 17;
const VISIBILITY_NOTIFY = 15;
const VISIBILITY_UNOBSCURED = 0;
const LEFT_BUTTON = 1;

export class IndicatorStrip {
  readonly #x: XConnection;
  readonly #options: IndicatorStripOptions;
  readonly #fonts: X11Fonts;
  readonly #window: X11DrawingWindow;
  readonly #stops: (() => void)[] = [];
  #layout: IndicatorLayout;
  #at: { x: number; y: number };
  #dragFrom: { x: number; y: number } | undefined;
  #pressedStop = false;
  #hovered = false;
  #destroyed = false;

  /** Puts it up. Throws XError when the display cannot show it. */
  constructor(x: XConnection, options: IndicatorStripOptions) {
    this.#x = x;
    this.#options = options;
    this.#fonts = new X11Fonts(x, options.screen.scale);
    this.#layout = this.#layoutNow();
    this.#at = this.#placeOf(options.offset);
    const { width, height } = this.#layout.drawing;
    try {
      this.#window = new X11DrawingWindow(x, this.#fonts, {
        box: { ...this.#at, width, height },
        title: TITLE,
        wmClass: WM_CLASS,
        unmanaged: true,
        eventMask: XEventMask.Exposure | XEventMask.StructureNotify | XEventMask.VisibilityChange,
      });
    } catch (error) {
      this.#fonts.close();
      throw error;
    }
    this.#listen();
    this.#draw();
    this.#window.window.show();
    x.flush();
  }

  /** Shown again and on top. False when somebody destroyed the window: a new one is needed. */
  restore(): boolean {
    if (this.#destroyed) return false;
    this.#window.window.show();
    this.#x.flush();
    return true;
  }

  close(): void {
    for (const stop of this.#stops.splice(0)) stop();
    if (!this.#destroyed) this.#window.close();
    this.#fonts.close();
  }

  #listen(): void {
    const x = this.#x;
    const id = this.#window.window.id;
    const on = (type: number, handle: (state: number) => void): void => {
      const listener = whileOpen((event: XEvent) => {
        if (event.window === id) handle(event.int(40));
      });
      this.#stops.push(x.on(type, listener));
    };
    on(XEventType.Expose, () => this.#window.window.present(wholeOf(this.#layout.drawing)));
    on(VISIBILITY_NOTIFY, (state) => {
      if (state !== VISIBILITY_UNOBSCURED) this.#options.onDisturbed();
    });
    on(XEventType.UnmapNotify, () => this.#options.onDisturbed());
    on(DESTROY_NOTIFY, () => {
      this.#destroyed = true;
      this.#options.onDisturbed();
    });
    const { ButtonPress, ButtonRelease, Leave, Motion } = XiEventType;
    this.#stops.push(
      XInput.of(x).watchWindow(id, [ButtonPress, ButtonRelease, Leave, Motion], (event) =>
        this.#input(event),
      ),
    );
  }

  #input(event: XiEvent): void {
    const { ButtonPress, ButtonRelease, Leave } = XiEventType;
    const overStop = contains(this.#layout.stopButton, event.xPx, event.yPx);
    this.#hover(event.type !== Leave && overStop);
    // The technician neither stops, moves nor hides the strip through injected input.
    const synthetic =
      !this.#options.allowSyntheticInput && XInput.of(this.#x).isXtestDevice(event.sourceId);
    if (synthetic || event.type === Leave) return;
    if (event.type === ButtonPress && event.detail === LEFT_BUTTON) {
      this.#pressedStop = overStop;
      this.#dragFrom = overStop
        ? undefined
        : { x: event.rootXPx - this.#at.x, y: event.rootYPx - this.#at.y };
    } else if (event.type === ButtonRelease && event.detail === LEFT_BUTTON) {
      const stopped = this.#pressedStop && overStop;
      this.#pressedStop = false;
      this.#dragFrom = undefined;
      if (stopped) this.#options.onStop();
    } else if (this.#dragFrom) {
      this.#moveTo(event.rootXPx - this.#dragFrom.x, event.rootYPx - this.#dragFrom.y);
    }
  }

  #moveTo(x: number, y: number): void {
    const middle = this.#placeOf({ x: 0, y: 0 });
    const offset = { x: Math.round(x) - middle.x, y: Math.round(y) - middle.y };
    this.#at = this.#placeOf(offset);
    this.#window.window.moveTo(this.#at.x, this.#at.y);
    this.#x.flush();
    this.#options.onDragged({ x: this.#at.x - middle.x, y: this.#at.y - middle.y });
  }

  /** The middle of the top edge plus the offset, wholly on the screen. */
  #placeOf(offset: { x: number; y: number }): { x: number; y: number } {
    const { width, height } = this.#layout.drawing;
    const { screen } = this.#options;
    const clamp = (value: number, low: number, high: number): number =>
      Math.max(low, Math.min(high, value));
    const middleX = screen.x + Math.round((screen.width - width) / 2);
    return {
      x: clamp(middleX + offset.x, screen.x, Math.max(screen.x, screen.x + screen.width - width)),
      y: clamp(
        screen.y + offset.y,
        screen.y,
        Math.max(screen.y, screen.y + screen.height - height),
      ),
    };
  }

  #hover(overStop: boolean): void {
    if (overStop === this.#hovered) return;
    this.#hovered = overStop;
    this.#layout = this.#layoutNow();
    this.#draw();
  }

  #draw(): void {
    const { drawing } = this.#layout;
    this.#window.draw(drawing, wholeOf(drawing), COLOURS.dark);
  }

  #layoutNow(): IndicatorLayout {
    const { text, screen } = this.#options;
    return layoutIndicator(text, this.#hovered, this.#fonts, screen.scale, screen.width);
  }
}
