// What was placed on one node lately, before the node's own figures show it: each placement counts
// in full at first and less and less until it is forgotten. Its cost does not grow with a burst.
// Owned by NodeDirectory.

/** What one session that was just placed is taken to cost, as a share of the node: a guess, good
 * for spreading a burst, too rough to refuse by. */
const RESERVATION = 0.002;
/** After this the node's own figures tell what the session costs. */
export const RESERVATION_MS = 10_000;
/** Forgotten times are cut off in pieces of so many. */
const CUT = 1024;

export class Reservations {
  /** Ascending; those before `#first` are forgotten. */
  readonly #atMs: number[] = [];
  #first = 0;
  #sumMs = 0;

  add(nowMs: number): void {
    this.#atMs.push(nowMs);
    this.#sumMs += nowMs;
  }

  /** Share of the node that is reserved now. @param nowMs never goes back. */
  share(nowMs: number): number {
    for (let atMs = this.#atMs[this.#first]; atMs !== undefined; atMs = this.#atMs[this.#first]) {
      if (nowMs - atMs < RESERVATION_MS) break;
      this.#sumMs -= atMs;
      this.#first += 1;
    }
    if (this.#first >= CUT) {
      this.#atMs.splice(0, this.#first);
      this.#first = 0;
    }
    // The sum of 1 - age / RESERVATION_MS over all of them.
    const count = this.#atMs.length - this.#first;
    if (count === 0) this.#sumMs = 0;
    return RESERVATION * (count - (count * nowMs - this.#sumMs) / RESERVATION_MS);
  }
}
