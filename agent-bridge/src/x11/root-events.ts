// Core events of the root window. Several parts share one connection, and XSelectInput replaces the
// connection's whole mask: here everybody adds bits instead.
import type { XConnection } from './x-connection.ts';
import { bind, lazy, xlib, type DisplayPointer, type Xid } from './xlib.ts';

/** Event masks of X.h. */
export const XEventMask = {
  ButtonPress: 1 << 2,
  Exposure: 1 << 15,
  VisibilityChange: 1 << 16,
  StructureNotify: 1 << 17,
  PropertyChange: 1 << 22,
} as const;

/** XWindowAttributes on LP64: 136 bytes, your_event_mask (this connection's own mask) at 104. */
const ATTRIBUTES_BYTES = 136;
const OWN_EVENT_MASK_OFFSET = 104;

const root = lazy(() => ({
  XGetWindowAttributes: bind<(d: DisplayPointer, window: Xid, out: Uint8Array) => number>(
    'X11',
    'int XGetWindowAttributes(void *d, ulong window, void *out)',
  ),
}));

/** Adds event kinds of the root window to what this connection is told. Costs a round trip. */
export function selectRootEvents(x: XConnection, mask: number): void {
  const attributes = new Uint8Array(ATTRIBUTES_BYTES);
  root().XGetWindowAttributes(x.display, x.rootWindow, attributes);
  const own = Number(new DataView(attributes.buffer).getBigInt64(OWN_EVENT_MASK_OFFSET, true));
  xlib().XSelectInput(x.display, x.rootWindow, own | mask);
}
