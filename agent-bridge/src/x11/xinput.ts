// XInput 2: which *device* an event came from. That is the only way to tell what a person at the
// endpoint did from what was injected, because XTEST events do not carry the send_event mark: they
// come from the server's own "XTEST" slave devices. https://www.x.org/releases/current/doc/inputproto
//
// One `XInput` per connection (`XInput.of`): an event's data can be fetched only once, so a single
// listener decodes it and hands the result to everyone who asked.
import koffi from 'koffi';
import type { XConnection } from './x-connection.ts';
import { XError } from './x-error.ts';
import type { XEvent } from './x-event.ts';
import { whileOpen } from './while-open.ts';
import { bind, lazy, xlib, type DisplayPointer, type Xid } from './xlib.ts';

export const XiEventType = {
  KeyPress: 2,
  ButtonPress: 4,
  ButtonRelease: 5,
  Motion: 6,
  Leave: 8,
  RawKeyPress: 13,
  RawKeyRelease: 14,
  RawMotion: 17,
} as const;
export type XiEventType = (typeof XiEventType)[keyof typeof XiEventType];

/** Pseudo device of XISelectEvents; each event still names the slave it came from. */
const ALL_MASTER_DEVICES = 1;

const GENERIC_EVENT = 35;
const ANY_PROPERTY_TYPE = 0;

export interface XiEvent {
  readonly type: number;
  /** The device it came from: real, or one of XTEST's (`isXtestDevice`). */
  readonly sourceId: number;
  /** Key code or button number. */
  readonly detail: number;
  /** The rest is 0 for raw events. */
  readonly window: Xid;
  readonly xPx: number;
  readonly yPx: number;
  readonly rootXPx: number;
  readonly rootYPx: number;
  /** Effective modifiers (ShiftMask 1, LockMask 2, ControlMask 4, Mod1Mask 8, …). */
  readonly modifiers: number;
  /** Effective keyboard group (layout), 0 first. */
  readonly group: number;
}

const xi = lazy(() => ({
  XQueryExtension: bind<
    (d: DisplayPointer, name: string, op: Int32Array, ev: Int32Array, err: Int32Array) => number
  >('X11', 'int XQueryExtension(void *d, str name, void *op, void *ev, void *err)'),
  XGetEventData: bind<(d: DisplayPointer, cookie: Uint8Array) => number>(
    'X11',
    'int XGetEventData(void *d, void *cookie)',
  ),
  XFreeEventData: bind<(d: DisplayPointer, cookie: Uint8Array) => void>(
    'X11',
    'void XFreeEventData(void *d, void *cookie)',
  ),
  XIQueryVersion: bind<(d: DisplayPointer, major: Int32Array, minor: Int32Array) => number>(
    'Xi',
    'int XIQueryVersion(void *d, void *major, void *minor)',
  ),
  XISelectEvents: bind<
    (d: DisplayPointer, window: Xid, masks: XiEventMask[], count: number) => number
  >('Xi', 'int XISelectEvents(void *d, ulong window, GcXiEventMask *masks, int count)'),
  XIGetProperty: bind<
    (
      d: DisplayPointer,
      device: number,
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
    'Xi',
    'int XIGetProperty(void *d, int device, ulong property, long offset, long length, int remove, ' +
      'ulong type, void *typeOut, void *formatOut, void *itemsOut, void *bytesAfterOut, void *dataOut)',
  ),
}));

interface XiEventMask {
  deviceid: number;
  mask_len: number;
  mask: Uint8Array;
}
const defineMask = lazy(() =>
  koffi.struct('GcXiEventMask', { deviceid: 'int', mask_len: 'int', mask: 'uint8_t *' }),
);

const MASK_BYTES = 4;
function maskOf(types: Iterable<number>): Uint8Array {
  const mask = new Uint8Array(MASK_BYTES);
  for (const type of types) mask[type >> 3]! |= 1 << (type & 7);
  return mask;
}

const instances = new WeakMap<XConnection, XInput>();

export class XInput {
  readonly #x: XConnection;
  readonly #opcode: number;
  readonly #xtestProperty: Xid;
  readonly #listeners = new Map<string, Set<(event: XiEvent) => void>>();

  /** The connection's XInput. Throws XError `display_unsupported` below version 2.2 (2012). */
  static of(x: XConnection): XInput {
    const known = instances.get(x);
    if (known) return known;
    const made = new XInput(x);
    instances.set(x, made);
    return made;
  }

  private constructor(x: XConnection) {
    defineMask();
    const [opcode, event, error] = [new Int32Array(1), new Int32Array(1), new Int32Array(1)];
    const major = Int32Array.of(2);
    const minor = Int32Array.of(2);
    if (
      !xi().XQueryExtension(x.display, 'XInputExtension', opcode, event, error) ||
      xi().XIQueryVersion(x.display, major, minor) !== 0
    )
      throw new XError('display_unsupported', 'the X server has no XInput 2.2');
    this.#x = x;
    this.#opcode = opcode[0]!;
    this.#xtestProperty = xlib().XInternAtom(x.display, 'XTEST Device', 0);
    x.on(
      GENERIC_EVENT,
      whileOpen((event) => this.#dispatch(event)),
    );
  }

  /** What happens on one window (button, key, motion of the master devices). One owner a window. */
  watchWindow(
    window: Xid,
    types: readonly XiEventType[],
    listener: (event: XiEvent) => void,
  ): () => void {
    this.#select(window, types);
    const stops = types.map((type) => this.#listen(`${window}:${type}`, listener));
    return () => stops.forEach((stop) => stop());
  }

  /**
   * Raw events of every device, whichever window has the focus and whoever holds a grab (XI >= 2.1).
   */
  watchRaw(types: readonly XiEventType[], listener: (event: XiEvent) => void): () => void {
    const stops = types.map((type) => this.#listen(`raw:${type}`, listener));
    this.#selectRaw();
    return () => {
      stops.forEach((stop) => stop());
      if (this.#x.isOpen) this.#selectRaw();
    };
  }

  /**
   * Is it one of the server's XTEST devices? Asked of the server each time (a round trip): device ids
   * are used again when devices come and go.
   */
  isXtestDevice(deviceId: number): boolean {
    const data = new BigUint64Array(1);
    const items = new BigUint64Array(1);
    const refused = xi().XIGetProperty(
      this.#x.display,
      deviceId,
      this.#xtestProperty,
      0,
      1,
      0,
      ANY_PROPERTY_TYPE,
      new BigUint64Array(1),
      new Int32Array(1),
      items,
      new BigUint64Array(1),
      data,
    );
    const pointer = data[0]!;
    if (refused !== 0) return true; // the device is gone: nobody can vouch for its event
    if (pointer === 0n) return false;
    const isXtest = items[0]! > 0n && koffi.decode.uint8(pointer) !== 0;
    xlib().XFree(pointer);
    return isXtest;
  }

  #listen(key: string, listener: (event: XiEvent) => void): () => void {
    const listeners = this.#listeners.get(key) ?? new Set();
    this.#listeners.set(key, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.#listeners.delete(key);
    };
  }

  #selectRaw(): void {
    const types = Object.values(XiEventType).filter((type) => this.#listeners.has(`raw:${type}`));
    this.#select(this.#x.rootWindow, types);
  }

  #select(window: Xid, types: readonly number[]): void {
    const mask = { deviceid: ALL_MASTER_DEVICES, mask_len: MASK_BYTES, mask: maskOf(types) };
    xi().XISelectEvents(this.#x.display, window, [mask], 1);
  }

  /** XGenericEventCookie on LP64: extension 32, evtype 36, data 48. */
  #dispatch(event: XEvent): void {
    if (event.int(32) !== this.#opcode) return;
    const display = this.#x.display;
    if (!xi().XGetEventData(display, event.bytes)) return;
    let decoded: XiEvent;
    try {
      decoded = decode(event.int(36), BigInt(event.ulong(48)));
    } finally {
      xi().XFreeEventData(display, event.bytes);
    }
    const isRaw = decoded.type >= XiEventType.RawKeyPress;
    const key = isRaw ? `raw:${decoded.type}` : `${decoded.window}:${decoded.type}`;
    const listeners = this.#listeners.get(key);
    if (listeners) for (const listener of [...listeners]) listener(decoded);
  }
}

const RAW_EVENT_BYTES = 96;
const CROSSING_EVENT_BYTES = 184;
const DEVICE_EVENT_BYTES = 200;

/** XIDeviceEvent, XIEnterEvent and XIRawEvent on LP64 share their head up to `detail`. */
function decode(type: number, pointer: bigint): XiEvent {
  const isRaw = type >= XiEventType.RawKeyPress;
  const isCrossing = type === XiEventType.Leave;
  const hasDevicePart = !isRaw && !isCrossing;
  const bytes = isRaw ? RAW_EVENT_BYTES : isCrossing ? CROSSING_EVENT_BYTES : DEVICE_EVENT_BYTES;
  const view = new DataView(koffi.view(pointer, bytes));
  return {
    type,
    sourceId: view.getInt32(52, true),
    detail: view.getInt32(56, true),
    window: isRaw ? 0 : Number(view.getBigUint64(72, true)),
    rootXPx: isRaw ? 0 : view.getFloat64(88, true),
    rootYPx: isRaw ? 0 : view.getFloat64(96, true),
    xPx: isRaw ? 0 : view.getFloat64(104, true),
    yPx: isRaw ? 0 : view.getFloat64(112, true),
    modifiers: hasDevicePart ? view.getInt32(180, true) : 0,
    group: hasDevicePart ? view.getInt32(196, true) : 0,
  };
}
