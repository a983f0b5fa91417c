// One X event as Xlib delivers it: a view over XConnection's reused 192-byte buffer, valid only
// while the listener runs. Offsets are those of <X11/Xlib.h> on LP64.

/** sizeof(XEvent) on LP64 (`long pad[24]`). */
export const X_EVENT_BYTES = 192;

/** Core event types (X.h); extension events are the extension's event base + their number. */
export const XEventType = {
  KeyPress: 2,
  KeyRelease: 3,
  ButtonPress: 4,
  ButtonRelease: 5,
  MotionNotify: 6,
  Expose: 12,
  UnmapNotify: 18,
  MapNotify: 19,
  ConfigureNotify: 22,
  PropertyNotify: 28,
  SelectionClear: 29,
  SelectionRequest: 30,
  SelectionNotify: 31,
  ClientMessage: 33,
  MappingNotify: 34,
} as const;

/** Every event starts with type, serial, send_event, display; what follows differs by type. */
export class XEvent {
  readonly bytes = new Uint8Array(X_EVENT_BYTES);
  readonly #view = new DataView(this.bytes.buffer);

  get type(): number {
    return this.int(0);
  }

  /** Serial of the last request the server had processed. */
  get serial(): number {
    return this.ulong(8);
  }

  /** True when another X client made this event up with XSendEvent. */
  get wasSent(): boolean {
    return this.int(16) !== 0;
  }

  /** The first XID after the common head: the window in most events, the drawable in XDamage's. */
  get window(): number {
    return this.ulong(32);
  }

  int(offset: number): number {
    return this.#view.getInt32(offset, true);
  }

  uint(offset: number): number {
    return this.#view.getUint32(offset, true);
  }

  short(offset: number): number {
    return this.#view.getInt16(offset, true);
  }

  ushort(offset: number): number {
    return this.#view.getUint16(offset, true);
  }

  /** XIDs, atoms, times and serials: `unsigned long` with values far below 2^53. */
  ulong(offset: number): number {
    return Number(this.#view.getBigUint64(offset, true));
  }
}
