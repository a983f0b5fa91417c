// XTEST: made-up input that the server treats as coming from a device of its own. Requests are only
// buffered; the caller flushes once per event of the technician.
// https://www.x.org/releases/current/doc/xextproto/xtest.html
import type { XConnection } from './x-connection.ts';
import { XError } from './x-error.ts';
import { bind, lazy, type DisplayPointer } from './xlib.ts';

/** "As soon as possible". */
const NO_DELAY = 0;
/** "The screen the pointer is on": an X display of our kind has one. */
const CURRENT_SCREEN = -1;

const xtest = lazy(() => ({
  XTestQueryExtension: bind<
    (
      d: DisplayPointer,
      ev: Int32Array,
      err: Int32Array,
      major: Int32Array,
      minor: Int32Array,
    ) => number
  >('Xtst', 'int XTestQueryExtension(void *d, void *ev, void *err, void *major, void *minor)'),
  XTestGrabControl: bind<(d: DisplayPointer, impervious: 0 | 1) => number>(
    'Xtst',
    'int XTestGrabControl(void *d, int impervious)',
  ),
  XTestFakeMotionEvent: bind<
    (d: DisplayPointer, screen: number, x: number, y: number, delay: number) => number
  >('Xtst', 'int XTestFakeMotionEvent(void *d, int screen, int x, int y, ulong delay)'),
  XTestFakeButtonEvent: bind<
    (d: DisplayPointer, button: number, press: 0 | 1, delay: number) => number
  >('Xtst', 'int XTestFakeButtonEvent(void *d, uint button, int press, ulong delay)'),
  XTestFakeKeyEvent: bind<
    (d: DisplayPointer, keycode: number, press: 0 | 1, delay: number) => number
  >('Xtst', 'int XTestFakeKeyEvent(void *d, uint keycode, int press, ulong delay)'),
}));

/**
 * Throws XError `display_unsupported` without XTEST. Afterwards a program that grabs the whole server
 * (menus of old toolkits do) no longer holds up this connection's requests.
 */
export function requireXtest(x: XConnection): void {
  const ints = [0, 1, 2, 3].map(() => new Int32Array(1)) as [
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
  ];
  if (!xtest().XTestQueryExtension(x.display, ...ints))
    throw new XError('display_unsupported', 'the X server has no XTEST');
  xtest().XTestGrabControl(x.display, 1);
}

export const fakeMotion = (x: XConnection, xPx: number, yPx: number): void =>
  void xtest().XTestFakeMotionEvent(x.display, CURRENT_SCREEN, xPx, yPx, NO_DELAY);

export const fakeButton = (x: XConnection, button: number, down: boolean): void =>
  void xtest().XTestFakeButtonEvent(x.display, button, down ? 1 : 0, NO_DELAY);

export const fakeKey = (x: XConnection, keycode: number, down: boolean): void =>
  void xtest().XTestFakeKeyEvent(x.display, keycode, down ? 1 : 0, NO_DELAY);
