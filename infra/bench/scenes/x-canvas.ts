// A full-screen window to draw in, for scene-window.ts: rectangles, text and copies, at once.
import { XConnection } from '@guruconnect/agent-bridge/x11/x-connection';
import { FontStack, TextTarget } from '@guruconnect/agent-bridge/x11/xft';
import { bind, type DisplayPointer, type Xid } from '@guruconnect/agent-bridge/x11/xlib';
import type { Point, Size } from './markers.ts';

const KEY_PRESS = 2;
const MOTION_NOTIFY = 6;
const KEY_PRESS_MASK = 1;
const POINTER_MOTION_MASK = 1 << 6;
const EXPOSURE_MASK = 1 << 15;

type D = DisplayPointer;
type Rect = Point & Size;
const x11 = {
  createWindow: bind<
    (
      d: D,
      parent: Xid,
      x: number,
      y: number,
      w: number,
      h: number,
      border: number,
      b: number,
      bg: number,
    ) => Xid
  >(
    'X11',
    'ulong XCreateSimpleWindow(void *d, ulong parent, int x, int y, uint w, uint h, uint bw, ulong border, ulong bg)',
  ),
  changeAttributes: bind<(d: D, w: Xid, mask: number, attributes: Uint8Array) => number>(
    'X11',
    'int XChangeWindowAttributes(void *d, ulong w, ulong mask, void *attributes)',
  ),
  createPixmap: bind<(d: D, w: Xid, width: number, height: number, depth: number) => Xid>(
    'X11',
    'ulong XCreatePixmap(void *d, ulong w, uint width, uint height, uint depth)',
  ),
  mapRaised: bind<(d: D, w: Xid) => number>('X11', 'int XMapRaised(void *d, ulong w)'),
  selectInput: bind<(d: D, w: Xid, mask: number) => number>(
    'X11',
    'int XSelectInput(void *d, ulong w, long mask)',
  ),
  focus: bind<(d: D, w: Xid, revert: number, time: number) => number>(
    'X11',
    'int XSetInputFocus(void *d, ulong w, int revert, ulong time)',
  ),
  createGc: bind<(d: D, w: Xid, mask: number, values: null) => bigint>(
    'X11',
    'void *XCreateGC(void *d, ulong w, ulong mask, void *values)',
  ),
  noExposures: bind<(d: D, gc: bigint, on: number) => number>(
    'X11',
    'int XSetGraphicsExposures(void *d, void *gc, int on)',
  ),
  foreground: bind<(d: D, gc: bigint, pixel: number) => number>(
    'X11',
    'int XSetForeground(void *d, void *gc, ulong pixel)',
  ),
  fill: bind<(d: D, w: Xid, gc: bigint, x: number, y: number, w2: number, h: number) => number>(
    'X11',
    'int XFillRectangle(void *d, ulong w, void *gc, int x, int y, uint width, uint height)',
  ),
  copy: bind<
    (
      d: D,
      from: Xid,
      to: Xid,
      gc: bigint,
      x: number,
      y: number,
      width: number,
      height: number,
      toX: number,
      toY: number,
    ) => number
  >(
    'X11',
    'int XCopyArea(void *d, ulong from, ulong to, void *gc, int x, int y, uint w, uint h, int tx, int ty)',
  ),
  sync: bind<(d: D, discard: number) => number>('X11', 'int XSync(void *d, int discard)'),
};

/** Something that can be drawn in: the window, or a picture kept aside. */
export class Surface {
  readonly drawable: Xid;
  readonly #canvas: XCanvas;
  readonly #text: TextTarget;

  constructor(canvas: XCanvas, drawable: Xid) {
    this.#canvas = canvas;
    this.drawable = drawable;
    this.#text = new TextTarget(canvas.connection, drawable);
  }

  fill({ x, y, width, height }: Rect, colour: number): void {
    const { connection, gc } = this.#canvas;
    x11.foreground(connection.display, gc, colour);
    x11.fill(connection.display, this.drawable, gc, x, y, width, height);
  }

  text(text: string, x: number, baselineY: number, colour: number): void {
    this.#canvas.font.draw(this.#text, text, x, baselineY, colour);
  }

  /** A part of another surface, or of this one. */
  copy(from: Surface, { x, y, width, height }: Rect, to: Point): void {
    const { connection, gc } = this.#canvas;
    const { display } = connection;
    x11.copy(display, from.drawable, this.drawable, gc, x, y, width, height, to.x, to.y);
  }
}

export class XCanvas {
  readonly connection: XConnection;
  /** 9 points at 96 dots an inch. */
  readonly font: FontStack;
  readonly gc: bigint;
  readonly window: Surface;

  /** The process ends with the X server. */
  constructor(displayName: string, { width, height }: Size, background: number) {
    this.connection = XConnection.open(displayName, { onLost: () => process.exit(0) });
    const { display, rootWindow } = this.connection;
    this.font = new FontStack(this.connection, { sizePx: 12, bold: false });
    const window = x11.createWindow(display, rootWindow, 0, 0, width, height, 0, 0, background);
    // XSetWindowAttributes (LP64): override_redirect is the int at offset 88; CWOverrideRedirect = 1<<9.
    const attributes = Buffer.alloc(112);
    attributes.writeInt32LE(1, 88);
    x11.changeAttributes(display, window, 1 << 9, attributes);
    this.gc = x11.createGc(display, window, 0, null);
    x11.noExposures(display, this.gc, 0);
    x11.selectInput(display, window, KEY_PRESS_MASK | POINTER_MOTION_MASK | EXPOSURE_MASK);
    x11.mapRaised(display, window);
    x11.sync(display, 0);
    x11.focus(display, window, 2, 0);
    x11.sync(display, 0);
    this.window = new Surface(this, window);
  }

  /** A picture of its own, to copy from. */
  aside({ width, height }: Size): Surface {
    const { display } = this.connection;
    const depth = 24;
    const pixmap = x11.createPixmap(display, this.window.drawable, width, height, depth);
    return new Surface(this, pixmap);
  }

  onKey(listener: () => void): void {
    this.connection.on(KEY_PRESS, listener);
  }

  onPointer(listener: (at: Point) => void): void {
    // XMotionEvent (LP64): x and y in the window at 64.
    this.connection.on(MOTION_NOTIFY, (event) => listener({ x: event.int(64), y: event.int(68) }));
  }

  flush(): void {
    this.connection.flush();
  }
}
