// Wheel events -> 1/120 notches. Pure; keeps the fractions, so that slow touchpad movements add up
// instead of vanishing.
import { WHEEL_NOTCH } from '@guruconnect/contract/input/input-event';

export type WheelFact = {
  readonly deltaX: number;
  readonly deltaY: number;
  /** WheelEvent.deltaMode: 0 pixels, 1 lines, 2 pages. */
  readonly deltaMode: number;
  /** Legacy WheelEvent.wheelDeltaX/Y (up is positive): exact notches where a real wheel turned. */
  readonly wheelDeltaX?: number;
  readonly wheelDeltaY?: number;
};

export type Notches = { readonly dx: number; readonly dy: number };

// One notch, as browsers report it per mode: Chromium and Firefox scroll 100 pixels or 3 lines.
const NOTCHES_PER_UNIT = [WHEEL_NOTCH / 100, WHEEL_NOTCH / 3, WHEEL_NOTCH] as const;
const LIMIT = 0x7fff;

export class Wheel {
  #restX = 0;
  #restY = 0;

  /** What to send now; undefined while it adds up to less than 1/120 notch. */
  on(fact: WheelFact): Notches | undefined {
    return this.add({
      dx: axis(fact.deltaX, fact.deltaMode, fact.wheelDeltaX),
      dy: axis(fact.deltaY, fact.deltaMode, fact.wheelDeltaY),
    });
  }

  /** As above, for a movement that is known in 1/120 notches, fractions included. */
  add(turn: Notches): Notches | undefined {
    const dx = this.#restX + turn.dx;
    const dy = this.#restY + turn.dy;
    const out = { dx: whole(dx), dy: whole(dy) };
    this.#restX = (dx - out.dx) % 1;
    this.#restY = (dy - out.dy) % 1;
    return out.dx === 0 && out.dy === 0 ? undefined : out;
  }
}

function axis(delta: number, mode: number, wheelDelta: number | undefined): number {
  // A wheel that clicks reports multiples of 120 whatever the system makes of it in pixels (53 on
  // one Linux, 100 or 120 elsewhere, accelerated on macOS).
  if (wheelDelta && wheelDelta % WHEEL_NOTCH === 0 && Math.sign(wheelDelta) === -Math.sign(delta))
    return -wheelDelta;
  return delta * (NOTCHES_PER_UNIT[mode] ?? NOTCHES_PER_UNIT[0]);
}

/** Towards zero, within the 16 bits of the wire; never -0. */
const whole = (value: number): number => Math.min(LIMIT, Math.max(-LIMIT, Math.trunc(value))) + 0;
