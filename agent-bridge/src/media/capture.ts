// Where pixels come from. One capture serves one monitor and lives on that monitor's thread.
import type { Picture } from './frame.ts';
import type { RowBands } from './row-bands.ts';

/**
 * Protocol of use: `start` → any number of `grab` → `stop`, again and again → `close`.
 *
 * - `start(onChange)` begins to watch the screen. `onChange` is called as soon as something may look
 *   different, once, and not again before the next `grab`: whoever is slow hears of many changes once.
 *   It may call `grab` at once. Before the first `grab` after a `start` the whole picture counts as
 *   changed, whether or not `onChange` came.
 * - `grab(picture, changed)` brings `picture` up to date and marks in `changed` the rows that now
 *   differ; rows that were only painted over with the same pixels are not marked. The mouse cursor is
 *   never in the picture. `picture` must be the one of the previous call, or a new one after `start`.
 * - `stop()` ends the watching: afterwards a screen that changes costs nothing.
 * - `close()` frees everything; may be called in any state, twice too.
 *
 * Every call is synchronous. `grab` throws a coded error (XError on X11) when the screen can no longer
 * be read; the owner then closes the capture and opens another.
 */
export interface ScreenCapture {
  readonly widthPx: number;
  readonly heightPx: number;
  start(onChange: () => void): void;
  grab(picture: Picture, changed: RowBands): void;
  stop(): void;
  close(): void;
}
