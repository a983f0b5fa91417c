// RANDR 1.5: the monitors of a server and word of their changes.
// https://gitlab.freedesktop.org/xorg/proto/xorgproto/-/blob/master/randrproto.txt
import koffi from 'koffi';
import type { XConnection } from './x-connection.ts';
import { XError } from './x-error.ts';
import { XEventType } from './x-event.ts';
import { selectRootEvents, XEventMask } from './root-events.ts';
import { bind, lazy, type DisplayPointer, type Xid } from './xlib.ts';

const RR_SCREEN_CHANGE_NOTIFY = 0;
const RR_NOTIFY = 1;
/** RRScreenChangeNotifyMask | RRCrtcChangeNotifyMask | RROutputChangeNotifyMask. */
const RR_CHANGE_MASK = 1 | 2 | 4;

const xrandr = lazy(() => ({
  XRRQueryExtension: bind<(d: DisplayPointer, ev: Int32Array, err: Int32Array) => number>(
    'Xrandr',
    'int XRRQueryExtension(void *d, void *ev, void *err)',
  ),
  XRRQueryVersion: bind<(d: DisplayPointer, major: Int32Array, minor: Int32Array) => number>(
    'Xrandr',
    'int XRRQueryVersion(void *d, void *major, void *minor)',
  ),
  XRRSelectInput: bind<(d: DisplayPointer, window: Xid, mask: number) => void>(
    'Xrandr',
    'void XRRSelectInput(void *d, ulong window, int mask)',
  ),
  XRRUpdateConfiguration: bind<(event: Uint8Array) => number>(
    'Xrandr',
    'int XRRUpdateConfiguration(void *event)',
  ),
  XRRGetMonitors: bind<
    (d: DisplayPointer, window: Xid, activeOnly: 0 | 1, count: Int32Array) => bigint | null
  >('Xrandr', 'void *XRRGetMonitors(void *d, ulong window, int active_only, void *count)'),
  XRRFreeMonitors: bind<(monitors: bigint) => void>('Xrandr', 'void XRRFreeMonitors(void *m)'),
  XGetAtomName: bind<(d: DisplayPointer, atom: Xid) => string | null>(
    'X11',
    'str! XGetAtomName(void *d, ulong atom)',
  ),
}));

export interface RandrMonitor {
  /** The output's name ("DUMMY0"), or the one given with `xrandr --setmonitor`. */
  readonly name: string;
  readonly primary: boolean;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Throws XError `display_unsupported` below RANDR 1.5 (2015). Returns the event base. */
export function requireRandr(x: XConnection): number {
  const eventBase = new Int32Array(1);
  const [major, minor] = [new Int32Array(1), new Int32Array(1)];
  const { XRRQueryExtension, XRRQueryVersion } = xrandr();
  const there =
    XRRQueryExtension(x.display, eventBase, new Int32Array(1)) !== 0 &&
    XRRQueryVersion(x.display, major, minor) !== 0;
  if (!there || major[0]! * 100 + minor[0]! < 105)
    throw new XError('display_unsupported', 'the X server has no RANDR 1.5');
  return eventBase[0]!;
}

/** XRRMonitorInfo on LP64: name 0, primary 8, x y width height 20-35; 56 bytes. */
const MONITOR_INFO_BYTES = 56;

/** The active monitors, in the server's order. One round trip, plus one for each name. */
export function readMonitors(x: XConnection): RandrMonitor[] {
  const count = new Int32Array(1);
  const pointer = xrandr().XRRGetMonitors(x.display, x.rootWindow, 1, count);
  if (!pointer) return [];
  try {
    const bytes = new DataView(koffi.view(pointer, MONITOR_INFO_BYTES * count[0]!));
    return Array.from({ length: count[0]! }, (_, index) => {
      const at = index * MONITOR_INFO_BYTES;
      const atom = Number(bytes.getBigUint64(at, true));
      return {
        name: xrandr().XGetAtomName(x.display, atom) ?? `monitor-${atom}`,
        primary: bytes.getInt32(at + 8, true) !== 0,
        x: bytes.getInt32(at + 20, true),
        y: bytes.getInt32(at + 24, true),
        width: bytes.getInt32(at + 28, true),
        height: bytes.getInt32(at + 32, true),
      };
    });
  } finally {
    xrandr().XRRFreeMonitors(pointer);
  }
}

/**
 * Calls `listener` at every hint that monitors may have changed; one change gives several hints.
 * Monitors set with `--setmonitor` are announced by a ConfigureNotify of the root window only.
 */
export function watchMonitors(x: XConnection, listener: () => void): () => void {
  const eventBase = requireRandr(x);
  xrandr().XRRSelectInput(x.display, x.rootWindow, RR_CHANGE_MASK);
  selectRootEvents(x, XEventMask.StructureNotify);
  const stops = [
    x.on(eventBase + RR_SCREEN_CHANGE_NOTIFY, (event) => {
      xrandr().XRRUpdateConfiguration(event.bytes); // keeps Xlib's own idea of the screen size right
      listener();
    }),
    x.on(eventBase + RR_NOTIFY, listener),
    x.on(XEventType.ConfigureNotify, (event) => {
      if (event.window !== x.rootWindow) return;
      xrandr().XRRUpdateConfiguration(event.bytes);
      listener();
    }),
  ];
  return () => {
    for (const stop of stops) stop();
    if (x.isOpen) xrandr().XRRSelectInput(x.display, x.rootWindow, 0);
  };
}

/** Xft.dpi as the desktop set it at login (RESOURCE_MANAGER of the root window); undefined if not. */
export function readDesktopDpi(x: XConnection): number | undefined {
  const text = resource().XGetDefault(x.display, 'Xft', 'dpi');
  const dpi = text === null ? Number.NaN : Number.parseFloat(text);
  return Number.isFinite(dpi) && dpi > 0 ? dpi : undefined;
}

const resource = lazy(() => ({
  XGetDefault: bind<(d: DisplayPointer, program: string, option: string) => string | null>(
    'X11',
    'str XGetDefault(void *d, str program, str option)',
  ),
}));
