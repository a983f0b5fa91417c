// The live indicator as a strip at the top of the primary monitor. The window manager is kept out of
// it (override-redirect), so that nothing can minimise or close it; what covers, unmaps or destroys
// it all the same finds it back a moment later. A person can drag it along.
import type { XConnection } from '../x11/x-connection.ts';
import { XError } from '../x11/x-error.ts';
import type { Rect } from './drawing.ts';
import { IndicatorStrip } from './indicator-strip.x11.ts';
import type { LiveIndicator, ShownTechnician, StopKind } from './live-indicator.ts';
import { indicatorText } from './prompt-wording.ts';
import { watchStopHotkey } from './stop-hotkey.x11.ts';

export interface X11LiveIndicatorOptions {
  readonly onStop: (kind: StopKind) => void;
  /** The primary monitor, pixels of the desktop, and its scale. */
  readonly screen: () => Rect & { readonly scale: number };
  /** Tests drive it with XTEST. Never set it on a real endpoint. */
  readonly allowSyntheticInput?: boolean;
}

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
  #strip: IndicatorStrip | undefined;
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
    this.#strip = new IndicatorStrip(this.#x, {
      text: indicatorText(this.#technicians),
      screen: this.#options.screen(),
      offset: this.#offset,
      allowSyntheticInput: this.#options.allowSyntheticInput ?? false,
      onStop: () => this.#options.onStop('button'),
      onDragged: (offset) => (this.#offset = offset),
      onDisturbed: () => this.#restoreSoon(),
    });
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
