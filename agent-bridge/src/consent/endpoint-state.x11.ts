// Idle time of an X server by its screen saver extension, which counts even where no screen saver
// runs (https://www.x.org/releases/current/doc/libXext/, XScreenSaverQueryInfo). Injected input counts
// as activity there: the state is then `active`, for which integrators are strictest. Core X knows
// neither locked screens nor logins, so this never answers `locked` or `nobody`.
import type { EndpointState } from '@guruconnect/contract/consent-policy';
import type { XConnection } from '../x11/x-connection.ts';
import { bind, lazy, type DisplayPointer, type Xid } from '../x11/xlib.ts';
import { IDLE_AFTER_MS, type EndpointWatch } from './endpoint-state.ts';

const xss = lazy(() => ({
  XScreenSaverQueryExtension: bind<
    (d: DisplayPointer, event: Int32Array, error: Int32Array) => number
  >('Xss', 'int XScreenSaverQueryExtension(void *d, void *event, void *error)'),
  XScreenSaverQueryInfo: bind<(d: DisplayPointer, drawable: Xid, info: Uint8Array) => number>(
    'Xss',
    'int XScreenSaverQueryInfo(void *d, ulong drawable, void *info)',
  ),
}));

/** XScreenSaverInfo: Window, two ints, three unsigned longs (64-bit); `idle` in ms is the second. */
const INFO_BYTES = 40;
const IDLE_AT = 24;

export class X11Endpoint implements EndpointWatch {
  readonly #x: XConnection;
  readonly #idleAfterMs: number;

  constructor(x: XConnection, idleAfterMs = IDLE_AFTER_MS) {
    this.#x = x;
    this.#idleAfterMs = idleAfterMs;
  }

  state(): EndpointState {
    const idleMs = this.#idleMs();
    return idleMs !== undefined && idleMs >= this.#idleAfterMs ? 'idle' : 'active';
  }

  /** Undefined where neither the library nor the extension is there. */
  #idleMs(): number | undefined {
    try {
      const { display, rootWindow } = this.#x;
      if (!xss().XScreenSaverQueryExtension(display, new Int32Array(1), new Int32Array(1)))
        return undefined;
      const info = new Uint8Array(INFO_BYTES);
      if (!xss().XScreenSaverQueryInfo(display, rootWindow, info)) return undefined;
      return Number(new DataView(info.buffer).getBigUint64(IDLE_AT, true));
    } catch {
      // The library is not installed, or the display is gone: nothing is known.
      return undefined;
    }
  }
}
