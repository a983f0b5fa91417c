// One reading for all who ask within a while: what is read costs a worker something, and who asks
// is many. Owned by whoever owns what is read.

export class ReadOnce<T> {
  readonly #keptMs: number;
  readonly #nowMs: () => number;
  #last: { readonly atMs: number; readonly value: Promise<T> } | undefined;

  /** @param keptMs how long a reading counts from its beginning. */
  constructor(keptMs: number, nowMs: () => number = () => performance.now()) {
    this.#keptMs = keptMs;
    this.#nowMs = nowMs;
  }

  /** The present reading, or a new one. One that failed is told to those who waited and not kept. */
  read(make: () => Promise<T>): Promise<T> {
    const atMs = this.#nowMs();
    if (this.#last && atMs - this.#last.atMs < this.#keptMs) return this.#last.value;
    const value = make();
    const reading = { atMs, value };
    this.#last = reading;
    value.catch(() => {
      if (this.#last === reading) this.#last = undefined;
    });
    return value;
  }
}
