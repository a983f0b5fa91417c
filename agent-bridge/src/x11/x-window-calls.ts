// Xlib's calls about windows, pixmaps and pictures, bound once; x-window.ts is their user.
import { bind, lazy, type DisplayPointer, type Xid } from './xlib.ts';

export const windowCalls = lazy(() => ({
  XCreateWindow: bind<
    (
      d: DisplayPointer,
      parent: Xid,
      x: number,
      y: number,
      width: number,
      height: number,
      border: number,
      depth: number,
      windowClass: number,
      visual: bigint,
      valueMask: number,
      attributes: Uint8Array,
    ) => Xid
  >(
    'X11',
    'ulong XCreateWindow(void *d, ulong parent, int x, int y, uint width, uint height, uint border, ' +
      'int depth, uint window_class, uintptr visual, ulong mask, void *attributes)',
  ),
  XDestroyWindow: bind<(d: DisplayPointer, window: Xid) => number>(
    'X11',
    'int XDestroyWindow(void *d, ulong window)',
  ),
  XMapRaised: bind<(d: DisplayPointer, window: Xid) => number>(
    'X11',
    'int XMapRaised(void *d, ulong window)',
  ),
  XRaiseWindow: bind<(d: DisplayPointer, window: Xid) => number>(
    'X11',
    'int XRaiseWindow(void *d, ulong window)',
  ),
  XMoveWindow: bind<(d: DisplayPointer, window: Xid, x: number, y: number) => number>(
    'X11',
    'int XMoveWindow(void *d, ulong window, int x, int y)',
  ),
  XChangeProperty: bind<
    (
      d: DisplayPointer,
      window: Xid,
      property: Xid,
      type: Xid,
      format: number,
      mode: number,
      data: Uint8Array | BigUint64Array,
      count: number,
    ) => number
  >(
    'X11',
    'int XChangeProperty(void *d, ulong window, ulong property, ulong type, int format, int mode, void *data, int count)',
  ),
  XSetWMProtocols: bind<
    (d: DisplayPointer, window: Xid, atoms: BigUint64Array, count: number) => number
  >('X11', 'int XSetWMProtocols(void *d, ulong window, void *atoms, int count)'),
  XSetWMNormalHints: bind<(d: DisplayPointer, window: Xid, hints: Uint8Array) => void>(
    'X11',
    'void XSetWMNormalHints(void *d, ulong window, void *hints)',
  ),
  XSetInputFocus: bind<(d: DisplayPointer, window: Xid, revertTo: number, time: number) => number>(
    'X11',
    'int XSetInputFocus(void *d, ulong window, int revert_to, ulong time)',
  ),
  XCreatePixmap: bind<
    (d: DisplayPointer, drawable: Xid, width: number, height: number, depth: number) => Xid
  >('X11', 'ulong XCreatePixmap(void *d, ulong drawable, uint width, uint height, uint depth)'),
  XFreePixmap: bind<(d: DisplayPointer, pixmap: Xid) => number>(
    'X11',
    'int XFreePixmap(void *d, ulong pixmap)',
  ),
  XDefaultGC: bind<(d: DisplayPointer, screen: number) => bigint>(
    'X11',
    'void *XDefaultGC(void *d, int screen)',
  ),
  XCreateImage: bind<
    (
      d: DisplayPointer,
      visual: bigint,
      depth: number,
      format: number,
      offset: number,
      data: Uint8Array,
      width: number,
      height: number,
      pad: number,
      bytesPerLine: number,
    ) => bigint | null
  >(
    'X11',
    'void *XCreateImage(void *d, void *visual, uint depth, int format, int offset, void *data, ' +
      'uint width, uint height, int pad, int bytes_per_line)',
  ),
  XPutImage: bind<
    (
      d: DisplayPointer,
      drawable: Xid,
      gc: bigint,
      image: bigint,
      sourceX: number,
      sourceY: number,
      x: number,
      y: number,
      width: number,
      height: number,
    ) => number
  >(
    'X11',
    'int XPutImage(void *d, ulong drawable, void *gc, void *image, int sx, int sy, int x, int y, uint width, uint height)',
  ),
  XCopyArea: bind<
    (
      d: DisplayPointer,
      source: Xid,
      target: Xid,
      gc: bigint,
      sx: number,
      sy: number,
      width: number,
      height: number,
      x: number,
      y: number,
    ) => number
  >(
    'X11',
    'int XCopyArea(void *d, ulong source, ulong target, void *gc, int sx, int sy, uint width, uint height, int x, int y)',
  ),
  XGetWindowProperty: bind<
    (
      d: DisplayPointer,
      window: Xid,
      property: Xid,
      offset: number,
      length: number,
      remove: number,
      type: Xid,
      typeOut: BigUint64Array,
      formatOut: Int32Array,
      itemsOut: BigUint64Array,
      bytesAfterOut: BigUint64Array,
      dataOut: BigUint64Array,
    ) => number
  >(
    'X11',
    'int XGetWindowProperty(void *d, ulong window, ulong property, long offset, long length, int remove, ' +
      'ulong type, void *typeOut, void *formatOut, void *itemsOut, void *bytesAfterOut, void *dataOut)',
  ),
}));
