// How many bits a second arrive at the other end, from the arrivals that feedback tells.

const WINDOW_MS = 500;
/** Fewer arrivals than this, or a shorter time, say nothing of a rate. */
const MIN_PACKETS = 4;
const MIN_SPAN_MS = 40;

export class ReceivedRate {
  readonly #arrivals: { atMs: number; bytes: number }[] = [];
  #bytes = 0;

  add(atMs: number, bytes: number): void {
    this.#arrivals.push({ atMs, bytes });
    this.#bytes += bytes;
    this.advance(atMs);
  }

  /** Time went on, by something that is not counted here. */
  advance(atMs: number): void {
    for (
      let first = this.#arrivals[0];
      first && atMs - first.atMs > WINDOW_MS;
      first = this.#arrivals[0]
    ) {
      this.#bytes -= first.bytes;
      this.#arrivals.shift();
    }
  }

  /** Bits a second, or undefined while too little arrived. */
  get bps(): number | undefined {
    const first = this.#arrivals[0];
    const last = this.#arrivals.at(-1);
    if (!first || !last || this.#arrivals.length < MIN_PACKETS) return undefined;
    const spanMs = last.atMs - first.atMs;
    if (spanMs < MIN_SPAN_MS) return undefined;
    // The first packet's bytes arrived before the span began.
    return ((this.#bytes - first.bytes) * 8000) / spanMs;
  }
}
