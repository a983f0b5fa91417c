// The pointer of an X server. Shape: XFixes tells of each change. Place: XInput 2 raw motion tells
// that some device moved, then the server is asked where the pointer is, at most 60 times a second;
// nothing is asked while nothing moves.
//
// Limits of X: an application that warps the pointer (XWarpPointer) causes no device event, so its
// place is learnt with the next change of shape or movement; XFixesHideCursor changes no shape and
// cannot be noticed. Applications hide the pointer with an empty shape as a rule, which is noticed.
// The server refuses the picture of a shape whose program has ended (`xsetroot -cursor_name …` in a
// start script is such a one; the SECURITY extension answers BadAccess): then the plain arrow stands in.
import type { XConnection } from '../x11/x-connection.ts';
import { XError } from '../x11/x-error.ts';
import { readCursor, readPointer, watchCursor } from '../x11/xfixes.ts';
import { XInput, XiEventType } from '../x11/xinput.ts';
import { arrowImage } from './arrow.ts';
import { cursorImage } from './cursor-image.ts';
import {
  MAX_POSITIONS_PER_SECOND,
  type CursorListeners,
  type CursorPosition,
  type CursorShape,
  type CursorWatch,
} from './cursor.ts';

/** Serial of the arrow where the server told none; its own start at 1. */
const NO_SERIAL = 0;
const POSITION_INTERVAL_MS = 1000 / MAX_POSITIONS_PER_SECOND;
/** Shapes kept by serial; animated pointers come back with the same few dozen serials. */
const MAX_KEPT_SHAPES = 64;

/** Throws XError `display_unsupported` without XFixes or XInput 2.2. */
export function openX11CursorWatch(x: XConnection, listeners: CursorListeners): CursorWatch {
  return new X11CursorWatch(x, listeners);
}

class X11CursorWatch implements CursorWatch {
  readonly #x: XConnection;
  readonly #listeners: CursorListeners;
  readonly #kept = new Map<number, CursorShape>();
  readonly #stops: (() => void)[];
  #shape: CursorShape;
  #position: CursorPosition;
  #ownWhenTold: CursorPosition | undefined;
  #askedAtMs = -Infinity;
  #askTimer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(x: XConnection, listeners: CursorListeners) {
    this.#x = x;
    this.#listeners = listeners;
    this.#stops = [
      watchCursor(x, (serial) => this.#shapeChanged(serial)),
      XInput.of(x).watchRaw([XiEventType.RawMotion], () => this.#moved()),
    ];
    this.#shape = this.#readShape(NO_SERIAL);
    this.#position = readPointer(x);
  }

  shape(): CursorShape {
    return this.#shape;
  }

  position(): CursorPosition {
    return this.#position;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#askTimer);
    for (const stop of this.#stops) stop();
  }

  #shapeChanged(serial: number): void {
    if (serial === this.#shape.serial) return;
    const shape = this.#kept.get(serial) ?? this.#readShape(serial);
    this.#moved(); // applications change the shape where they warp the pointer
    if (shape.serial === this.#shape.serial) return;
    this.#shape = shape;
    this.#listeners.onShape(shape);
  }

  /** By the time we ask, the pointer may have yet another shape: the serial read is what counts. */
  #readShape(serial: number): CursorShape {
    const read = this.#ask(() => readCursor(this.#x));
    if (!read) return { serial, ...arrowImage() };
    const known = this.#kept.get(read.serial);
    if (known) return known;
    const hotspot = { x: read.hotspotX, y: read.hotspotY };
    const image = cursorImage(read.premultipliedArgb, read.width, read.height, hotspot);
    const shape = { serial: read.serial, ...image };
    this.#kept.set(shape.serial, shape);
    if (this.#kept.size > MAX_KEPT_SHAPES) this.#kept.delete(this.#kept.keys().next().value!);
    return shape;
  }

  /** Asks at once when the last time is long enough ago, else when it is. */
  #moved(): void {
    if (this.#askTimer) return;
    const waitMs = this.#askedAtMs + POSITION_INTERVAL_MS - performance.now();
    if (waitMs <= 0) return this.#readPosition();
    this.#askTimer = setTimeout(() => {
      this.#askTimer = undefined;
      this.#readPosition();
    }, waitMs);
  }

  #readPosition(): void {
    this.#askedAtMs = performance.now();
    const position = this.#ask(() => readPointer(this.#x));
    if (!position || same(position, this.#position)) return;
    this.#position = position;
    // Our injections share this connection, so the answer is never older than the last of them. Only
    // a new one explains the place: somebody else may also move the pointer back to an old one.
    const own = this.#listeners.ownPosition?.();
    if (own !== this.#ownWhenTold && same(position, own)) return;
    this.#ownWhenTold = own;
    this.#listeners.onPosition(position);
  }

  #ask<T>(question: () => T): T | undefined {
    try {
      return question();
    } catch (error) {
      if (error instanceof XError) return undefined; // the display went away
      throw error;
    }
  }
}

const same = (a: CursorPosition, b: CursorPosition | undefined): boolean =>
  b !== undefined && a.xPx === b.xPx && a.yPx === b.yPx;
