// A window of our own on the endpoint's screen: made, described to the window manager, painted from a
// picture in memory. Owned by whoever opened it; everything here is requests, nothing waits.
import type { XConnection } from './x-connection.ts';
import { XError } from './x-error.ts';
import type { FontStack } from './xft.ts';
import { TextTarget } from './xft.ts';
import type { Box, Raster } from './raster.ts';
import { windowCalls } from './x-window-calls.ts';
import { xlib, type Xid } from './xlib.ts';

const CW_BACK_PIXEL = 1 << 1;
const CW_OVERRIDE_REDIRECT = 1 << 9;
const CW_EVENT_MASK = 1 << 11;
const COPY_FROM_PARENT = 0n;
const Z_PIXMAP = 2;
const PROP_REPLACE = 0;
/** Predefined atoms of Xatom.h. */
const XA_ATOM = 4;
const XA_CARDINAL = 6;
const XA_STRING = 31;
const XA_WM_CLASS = 67;
/** MwmHints: flags MWM_HINTS_FUNCTIONS, functions MWM_FUNC_MOVE | MWM_FUNC_CLOSE, the rest unused. */
const MOTIF_MOVE_AND_CLOSE_ONLY = [1, 4 | 32, 0, 0, 0];
const ALL_DESKTOPS = 0xffffffff;
const REVERT_TO_PARENT = 2;
const CURRENT_TIME = 0;
/** USPosition | PPosition | PMinSize | PMaxSize | PWinGravity of XSizeHints. */
const SIZE_HINT_FLAGS = 1 | 4 | 16 | 32 | 512;
/** The window manager's frame is centred where the window would be. */
const CENTER_GRAVITY = 5;

export interface XWindowOptions {
  readonly box: Box;
  readonly title: string;
  /** WM_CLASS, instance and class. */
  readonly wmClass: string;
  /** Without the window manager: it can neither decorate, move, cover nor close it. */
  readonly unmanaged: boolean;
  /** Core events to hear of (XEventMask); input comes by XInput. */
  readonly eventMask: number;
}

/** A line of text in the picture. */
export interface PlacedText {
  readonly text: string;
  readonly fonts: FontStack;
  readonly x: number;
  readonly baselineY: number;
  readonly colour: number;
}

export class XWindow {
  readonly id: Xid;
  readonly width: number;
  readonly height: number;
  readonly #x: XConnection;
  readonly #pixmap: Xid;
  readonly #gc: bigint;
  readonly #target: TextTarget;
  #closed = false;

  /** Not shown yet. Throws XError `display_unsupported` on screens that are not 24-bit true colour. */
  constructor(x: XConnection, options: XWindowOptions) {
    const { box } = options;
    const depth = xlib().XDefaultDepth(x.display, x.screenNumber);
    if (depth !== 24)
      throw new XError('display_unsupported', `windows need depth 24, not ${depth}`);
    this.#x = x;
    this.width = box.width;
    this.height = box.height;
    const mask = CW_BACK_PIXEL | CW_EVENT_MASK | (options.unmanaged ? CW_OVERRIDE_REDIRECT : 0);
    this.id = windowCalls().XCreateWindow(
      x.display,
      x.rootWindow,
      box.x,
      box.y,
      box.width,
      box.height,
      0,
      0,
      1,
      COPY_FROM_PARENT,
      mask,
      attributesOf(options),
    );
    this.#describe(options);
    this.#pixmap = windowCalls().XCreatePixmap(
      x.display,
      x.rootWindow,
      box.width,
      box.height,
      depth,
    );
    this.#gc = windowCalls().XDefaultGC(x.display, x.screenNumber);
    this.#target = new TextTarget(x, this.#pixmap);
  }

  show(): void {
    windowCalls().XMapRaised(this.#x.display, this.id);
  }

  raise(): void {
    windowCalls().XRaiseWindow(this.#x.display, this.id);
  }

  moveTo(x: number, y: number): void {
    windowCalls().XMoveWindow(this.#x.display, this.id, x, y);
  }

  /** Only where no window manager does it. The window must be visible already. */
  takeFocus(): void {
    windowCalls().XSetInputFocus(this.#x.display, this.id, REVERT_TO_PARENT, CURRENT_TIME);
  }

  /** Paints the picture in memory; `present` brings it to the screen. */
  paint(raster: Raster, texts: readonly PlacedText[]): void {
    const x = this.#x;
    const visual = xlib().XDefaultVisual(x.display, x.screenNumber);
    const image = windowCalls().XCreateImage(
      x.display,
      visual,
      24,
      Z_PIXMAP,
      0,
      raster.pixels,
      raster.width,
      raster.height,
      32,
      raster.width * 4,
    );
    if (!image) throw new XError('display_unsupported', 'no image format for the screen');
    const [width, height] = [raster.width, raster.height];
    windowCalls().XPutImage(x.display, this.#pixmap, this.#gc, image, 0, 0, 0, 0, width, height);
    xlib().XFree(image); // the structure only: the pixels are ours (XDestroyImage would free both)
    for (const { text, fonts, x: at, baselineY, colour } of texts)
      fonts.draw(this.#target, text, at, baselineY, colour);
  }

  /** Copies part of the picture to the screen, so that captures see only that part change. */
  present(box: Box): void {
    const { x, y, width, height } = box;
    windowCalls().XCopyArea(
      this.#x.display,
      this.#pixmap,
      this.id,
      this.#gc,
      x,
      y,
      width,
      height,
      x,
      y,
    );
    this.#x.flush();
  }

  /** Idempotent; also after the display went away. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (!this.#x.isOpen) return;
    this.#target.close();
    windowCalls().XFreePixmap(this.#x.display, this.#pixmap);
    windowCalls().XDestroyWindow(this.#x.display, this.id);
    this.#x.flush();
  }

  #describe(options: XWindowOptions): void {
    const x = this.#x;
    const atom = (name: string): Xid => xlib().XInternAtom(x.display, name, 0);
    const setText = (property: Xid, type: Xid, text: string): void => {
      const bytes = Buffer.from(text);
      const { XChangeProperty } = windowCalls();
      XChangeProperty(x.display, this.id, property, type, 8, PROP_REPLACE, bytes, bytes.length);
    };
    const setLongs = (property: string, type: Xid, values: readonly number[]): void => {
      const longs = BigUint64Array.from(values, BigInt); // format 32 is an array of long in Xlib
      const { XChangeProperty } = windowCalls();
      XChangeProperty(
        x.display,
        this.id,
        atom(property),
        type,
        32,
        PROP_REPLACE,
        longs,
        longs.length,
      );
    };
    setText(atom('_NET_WM_NAME'), atom('UTF8_STRING'), options.title);
    // Older than EWMH, and what xdotool and accessibility tools still read (ICCCM 4.1.2.1).
    setText(atom('WM_NAME'), atom('UTF8_STRING'), options.title);
    setText(XA_WM_CLASS, XA_STRING, `${options.wmClass}\0${options.wmClass}\0`);
    setLongs('_NET_WM_PID', XA_CARDINAL, [process.pid]);
    setLongs('_NET_WM_WINDOW_TYPE', XA_ATOM, [atom('_NET_WM_WINDOW_TYPE_DIALOG')]);
    setLongs('_NET_WM_STATE', XA_ATOM, [atom('_NET_WM_STATE_ABOVE'), atom('_NET_WM_STATE_STICKY')]);
    setLongs('_NET_WM_DESKTOP', XA_CARDINAL, [ALL_DESKTOPS]); // openbox's idea of sticky
    setLongs('_MOTIF_WM_HINTS', atom('_MOTIF_WM_HINTS'), MOTIF_MOVE_AND_CLOSE_ONLY);
    windowCalls().XSetWMProtocols(
      x.display,
      this.id,
      BigUint64Array.of(BigInt(atom('WM_DELETE_WINDOW'))),
      1,
    );
    windowCalls().XSetWMNormalHints(x.display, this.id, sizeHints(options.box));
  }
}

/** Is a window manager running (EWMH, _NET_SUPPORTING_WM_CHECK)? One round trip. */
export function hasWindowManager(x: XConnection): boolean {
  const property = xlib().XInternAtom(x.display, '_NET_SUPPORTING_WM_CHECK', 0);
  const data = new BigUint64Array(1);
  const items = new BigUint64Array(1);
  windowCalls().XGetWindowProperty(
    x.display,
    x.rootWindow,
    property,
    0,
    1,
    0,
    0,
    new BigUint64Array(1),
    new Int32Array(1),
    items,
    new BigUint64Array(1),
    data,
  );
  if (data[0]! !== 0n) xlib().XFree(data[0]!);
  return items[0]! > 0n;
}

/** XSetWindowAttributes on LP64: background_pixel 8, event_mask 72, override_redirect 88; 112 bytes. */
function attributesOf(options: XWindowOptions): Uint8Array {
  const attributes = new DataView(new ArrayBuffer(112));
  attributes.setBigUint64(8, 0xffffffn, true);
  attributes.setBigInt64(72, BigInt(options.eventMask), true);
  attributes.setInt32(88, options.unmanaged ? 1 : 0, true);
  return new Uint8Array(attributes.buffer);
}

/** XSizeHints on LP64: flags 0, x y width height 8-20, min 24, max 32, gravity 72; 80 bytes. */
function sizeHints(box: Box): Uint8Array {
  const hints = new DataView(new ArrayBuffer(80));
  hints.setBigInt64(0, BigInt(SIZE_HINT_FLAGS), true);
  const ints = [box.x, box.y, box.width, box.height, box.width, box.height, box.width, box.height];
  ints.forEach((value, i) => hints.setInt32(8 + 4 * i, value, true));
  hints.setInt32(72, CENTER_GRAVITY, true);
  return new Uint8Array(hints.buffer);
}
