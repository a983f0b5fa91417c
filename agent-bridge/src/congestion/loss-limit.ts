// The second half of the controller: loss (draft-ietf-rmcat-gcc-02, section 6). Under 2 % of loss
// the rate may grow, over 10 % it falls by half of the share that was lost, in between it stays.

const LOW = 0.02;
const HIGH = 0.1;
const GROW_PER_S = 1.08;
const BACK_OFF = 0.85;
/** Loss is judged over at least this many packets, and at most so often (as libwebrtc, and as RTCP reports). */
const MIN_PACKETS = 20;
const JUDGE_EVERY_MS = 500;

export class LossLimit {
  #received = 0;
  #lost = 0;
  #limitBps = Infinity;
  #decreasedAtMs = -Infinity;
  #judgedAtMs: number | undefined;

  add(received: number, lost: number): void {
    this.#received += received;
    this.#lost += lost;
  }

  /** A train got through at this rate: what was lost before was not lost for want of room. */
  provenAt(bps: number): void {
    if (bps > this.#limitBps) this.#limitBps = Infinity;
  }

  /**
   * @param arrivingBps what gets through is no less than this; there is no reason to go below it.
   * @returns the rate that loss allows, bits a second; Infinity while it sets no limit.
   */
  update(nowMs: number, roundTripMs: number, targetBps: number, arrivingBps: number): number {
    this.#judgedAtMs ??= nowMs;
    const packets = this.#received + this.#lost;
    if (packets < MIN_PACKETS || nowMs - this.#judgedAtMs < JUDGE_EVERY_MS) return this.#limitBps;
    const loss = this.#lost / packets;
    // One standard deviation of a count: three lost of twenty may be chance, fifteen of a hundred not.
    const surely = (this.#lost - Math.sqrt(this.#lost)) / packets;
    this.#received = 0;
    this.#lost = 0;
    const sinceS = Math.min(1, (nowMs - this.#judgedAtMs) / 1000);
    this.#judgedAtMs = nowMs;
    if (surely > HIGH) {
      // Once a round trip: the loss told now still belongs to the rate of before the last cut.
      if (nowMs - this.#decreasedAtMs > roundTripMs + 300) {
        const cut = Math.min(this.#limitBps, targetBps) * (1 - 0.5 * loss);
        this.#limitBps = Math.max(cut, BACK_OFF * arrivingBps);
        this.#decreasedAtMs = nowMs;
      }
    } else if (loss < LOW) {
      this.#limitBps = this.#limitBps * GROW_PER_S ** sinceS + 1000;
    }
    return this.#limitBps;
  }
}
