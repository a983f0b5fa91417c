// A path for tests and replay: a rate, a propagation delay, a bounded queue, loss and jitter. Pure:
// time goes in with each packet.

export type PathSettings = {
  bps: number;
  delayMs: number;
  readonly queueBytes: number;
  /** Share of packets lost at random. */
  loss?: number;
  /** Highest random extra delay; packets keep their order. */
  jitterMs?: number;
};

export class SimulatedPath {
  readonly settings: PathSettings;
  readonly #random: () => number;
  #freeAtMs = 0;
  #lastArrivalMs = 0;

  constructor(settings: PathSettings, random: () => number) {
    this.settings = settings;
    this.#random = random;
  }

  /** @returns when the packet arrives, or undefined when it is lost. */
  send(nowMs: number, bytes: number): number | undefined {
    const { bps, delayMs, queueBytes, loss = 0, jitterMs = 0 } = this.settings;
    const waitMs = Math.max(0, this.#freeAtMs - nowMs);
    if ((waitMs * bps) / 8000 + bytes > queueBytes || this.#random() < loss) return undefined;
    this.#freeAtMs = nowMs + waitMs + (bytes * 8000) / bps;
    this.#lastArrivalMs = Math.max(
      this.#lastArrivalMs,
      this.#freeAtMs + delayMs + this.#random() * jitterMs,
    );
    return this.#lastArrivalMs;
  }

  /** How long a packet sent now would wait. */
  queueMs(nowMs: number): number {
    return Math.max(0, this.#freeAtMs - nowMs);
  }
}
