// XFixes: the shape of the pointer and word of its changes.
import koffi from 'koffi';
import type { XConnection } from './x-connection.ts';
import { XError } from './x-error.ts';
import { bind, lazy, xlib, type DisplayPointer, type Xid } from './xlib.ts';

const CURSOR_NOTIFY = 1;
const DISPLAY_CURSOR_NOTIFY_MASK = 1;

const xfixes = lazy(() => ({
  XFixesQueryExtension: bind<(d: DisplayPointer, ev: Int32Array, err: Int32Array) => number>(
    'Xfixes',
    'int XFixesQueryExtension(void *d, void *ev, void *err)',
  ),
  XFixesSelectCursorInput: bind<(d: DisplayPointer, window: Xid, mask: number) => void>(
    'Xfixes',
    'void XFixesSelectCursorInput(void *d, ulong window, ulong mask)',
  ),
  XFixesGetCursorImage: bind<(d: DisplayPointer) => bigint | null>(
    'Xfixes',
    'void *XFixesGetCursorImage(void *d)',
  ),
  XQueryPointer: bind<
    (
      d: DisplayPointer,
      window: Xid,
      root: BigUint64Array,
      child: BigUint64Array,
      rootX: Int32Array,
      rootY: Int32Array,
      x: Int32Array,
      y: Int32Array,
      mask: Int32Array,
    ) => number
  >(
    'X11',
    'int XQueryPointer(void *d, ulong w, void *root, void *child, void *rx, void *ry, void *x, void *y, void *mask)',
  ),
}));

export interface XCursorImage {
  /** The server's number of this cursor: the same cursor has the same serial whenever it is shown. */
  readonly serial: number;
  readonly width: number;
  readonly height: number;
  readonly hotspotX: number;
  readonly hotspotY: number;
  /** One premultiplied 0xAARRGGBB value per pixel, rows from the top. Ours: a copy. */
  readonly premultipliedArgb: Uint32Array;
}

/** Tells the serial of the cursor now displayed at each change. */
export function watchCursor(x: XConnection, listener: (serial: number) => void): () => void {
  const eventBase = new Int32Array(1);
  if (!xfixes().XFixesQueryExtension(x.display, eventBase, new Int32Array(1)))
    throw new XError('display_unsupported', 'the X server has no XFixes');
  xfixes().XFixesSelectCursorInput(x.display, x.rootWindow, DISPLAY_CURSOR_NOTIFY_MASK);
  // XFixesCursorNotifyEvent on LP64: subtype 40, cursor_serial 48.
  const stop = x.on(eventBase[0]! + CURSOR_NOTIFY, (event) => listener(event.ulong(48)));
  return () => {
    stop();
    if (x.isOpen) xfixes().XFixesSelectCursorInput(x.display, x.rootWindow, 0);
  };
}

/** XFixesCursorImage on LP64: width 4, height 6, xhot 8, yhot 10, serial 16, pixels 24; 48 bytes. */
const CURSOR_IMAGE_BYTES = 48;

/** The cursor displayed now. One round trip; undefined when there is none or the server refuses. */
export function readCursor(x: XConnection): XCursorImage | undefined {
  const pointer = xfixes().XFixesGetCursorImage(x.display);
  if (!pointer) return undefined;
  try {
    const head = new DataView(koffi.view(pointer, CURSOR_IMAGE_BYTES));
    const width = head.getUint16(4, true);
    const height = head.getUint16(6, true);
    // Each pixel sits in an `unsigned long`: on LP64 every second 32-bit word is padding.
    const longs = new Uint32Array(
      koffi.view(head.getBigUint64(24, true), Math.max(1, width * height) * 8),
    );
    return {
      serial: Number(head.getBigUint64(16, true)),
      width,
      height,
      hotspotX: head.getUint16(8, true),
      hotspotY: head.getUint16(10, true),
      premultipliedArgb: Uint32Array.from({ length: width * height }, (_, i) => longs[i * 2]!),
    };
  } finally {
    xlib().XFree(pointer);
  }
}

const rootX = new Int32Array(1);
const rootY = new Int32Array(1);
const ignoredXid = new BigUint64Array(2);
const ignoredInt = new Int32Array(3);

/** Where the pointer is, pixels of the virtual desktop. One round trip (20-100 µs locally). */
export function readPointer(x: XConnection): { xPx: number; yPx: number } {
  xfixes().XQueryPointer(
    x.display,
    x.rootWindow,
    ignoredXid.subarray(0, 1),
    ignoredXid.subarray(1, 2),
    rootX,
    rootY,
    ignoredInt.subarray(0, 1),
    ignoredInt.subarray(1, 2),
    ignoredInt.subarray(2, 3),
  );
  return { xPx: rootX[0]!, yPx: rootY[0]! };
}
