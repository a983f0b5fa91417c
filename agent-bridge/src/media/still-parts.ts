// Text beside something that moves. A screen with a spinner or a video on it never stands still, so
// the refinement of still screens (frame-schedule.ts) never comes; this finds the parts that have been
// still for long enough and asks for one frame of refined quality among the changes. x264 skips what
// is as good already, so such a frame costs what the still parts lack. Pure.
import { BAND_ROWS, type RowBands } from './row-bands.ts';

/** As for a whole screen. */
const STILL_AFTER_US = 200_000;
/** When a frame had no room for it: between two tries. */
const RETRY_AFTER_US = 100_000;

export class StillParts {
  readonly #changedAtUs: Float64Array;
  /** What was sent of the band is as good as it gets. */
  readonly #refined: Uint8Array;
  #triedAtUs = -Infinity;

  constructor(heightPx: number) {
    const bands = Math.ceil(heightPx / BAND_ROWS);
    this.#changedAtUs = new Float64Array(bands);
    this.#refined = new Uint8Array(bands);
  }

  /** These rows were captured anew at `atUs` and differ. */
  noteChanged(changed: RowBands, atUs: number): void {
    changed.forEachRun((top, rows) => {
      const [from, to] = [Math.floor(top / BAND_ROWS), Math.ceil((top + rows) / BAND_ROWS)];
      this.#changedAtUs.fill(atUs, from, to);
      this.#refined.fill(0, from, to);
    });
  }

  /** A key frame starts again from a coarser picture, everywhere. */
  noteKeyframe(): void {
    this.#refined.fill(0);
  }

  /** A frame of refined quality left; `cut`: there were not bytes enough for all of it. */
  noteRefined(cut: boolean, atUs: number): void {
    this.#triedAtUs = atUs;
    if (!cut) this.#refined.fill(1);
  }

  /** Whether the next frame with new content should be of refined quality, for the sake of the rest. */
  wantRefining(nowUs: number): boolean {
    if (nowUs - this.#triedAtUs < RETRY_AFTER_US) return false;
    return this.#refined.some(
      (refined, band) =>
        refined === 0 && nowUs - (this.#changedAtUs[band] ?? nowUs) >= STILL_AFTER_US,
    );
  }
}
