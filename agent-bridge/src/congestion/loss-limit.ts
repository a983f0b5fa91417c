// The second half of the controller: loss (draft-ietf-rmcat-gcc-02, section 6). Under 2 % of loss
// the rate may grow, over 10 % it falls by half of the share that was lost, in between it stays.

const LOW = 0.02;
const HIGH = 0.1;
const GROW_PER_S = 1.08;
/** Loss is judged over at least this many packets. */
const MIN_PACKETS = 20;

export class LossLimit {
  #received = 0;
  #lost = 0;
  #limitBps = Infinity;
  #decreasedAtMs = -Infinity;
  #grownAtMs: number | undefined;

  add(received: number, lost: number): void {
    this.#received += received;
    this.#lost += lost;
  }

  /** @returns the rate that loss allows, bits a second; Infinity while it sets no limit. */
  update(nowMs: number, roundTripMs: number, targetBps: number): number {
    if (this.#received + this.#lost < MIN_PACKETS) return this.#limitBps;
    const loss = this.#lost / (this.#received + this.#lost);
    this.#received = 0;
    this.#lost = 0;
    const sinceS = Math.min(1, (nowMs - (this.#grownAtMs ?? nowMs)) / 1000);
    this.#grownAtMs = nowMs;
    if (loss > HIGH) {
      // Once a round trip: the loss told now still belongs to the rate of before the last cut.
      if (nowMs - this.#decreasedAtMs > roundTripMs + 300) {
        this.#limitBps = Math.min(this.#limitBps, targetBps) * (1 - 0.5 * loss);
        this.#decreasedAtMs = nowMs;
      }
    } else if (loss < LOW) {
      this.#limitBps = this.#limitBps * GROW_PER_S ** sinceS + 1000;
    }
    return this.#limitBps;
  }
}
