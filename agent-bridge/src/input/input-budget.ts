// How much input one viewer may send. Pure. A person makes a few hundred events a second at most (a
// mouse of 500 Hz); a thousand, sustained, is a program or a fault.

/** Events a second, and as many at once after a quiet second. */
export const EVENTS_PER_SECOND = 1000;
/** Kept back for keys and buttons: moves are given up first, as the next one says it all again. */
export const RESERVED_FOR_ACTIONS = 250;
/** A long text is many keystrokes. */
export const TEXT_CHARACTERS_PER_EVENT = 8;

export type Affordable = 'all' | 'actions' | 'nothing';

export class InputBudget {
  #left = EVENTS_PER_SECOND;
  #atMs: number;

  constructor(nowMs: number) {
    this.#atMs = nowMs;
  }

  /** What may still be taken at this moment. */
  affordable(nowMs: number): Affordable {
    this.#left = Math.min(
      EVENTS_PER_SECOND,
      this.#left + ((nowMs - this.#atMs) * EVENTS_PER_SECOND) / 1000,
    );
    this.#atMs = nowMs;
    if (this.#left < 1) return 'nothing';
    return this.#left < RESERVED_FOR_ACTIONS ? 'actions' : 'all';
  }

  /** May overdraw once: what was affordable before is not cut in pieces. */
  spend(events: number): void {
    this.#left -= events;
  }
}
