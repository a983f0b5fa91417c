// When a click or key may count. Pure. A window that jumps under a moving finger must not be answered
// by accident, nor by design of somebody who knows where the finger will be: after it appears, moves
// or is covered and uncovered, it listens only once it has stood still for a while.
import { ARMING_MS } from './prompt.ts';

export class Arming {
  #disturbedAtMs = Infinity;

  /** The window appeared, moved, or what covers it changed. */
  disturbed(nowMs: number): void {
    this.#disturbedAtMs = nowMs;
  }

  isArmed(nowMs: number): boolean {
    return nowMs - this.#disturbedAtMs >= ARMING_MS;
  }
}
