// Wheel movement in 1/120 notch -> whole notches, for systems that can only click the wheel. Pure.
// The remainder waits for the next movement; turning round forgets it, since a finger that turns
// back expects the page to follow at once.
import { WHEEL_NOTCH } from '@guruconnect/contract/input/input-event';

/** Most notches one event may cause; a fling beyond it is a mistake or mischief. */
export const MAX_NOTCHES = 40;

export class WheelNotches {
  #remainder = 0;

  /** Whole notches that became due: positive in the direction of positive `delta`. */
  add(delta: number): number {
    if (delta !== 0 && Math.sign(delta) === -Math.sign(this.#remainder)) this.#remainder = 0;
    this.#remainder += delta;
    const notches = Math.trunc(this.#remainder / WHEEL_NOTCH);
    this.#remainder -= notches * WHEEL_NOTCH;
    return Math.max(-MAX_NOTCHES, Math.min(MAX_NOTCHES, notches)) + 0;
  }

  reset(): void {
    this.#remainder = 0;
  }
}
