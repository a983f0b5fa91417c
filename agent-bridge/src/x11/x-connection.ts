// One connection to an X server, owned by whoever opened it and used on that thread only.
//
// Events: libuv watches the socket through koffi's poll handle, so waiting costs neither a timer nor
// a thread of the pool, and closing is instant. Xlib may also read events off the socket while it
// waits for a reply; those would never make the socket readable again. Hence every access to
// `display` schedules one look at Xlib's queue at the end of the current turn.
//
// Errors: Xlib's default handlers end the process, and the handlers are process-global while agent
// threads have connections of their own, so no JavaScript may be installed there. Instead
// - the global handlers become `XDefaultScreen`: same ABI (Display* in, int out), no side effect;
// - protocol errors are taken before they get there, by this display's own wire-to-error hook
//   (XESetWireToError, Xlib appendix C), which runs inside our own calls on our own thread;
// - the death of the server reaches this display's own exit handler (XSetIOErrorExitHandler, libX11
//   >= 1.7), on our thread too; Xlib then makes every later call a no-op, so we can close in peace.
import koffi from 'koffi';
import { XError, type XProtocolError } from './x-error.ts';
import { XEvent } from './x-event.ts';
import { bind, lazy, nativeLibrary, xlib, type DisplayPointer, type Xid } from './xlib.ts';

/** Events handled in one turn of the event loop before others get their turn. */
const MAX_EVENTS_PER_TURN = 512;

export type XClosedReason = 'closed_by_owner' | 'display_lost';
export type XEventListener = (event: XEvent) => void;

export interface XConnectionOptions {
  /** Called once, in a turn of its own, when the server went away; not called by `close()`. */
  readonly onLost?: (error: XError) => void;
  /**
   * Called for every protocol error nobody waited for with `checked()`. Must not make X calls: it
   * runs inside Xlib. Default: ignored, as the request simply had no effect.
   */
  readonly onProtocolError?: (error: XProtocolError) => void;
}

const handlers = lazy(() => {
  const WireErrorHook = koffi.proto('int GcWireErrorHook(void *d, void *event, void *wire)');
  const IoErrorExit = koffi.proto('void GcIoErrorExit(void *d, void *data)');
  return {
    wireErrorHookPointer: koffi.pointer(WireErrorHook),
    ioErrorExitPointer: koffi.pointer(IoErrorExit),
    XSetErrorHandler: bind<(f: bigint) => bigint>('X11', 'void *XSetErrorHandler(void *f)'),
    XSetIOErrorHandler: bind<(f: bigint) => bigint>('X11', 'void *XSetIOErrorHandler(void *f)'),
    XESetWireToError: bind<(d: DisplayPointer, code: number, hook: bigint) => bigint>(
      'X11',
      'void *XESetWireToError(void *d, int code, void *hook)',
    ),
    XSetIOErrorExitHandler: bindIfThere<(d: DisplayPointer, f: bigint, data: null) => void>(
      'void XSetIOErrorExitHandler(void *d, void *f, void *data)',
    ),
  };
});

function bindIfThere<T extends (...args: never[]) => unknown>(prototype: string): T | undefined {
  try {
    return bind<T>('X11', prototype);
  } catch {
    return undefined; // libX11 < 1.7 (2020): there, a dying X server still ends the process
  }
}

export class XConnection {
  readonly displayName: string;
  readonly screenNumber: number;
  readonly rootWindow: Xid;
  readonly #display: DisplayPointer;
  readonly #options: XConnectionOptions;
  readonly #event = new XEvent();
  readonly #listeners = new Map<number, Set<XEventListener>>();
  readonly #poll: ReturnType<typeof koffi.node.poll>;
  readonly #registeredCallbacks: bigint[] = [];
  #state: 'open' | 'lost' | 'closed' = 'open';
  #drainScheduled: NodeJS.Immediate | undefined;
  /** Collects protocol errors while `checked()` waits. */
  #collected: XProtocolError[] | undefined;

  /** Opens `displayName` (":0", "host:0.0"). Throws XError `display_unreachable`. */
  static open(displayName: string, options: XConnectionOptions = {}): XConnection {
    const { XSetErrorHandler, XSetIOErrorHandler } = handlers();
    const harmless = nativeLibrary('X11').symbol('XDefaultScreen') as bigint;
    XSetErrorHandler(harmless);
    XSetIOErrorHandler(harmless);
    const display = xlib().XOpenDisplay(displayName);
    if (!display) throw new XError('display_unreachable', `cannot open X display ${displayName}`);
    return new XConnection(displayName, display, options);
  }

  private constructor(displayName: string, display: DisplayPointer, options: XConnectionOptions) {
    this.displayName = displayName;
    this.#display = display;
    this.#options = options;
    this.screenNumber = xlib().XDefaultScreen(display);
    this.rootWindow = xlib().XDefaultRootWindow(display);
    this.#installHandlers();
    this.#poll = koffi.node.poll(xlib().XConnectionNumber(display), { readable: true }, () =>
      this.#drain(),
    );
  }

  /**
   * The `Display*` for the next call. Take it at each call and do not keep it: taking it is what
   * makes events that Xlib reads during the call reach their listeners. Throws XError
   * `display_closed` or `display_lost`.
   */
  get display(): DisplayPointer {
    if (this.#state !== 'open') {
      throw this.#state === 'lost'
        ? new XError('display_lost', `X display ${this.displayName} went away`)
        : new XError('display_closed', `connection to ${this.displayName} is closed`);
    }
    this.#scheduleDrain();
    return this.#display;
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /**
   * Listens to one event type (XEventType, or an extension's base + n); returns the way to stop. The
   * event is only valid until the listener returns.
   */
  on(eventType: number, listener: XEventListener): () => void {
    const listeners = this.#listeners.get(eventType) ?? new Set();
    this.#listeners.set(eventType, listeners.add(listener));
    return () => void listeners.delete(listener);
  }

  /** Sends what is buffered now instead of at the end of this turn. */
  flush(): void {
    xlib().XFlush(this.display);
  }

  /**
   * Runs X calls, waits one round trip and throws XError `display_request_refused` when the server
   * answered any of them with an error. For set-up paths: a round trip is 20-100 µs locally.
   */
  checked<T>(what: string, calls: (display: DisplayPointer) => T): T {
    xlib().XSync(this.display, 0); // errors of earlier requests belong to others
    const errors: XProtocolError[] = (this.#collected = []);
    try {
      const result = calls(this.#display);
      xlib().XSync(this.#display, 0);
      const first = errors[0];
      if (first) {
        throw new XError(
          'display_request_refused',
          `${what}: ${this.#errorText(first.errorCode)} (request ${first.requestCode}.${first.minorCode})`,
        );
      }
      if (!this.isOpen) throw new XError('display_lost', `X display ${this.displayName} went away`);
      return result;
    } finally {
      this.#collected = undefined;
    }
  }

  /** Idempotent. Must not be called from inside a protocol error callback. */
  close(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    clearImmediate(this.#drainScheduled);
    this.#listeners.clear();
    this.#poll.close();
    xlib().XCloseDisplay(this.#display);
    for (const callback of this.#registeredCallbacks) koffi.unregister(callback);
  }

  #installHandlers(): void {
    const { XESetWireToError, XSetIOErrorExitHandler, wireErrorHookPointer, ioErrorExitPointer } =
      handlers();
    const onWireError = koffi.register((_display: bigint, event: bigint) => {
      this.#noteProtocolError(event);
      return 0; // "handled": Xlib then does not call the global handler
    }, wireErrorHookPointer);
    this.#registeredCallbacks.push(onWireError);
    for (let code = 0; code < 256; code++) XESetWireToError(this.#display, code, onWireError);

    if (XSetIOErrorExitHandler) {
      const onIoError = koffi.register(() => {
        if (this.#state === 'open') {
          this.#state = 'lost';
          setImmediate(() => this.#tellLost()); // not from inside Xlib
        }
      }, ioErrorExitPointer);
      this.#registeredCallbacks.push(onIoError);
      XSetIOErrorExitHandler(this.#display, onIoError, null);
    }
  }

  /** XErrorEvent on LP64: type 0, display 8, resourceid 16, serial 24, error 32, request 33, minor 34. */
  #noteProtocolError(event: bigint): void {
    const bytes = new DataView(koffi.view(event, 40));
    const error: XProtocolError = {
      resourceId: Number(bytes.getBigUint64(16, true)),
      serial: Number(bytes.getBigUint64(24, true)),
      errorCode: bytes.getUint8(32),
      requestCode: bytes.getUint8(33),
      minorCode: bytes.getUint8(34),
    };
    if (this.#collected) this.#collected.push(error);
    else this.#options.onProtocolError?.(error);
  }

  #scheduleDrain(): void {
    this.#drainScheduled ??= setImmediate(() => this.#drain());
  }

  #drain(): void {
    clearImmediate(this.#drainScheduled);
    this.#drainScheduled = undefined;
    const { XPending, XNextEvent } = xlib();
    for (let handled = 0; this.isOpen && XPending(this.#display) > 0 && this.isOpen; handled++) {
      if (handled === MAX_EVENTS_PER_TURN) return this.#scheduleDrain();
      XNextEvent(this.#display, this.#event.bytes);
      const listeners = this.#listeners.get(this.#event.type);
      if (listeners) for (const listener of listeners) listener(this.#event);
    }
  }

  #tellLost(): void {
    if (this.#state !== 'lost') return; // closed in between
    this.#poll.stop();
    this.#options.onLost?.(new XError('display_lost', `X display ${this.displayName} went away`));
  }

  #errorText(code: number): string {
    const text = Buffer.alloc(128);
    xlib().XGetErrorText(this.#display, code, text, text.length);
    return text.toString('utf8', 0, text.indexOf(0));
  }
}
