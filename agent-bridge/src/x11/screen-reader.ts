// Reads rows of the root window's picture (32-bit BGRX, cursor not included) into memory of ours:
// through MIT-SHM when the X server shares this machine's memory, else over the socket.
import { openSharedMemoryReader } from './screen-reader.shared-memory.ts';
import { SocketReader } from './screen-reader.socket.ts';
import type { XConnection } from './x-connection.ts';
import { XError } from './x-error.ts';
import { xlib } from './xlib.ts';

/** A rectangle in root window pixels. */
export interface PixelRect {
  readonly x: number;
  readonly y: number;
  readonly widthPx: number;
  readonly heightPx: number;
}

/**
 * The area's pixels as last read. `pixels` is only as new as the last `read()` of those rows, and
 * invalid after `close()`. Owned by one capture, on its connection's thread.
 */
export interface ScreenReader {
  /** BGRX rows of the area, `strideBytes` apart. */
  readonly pixels: Buffer;
  readonly strideBytes: number;
  /**
   * Brings rows [top, top + rows) of the area up to date. False when the server refused: the area is
   * no longer inside the screen, or the server is gone.
   */
  read(top: number, rows: number): boolean;
  close(): void;
}

/**
 * A reader for `area` of the root window. Throws XError `display_unsupported` when pixels are not
 * 32-bit BGRX or the area is not inside the screen.
 */
export function openScreenReader(connection: XConnection, area: PixelRect): ScreenReader {
  const depth = xlib().XDefaultDepth(connection.display, connection.screenNumber);
  if (depth !== 24 && depth !== 32) {
    throw new XError('display_unsupported', `screen depth ${depth} is not supported, 24 or 32 is`);
  }
  const reader =
    openSharedMemoryReader(connection, area, depth) ?? new SocketReader(connection, area);
  if (reader.read(0, area.heightPx)) return reader;
  reader.close();
  const { widthPx, heightPx, x, y } = area;
  throw new XError(
    'display_unsupported',
    `area ${widthPx}x${heightPx}+${x}+${y} is not inside the screen`,
  );
}
