// Which rows of a picture changed, in bands of 32 rows: the one form of "damage" between capture,
// comparison and conversion. Its size is fixed by the picture, so any amount of damage merges into it.

/** Even, as 4:2:0 colour covers two rows; about the height of one or two lines of text. */
export const BAND_ROWS = 32;

export class RowBands {
  readonly heightPx: number;
  readonly #marked: Uint8Array;
  #count = 0;

  constructor(heightPx: number) {
    this.heightPx = heightPx;
    this.#marked = new Uint8Array(Math.ceil(heightPx / BAND_ROWS));
  }

  /** Bands in the picture; the last may be lower than BAND_ROWS. */
  get total(): number {
    return this.#marked.length;
  }

  /** Bands marked. */
  get count(): number {
    return this.#count;
  }

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  /** Marks every band that rows [top, top + rows) touch; what lies outside the picture is ignored. */
  addRows(top: number, rows: number): void {
    const end = Math.min(top + rows, this.heightPx);
    const start = Math.max(top, 0);
    if (end <= start) return;
    for (let band = Math.floor(start / BAND_ROWS); band * BAND_ROWS < end; band++) {
      if (this.#marked[band] === 0) this.#count++;
      this.#marked[band] = 1;
    }
  }

  addAll(): void {
    this.addRows(0, this.heightPx);
  }

  clear(): void {
    this.#marked.fill(0);
    this.#count = 0;
  }

  /** Calls `visit` for each marked band; when it answers false the mark is taken away. */
  filter(visit: (top: number, rows: number) => boolean): void {
    for (let band = 0; band < this.#marked.length; band++) {
      if (this.#marked[band] === 0) continue;
      const top = band * BAND_ROWS;
      if (visit(top, Math.min(BAND_ROWS, this.heightPx - top))) continue;
      this.#marked[band] = 0;
      this.#count--;
    }
  }

  /** Calls `visit` for each run of neighbouring marked rows, from the top. */
  forEachRun(visit: (top: number, rows: number) => void): void {
    this.everyRun(0, (top, rows) => {
      visit(top, rows);
      return true;
    });
  }

  /**
   * Calls `visit` for each run of marked rows, from the top; runs with at most `gapRows` unmarked
   * rows between them are joined. Stops early when `visit` answers false, and then answers false.
   */
  everyRun(gapRows: number, visit: (top: number, rows: number) => boolean): boolean {
    const gapBands = Math.floor(gapRows / BAND_ROWS);
    let first = -1;
    let last = -1;
    const give = (): boolean => {
      const top = first * BAND_ROWS;
      return visit(top, Math.min((last + 1) * BAND_ROWS, this.heightPx) - top);
    };
    for (let band = 0; band < this.#marked.length; band++) {
      if (this.#marked[band] === 0) continue;
      if (first >= 0 && band - last - 1 > gapBands) {
        if (!give()) return false;
        first = band;
      }
      if (first < 0) first = band;
      last = band;
    }
    return first < 0 || give();
  }
}
