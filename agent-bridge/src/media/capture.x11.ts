// Captures one rectangle of an X11 screen. The X server collects what changed (XDamage on the root
// window) and says so once; a grab takes that region, reads only the rows it touches into shared
// memory and compares them with the picture we have. Nothing is polled: a still screen costs nothing.
import { openScreenReader, type ScreenReader } from '../x11/screen-reader.ts';
import { XConnection } from '../x11/x-connection.ts';
import { XError } from '../x11/x-error.ts';
import { RootDamage } from '../x11/xdamage.ts';
import type { ScreenCapture } from './capture.ts';
import { copyChangedRows } from './changed-rows.ts';
import type { Picture, ScreenArea } from './frame.ts';
import { RowBands } from './row-bands.ts';

/** A round trip costs as much as reading about 100 rows of 1080p more (25 µs): join runs that near. */
const JOIN_RUNS_GAP_ROWS = 96;

export interface X11CaptureOptions {
  readonly displayName: string;
  /** Must lie inside the screen. */
  readonly area: ScreenArea;
  /** The X server went away; the capture is useless from now on. */
  readonly onLost: (error: XError) => void;
}

export class X11ScreenCapture implements ScreenCapture {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly #area: ScreenArea;
  readonly #connection: XConnection;
  readonly #reader: ScreenReader;
  readonly #newest: Picture;
  readonly #damaged: RowBands;
  #damage: RootDamage | undefined;

  /** Throws XError: `display_unreachable`, `display_unsupported`. */
  static open({ displayName, area, onLost }: X11CaptureOptions): X11ScreenCapture {
    const connection = XConnection.open(displayName, { onLost });
    try {
      return new X11ScreenCapture(connection, openScreenReader(connection, area), area);
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  private constructor(connection: XConnection, reader: ScreenReader, area: ScreenArea) {
    this.widthPx = area.widthPx;
    this.heightPx = area.heightPx;
    this.#area = area;
    this.#connection = connection;
    this.#reader = reader;
    const { widthPx, heightPx } = area;
    this.#newest = { widthPx, heightPx, strideBytes: reader.strideBytes, pixels: reader.pixels };
    this.#damaged = new RowBands(heightPx);
  }

  start(onChange: () => void): void {
    this.stop();
    this.#damaged.addAll();
    this.#damage = RootDamage.open(this.#connection, onChange);
    this.#connection.flush();
  }

  grab(picture: Picture, changed: RowBands): void {
    // taken before the pixels are read: what is drawn in between is reported again
    this.#damage?.take((x, y, widthPx, heightPx) => {
      const area = this.#area;
      if (x + widthPx <= area.x || x >= area.x + area.widthPx) return;
      this.#damaged.addRows(y - area.y, heightPx);
    });
    const readable = this.#damaged.everyRun(JOIN_RUNS_GAP_ROWS, (top, rows) =>
      this.#reader.read(top, rows),
    );
    if (!readable) {
      if (!this.#connection.isOpen) throw new XError('display_lost', 'the X server went away');
      throw new XError('display_unsupported', 'the area is no longer inside the screen');
    }
    copyChangedRows(this.#newest, picture, this.#damaged);
    this.#damaged.forEachRun((top, rows) => changed.addRows(top, rows));
    this.#damaged.clear();
  }

  stop(): void {
    this.#damage?.close();
    this.#damage = undefined;
  }

  close(): void {
    this.stop();
    this.#reader.close();
    this.#connection.close();
  }
}
