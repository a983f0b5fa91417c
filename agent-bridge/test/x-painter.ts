// An X client that paints rectangles on the root window, over whatever windows are there.
import { XConnection } from '../src/x11/x-connection.ts';
import { bind, lazy, xlib, type DisplayPointer, type Xid } from '../src/x11/xlib.ts';

const IncludeInferiors = 1;

const drawing = lazy(() => ({
  XCreateGC: bind<(d: DisplayPointer, drawable: Xid, mask: 0, values: null) => bigint>(
    'X11',
    'void *XCreateGC(void *d, ulong drawable, ulong mask, void *values)',
  ),
  XSetSubwindowMode: bind<(d: DisplayPointer, gc: bigint, mode: number) => void>(
    'X11',
    'void XSetSubwindowMode(void *d, void *gc, int mode)',
  ),
  XSetForeground: bind<(d: DisplayPointer, gc: bigint, pixel: number) => void>(
    'X11',
    'void XSetForeground(void *d, void *gc, ulong pixel)',
  ),
  XFillRectangle: bind<
    (d: DisplayPointer, w: Xid, gc: bigint, x: number, y: number, w2: number, h: number) => void
  >(
    'X11',
    'void XFillRectangle(void *d, ulong w, void *gc, int x, int y, uint width, uint height)',
  ),
  XCreatePixmap: bind<
    (d: DisplayPointer, screenOf: Xid, w: number, h: number, depth: number) => Xid
  >('X11', 'ulong XCreatePixmap(void *d, ulong screen_of, uint w, uint h, uint depth)'),
  XCopyArea: bind<
    (
      d: DisplayPointer,
      from: Xid,
      to: Xid,
      gc: bigint,
      x: number,
      y: number,
      w: number,
      h: number,
      toX: number,
      toY: number,
    ) => void
  >(
    'X11',
    'void XCopyArea(void *d, ulong from, ulong to, void *gc, int x, int y, uint w, uint h, int tx, int ty)',
  ),
}));

export class XPainter {
  readonly #connection: XConnection;
  readonly #gc: bigint;

  constructor(displayName: string) {
    this.#connection = XConnection.open(displayName);
    const { display, rootWindow } = this.#connection;
    this.#gc = drawing().XCreateGC(display, rootWindow, 0, null);
    drawing().XSetSubwindowMode(display, this.#gc, IncludeInferiors);
  }

  /** Fills a rectangle with 0xRRGGBB; on the screen when it returns. */
  fill(x: number, y: number, widthPx: number, heightPx: number, colour: number): void {
    this.queueFill(x, y, widthPx, heightPx, colour);
    this.show();
  }

  /** As `fill`, but shown together with others by `show`; or painted on a page. */
  queueFill(
    x: number,
    y: number,
    widthPx: number,
    heightPx: number,
    colour: number,
    on = this.#connection.rootWindow,
  ): void {
    const { display } = this.#connection;
    drawing().XSetForeground(display, this.#gc, colour);
    drawing().XFillRectangle(display, on, this.#gc, x, y, widthPx, heightPx);
  }

  /** Moves what is in a rectangle up by `rows`, as a scrolling application does. */
  queueScroll(x: number, y: number, widthPx: number, heightPx: number, rows: number): void {
    const { rootWindow } = this.#connection;
    this.#copy(rootWindow, x, y + rows, widthPx, heightPx - rows, x, y);
  }

  /** A picture nobody sees yet; lives as long as the painter. */
  newPage(widthPx: number, heightPx: number): Xid {
    const { display, rootWindow, screenNumber } = this.#connection;
    const depth = xlib().XDefaultDepth(display, screenNumber);
    return drawing().XCreatePixmap(display, rootWindow, widthPx, heightPx, depth);
  }

  /** Brings part of a page to the screen in one request. */
  queuePage(
    page: Xid,
    fromY: number,
    widthPx: number,
    heightPx: number,
    x: number,
    y: number,
  ): void {
    this.#copy(page, 0, fromY, widthPx, heightPx, x, y);
  }

  #copy(from: Xid, x: number, y: number, w: number, h: number, toX: number, toY: number): void {
    const { display, rootWindow } = this.#connection;
    drawing().XCopyArea(display, from, rootWindow, this.#gc, x, y, w, h, toX, toY);
  }

  show(): void {
    xlib().XSync(this.#connection.display, 0);
  }

  close(): void {
    this.#connection.close();
  }
}
