// XDamage and the XFixes regions it needs: which pixels of a drawable changed since we last asked.
// The server keeps and merges the region; we hear once that there is one and fetch it when we are
// ready to look, so a flood of drawing costs one event and one round trip per capture.
import koffi from 'koffi';
import type { XConnection } from './x-connection.ts';
import { XError } from './x-error.ts';
import { bind, lazy, xlib, type DisplayPointer, type Xid } from './xlib.ts';

/** XDamageReportNonEmpty: one event when the region stops being empty, none until it is taken. */
const XDamageReportNonEmpty = 3;
const NONE: Xid = 0;

const xdamage = lazy(() => ({
  QueryExtension: bind<(d: DisplayPointer, eventBase: Int32Array, errorBase: Int32Array) => number>(
    'Xdamage',
    'int XDamageQueryExtension(void *d, void *event_base, void *error_base)',
  ),
  Create: bind<(d: DisplayPointer, drawable: Xid, level: number) => Xid>(
    'Xdamage',
    'ulong XDamageCreate(void *d, ulong drawable, int level)',
  ),
  Destroy: bind<(d: DisplayPointer, damage: Xid) => void>(
    'Xdamage',
    'void XDamageDestroy(void *d, ulong damage)',
  ),
  Subtract: bind<(d: DisplayPointer, damage: Xid, repair: Xid, parts: Xid) => void>(
    'Xdamage',
    'void XDamageSubtract(void *d, ulong damage, ulong repair, ulong parts)',
  ),
  CreateRegion: bind<(d: DisplayPointer, rects: null, count: 0) => Xid>(
    'Xfixes',
    'ulong XFixesCreateRegion(void *d, void *rects, int count)',
  ),
  DestroyRegion: bind<(d: DisplayPointer, region: Xid) => void>(
    'Xfixes',
    'void XFixesDestroyRegion(void *d, ulong region)',
  ),
  FetchRegion: bind<(d: DisplayPointer, region: Xid, count: Int32Array) => bigint | null>(
    'Xfixes',
    'void *XFixesFetchRegion(void *d, ulong region, void *count)',
  ),
}));

/** Damage of the root window (all windows included). Owned by one capture; `close()` when done. */
export class RootDamage {
  readonly #connection: XConnection;
  readonly #damage: Xid;
  readonly #region: Xid;
  readonly #stopListening: () => void;
  readonly #count = new Int32Array(1);

  /**
   * `onDamage` is called once when something changed, and again only after the next `take()`. The
   * first call comes at once, for the server counts everything as changed at the start.
   * Throws XError `display_unsupported`.
   */
  static open(connection: XConnection, onDamage: () => void): RootDamage {
    const eventBase = new Int32Array(1);
    if (!xdamage().QueryExtension(connection.display, eventBase, new Int32Array(1))) {
      throw new XError('display_unsupported', 'the X server has no DAMAGE extension');
    }
    return new RootDamage(connection, eventBase[0] ?? 0, onDamage);
  }

  private constructor(connection: XConnection, eventBase: number, onDamage: () => void) {
    this.#connection = connection;
    this.#stopListening = connection.on(eventBase, onDamage);
    this.#region = xdamage().CreateRegion(connection.display, null, 0);
    this.#damage = xdamage().Create(
      connection.display,
      connection.rootWindow,
      XDamageReportNonEmpty,
    );
  }

  /** Takes the region damaged since the last call, one `visit` per rectangle. One round trip. */
  take(visit: (x: number, y: number, widthPx: number, heightPx: number) => void): void {
    xdamage().Subtract(this.#connection.display, this.#damage, NONE, this.#region);
    const rects = xdamage().FetchRegion(this.#connection.display, this.#region, this.#count);
    if (!rects) return;
    const count = this.#count[0] ?? 0;
    // XRectangle: short x, y; unsigned short width, height
    const view = new DataView(koffi.view(rects, Math.max(count * 8, 1)));
    for (let offset = 0; offset < count * 8; offset += 8) {
      visit(
        view.getInt16(offset, true),
        view.getInt16(offset + 2, true),
        view.getUint16(offset + 4, true),
        view.getUint16(offset + 6, true),
      );
    }
    xlib().XFree(rects);
  }

  close(): void {
    this.#stopListening();
    if (!this.#connection.isOpen) return;
    xdamage().Destroy(this.#connection.display, this.#damage);
    xdamage().DestroyRegion(this.#connection.display, this.#region);
  }
}
