// One capture for all renditions of a monitor: whoever grabs brings the one picture up to date for
// everybody, and each learns which rows changed since it looked last. Owned by MonitorPipeline, on the
// monitor's own thread.
import type { ScreenCapture } from './capture.ts';
import { RowBands } from './row-bands.ts';
import { ScreenPicture } from './screen-picture.ts';

/**
 * One rendition's sight of the screen; the protocol is ScreenCapture's. Before its first grab the
 * whole picture counts as changed.
 */
export interface ScreenTap {
  readonly screen: ScreenPicture;
  start(onChange: () => void): void;
  grab(changed: RowBands): void;
  stop(): void;
}

class Tap {
  readonly urgency: number;
  /** Rows that differ from what it saw last, also while it does not look. */
  readonly missed: RowBands;
  onChange: (() => void) | undefined;
  told = false;

  constructor(urgency: number, heightPx: number) {
    this.urgency = urgency;
    this.missed = new RowBands(heightPx);
    this.missed.addAll();
  }

  tell(): void {
    if (this.told || !this.onChange) return;
    this.told = true;
    this.onChange();
  }
}

export class ScreenFeed {
  readonly screen: ScreenPicture;
  readonly #capture: ScreenCapture;
  readonly #taps: Tap[] = [];
  readonly #fresh: RowBands;
  #closed = false;

  /** Closes the capture with itself. */
  constructor(capture: ScreenCapture) {
    this.#capture = capture;
    this.screen = new ScreenPicture(capture.widthPx, capture.heightPx);
    this.#fresh = new RowBands(capture.heightPx);
  }

  /** @param urgency of several that wait for the same change, the lowest hears of it first. */
  tap(urgency: number): ScreenTap {
    const tap = new Tap(urgency, this.#capture.heightPx);
    this.#taps.push(tap);
    this.#taps.sort((a, b) => a.urgency - b.urgency);
    return {
      screen: this.screen,
      start: (onChange) => {
        const idle = !this.#taps.some((each) => each.onChange);
        tap.onChange = onChange;
        tap.told = false;
        if (idle) this.#capture.start(() => this.#tellAll());
      },
      grab: (changed) => this.#grab(tap, changed),
      stop: () => {
        if (!tap.onChange) return;
        tap.onChange = undefined;
        if (!this.#taps.some((each) => each.onChange)) this.#capture.stop();
      },
    };
  }

  /** Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const tap of this.#taps) tap.onChange = undefined;
    this.#capture.close();
    this.screen.close();
  }

  #tellAll(): void {
    for (const tap of this.#taps) tap.tell();
  }

  #grab(by: Tap, changed: RowBands): void {
    const fresh = this.#fresh;
    fresh.clear();
    this.#capture.grab(this.screen.picture, fresh);
    fresh.forEachRun((top, rows) => {
      for (const tap of this.#taps) tap.missed.addRows(top, rows);
    });
    by.missed.forEachRun((top, rows) => changed.addRows(top, rows));
    by.missed.clear();
    by.told = false;
    // The others hear of it after this frame is made: the capture has told of it only once.
    const others = this.#taps.some((tap) => tap !== by && tap.onChange && !tap.told);
    if (others && !fresh.isEmpty) setImmediate(() => this.#tellOthers(by));
  }

  #tellOthers(by: Tap): void {
    for (const tap of this.#taps) if (tap !== by && !tap.missed.isEmpty) tap.tell();
  }
}
