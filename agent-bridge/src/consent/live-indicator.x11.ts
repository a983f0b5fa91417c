// The live indicator as a strip at the top of the primary monitor. The window manager is kept out of
// it (override-redirect), so that nothing can minimise or close it; what covers, unmaps or destroys
// it all the same finds it back a moment later. A person can drag it along.
import type { XConnection } from '../x11/x-connection.ts';
import { XError } from '../x11/x-error.ts';
import { XEventType, type XEvent } from '../x11/x-event.ts';
import { whileOpen } from '../x11/while-open.ts';
import { XEventMask } from '../x11/root-events.ts';
import { XInput, XiEventType, type XiEvent } from '../x11/xinput.ts';
import { COLOURS, contains, type Rect } from './drawing.ts';
import { layoutIndicator, type IndicatorLayout } from './indicator-layout.ts';
import type { LiveIndicator, ShownTechnician, StopKind } from './live-indicator.ts';
import { indicatorText } from './prompt-wording.ts';
import { watchStopHotkey } from './stop-hotkey.x11.ts';
import { wholeOf, X11DrawingWindow, X11Fonts } from './window.x11.ts';

export interface X11LiveIndicatorOptions {
  readonly onStop: (kind: StopKind) => void;
  /** The primary monitor, pixels of the desktop, and its scale. */
  readonly screen: () => Rect & { readonly scale: number };
  /** Tests drive it with XTEST. Never set it on a real endpoint. */
  readonly allowSyntheticInput?: boolean;
}

const WM_CLASS = 'guruconnect-indicator';
const TITLE = 'GuruConnect – live';
const DESTROY_NOTIFY = 17;
const VISIBILITY_NOTIFY = 15;
const VISIBILITY_UNOBSCURED = 0;
const LEFT_BUTTON = 1;
/** Not more often than this against something that keeps covering or removing the strip, ms. */
const RESTORE_INTERVAL_MS = 250;

/** The connection stays the caller's. */
export function openX11LiveIndicator(
  x: XConnection,
  options: X11LiveIndicatorOptions,
): LiveIndicator {
  return new X11LiveIndicator(x, options);
}

class X11LiveIndicator implements LiveIndicator {
  readonly #x: XConnection;
  readonly #options: X11LiveIndicatorOptions;
  #technicians: readonly ShownTechnician[] = [];
  #strip: Strip | undefined;
  /** Where a person dragged it, from the middle of the top edge; the same on a relocated screen. */
  #offset = { x: 0, y: 0 };
  #stopWatchingHotkey: (() => void) | undefined;
  #restoreTimer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(x: XConnection, options: X11LiveIndicatorOptions) {
    this.#x = x;
    this.#options = options;
  }

  show(technicians: readonly ShownTechnician[]): 'shown' | 'unavailable' {
    if (technicians.length === 0) {
      this.hide();
      return 'shown';
    }
    if (this.#closed || !this.#x.isOpen) return 'unavailable';
    this.#technicians = technicians;
    return this.#attempt(() => {
      this.#stopWatchingHotkey ??= watchStopHotkey(this.#x, {
        onStop: () => this.#options.onStop('hotkey'),
        allowSyntheticInput: this.#options.allowSyntheticInput ?? false,
      });
      this.#putUp();
    })
      ? 'shown'
      : 'unavailable';
  }

  hide(): void {
    this.#technicians = [];
    clearTimeout(this.#restoreTimer);
    this.#restoreTimer = undefined;
    this.#attempt(() => {
      this.#stopWatchingHotkey?.();
      this.#strip?.close();
    });
    this.#stopWatchingHotkey = undefined;
    this.#strip = undefined;
    this.#offset = { x: 0, y: 0 };
  }

  relocate(): void {
    if (this.#technicians.length > 0) this.#attempt(() => this.#putUp());
  }

  close(): void {
    if (this.#closed) return;
    this.hide();
    this.#closed = true;
  }

  /** A fresh strip each time: changes are rare, and the words decide its width. */
  #putUp(): void {
    const before = this.#strip;
    this.#strip = new Strip(
      this.#x,
      indicatorText(this.#technicians),
      this.#options,
      this.#offset,
      {
        onDragged: (offset) => (this.#offset = offset),
        onDisturbed: () => this.#restoreSoon(),
      },
    );
    before?.close(); // after the new one is up, so that there is no moment without a sign
  }

  #restoreSoon(): void {
    this.#restoreTimer ??= setTimeout(() => {
      this.#restoreTimer = undefined;
      this.#attempt(() => {
        if (!this.#strip?.restore()) this.#putUp();
      });
    }, RESTORE_INTERVAL_MS);
  }

  /** False when the display cannot do it: it went away, or lacks what windows need. */
  #attempt(action: () => void): boolean {
    try {
      action();
      return true;
    } catch (error) {
      if (error instanceof XError) return false;
      throw error;
    }
  }
}

interface StripEvents {
  readonly onDragged: (offset: { x: number; y: number }) => void;
  /** Covered, unmapped or destroyed by others. */
  readonly onDisturbed: () => void;
}

class Strip {
  readonly #x: XConnection;
  readonly #text: string;
  readonly #options: X11LiveIndicatorOptions;
  readonly #events: StripEvents;
  readonly #screen: Rect & { readonly scale: number };
  readonly #fonts: X11Fonts;
  readonly #window: X11DrawingWindow;
  readonly #stops: (() => void)[] = [];
  #layout: IndicatorLayout;
  #at: { x: number; y: number };
  #dragFrom: { x: number; y: number } | undefined;
  #pressedStop = false;
  #hovered = false;
  #destroyed = false;

  constructor(
    x: XConnection,
    text: string,
    options: X11LiveIndicatorOptions,
    offset: { x: number; y: number },
    events: StripEvents,
  ) {
    this.#x = x;
    this.#text = text;
    this.#options = options;
    this.#events = events;
    this.#screen = options.screen();
    this.#fonts = new X11Fonts(x, this.#screen.scale);
    this.#layout = this.#layoutNow();
    this.#at = this.#placeOf(offset);
    const { width, height } = this.#layout.drawing;
    this.#window = new X11DrawingWindow(x, this.#fonts, {
      box: { ...this.#at, width, height },
      title: TITLE,
      wmClass: WM_CLASS,
      unmanaged: true,
      eventMask: XEventMask.Exposure | XEventMask.StructureNotify | XEventMask.VisibilityChange,
    });
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
      if (state !== VISIBILITY_UNOBSCURED) this.#events.onDisturbed();
    });
    on(XEventType.UnmapNotify, () => this.#events.onDisturbed());
    on(DESTROY_NOTIFY, () => {
      this.#destroyed = true;
      this.#events.onDisturbed();
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
      this.#options.allowSyntheticInput !== true &&
      XInput.of(this.#x).isXtestDevice(event.sourceId);
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
      if (stopped) this.#options.onStop('button');
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
    this.#events.onDragged({ x: this.#at.x - middle.x, y: this.#at.y - middle.y });
  }

  /** The middle of the top edge plus the offset, wholly on the screen. */
  #placeOf(offset: { x: number; y: number }): { x: number; y: number } {
    const { width, height } = this.#layout.drawing;
    const screen = this.#screen;
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
    const { width, scale } = this.#screen;
    return layoutIndicator(this.#text, this.#hovered, this.#fonts, scale, width);
  }
}
