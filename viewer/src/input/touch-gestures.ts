// Fingers on the picture -> what a mouse would do. Pure: touches and time in, actions out.
//   tap                      click where the finger was
//   move one finger          drag with the left button, from where it went down
//   hold still               right click
//   move two fingers         wheel, in the direction the content should follow
import { BUTTONS, WHEEL_NOTCH } from '@guruconnect/contract/input/input-event';
import type { Point } from './pointer.ts';

export type TouchFact = {
  readonly type: 'down' | 'move' | 'up' | 'cancel';
  readonly id: number;
  readonly point: Point;
  readonly atMs: number;
};

export type TouchAction =
  | { readonly kind: 'move'; readonly point: Point }
  | {
      readonly kind: 'button';
      readonly point: Point;
      readonly button: number;
      readonly down: boolean;
    }
  | { readonly kind: 'wheel'; readonly point: Point; readonly dx: number; readonly dy: number };

/** A finger trembles: less movement than this is none, CSS pixels. */
const SLOP_PX = 8;
export const LONG_PRESS_MS = 500;
/** Finger travel that equals one wheel notch, CSS pixels. */
const PX_PER_NOTCH = 40;

type Phase = 'idle' | 'touching' | 'dragging' | 'scrolling' | 'done';

export class TouchGestures {
  #phase: Phase = 'idle';
  readonly #fingers = new Map<number, Point>();
  #start: Point = { x: 0, y: 0 };
  #startedAtMs = 0;

  /** When `hold` wants to be called, while one finger rests. */
  get holdAtMs(): number | undefined {
    return this.#phase === 'touching' ? this.#startedAtMs + LONG_PRESS_MS : undefined;
  }

  /** The finger rested long enough. */
  hold(nowMs: number): TouchAction[] {
    if (this.#phase !== 'touching' || nowMs < this.#startedAtMs + LONG_PRESS_MS) return [];
    this.#phase = 'done';
    return click(this.#start, BUTTONS.right);
  }

  on(fact: TouchFact): TouchAction[] {
    switch (fact.type) {
      case 'down':
        return this.#down(fact);
      case 'move':
        return this.#move(fact);
      case 'up':
      case 'cancel':
        return this.#up(fact);
    }
  }

  #down(fact: TouchFact): TouchAction[] {
    this.#fingers.set(fact.id, fact.point);
    if (this.#fingers.size === 1) {
      this.#phase = 'touching';
      this.#start = fact.point;
      this.#startedAtMs = fact.atMs;
    } else if (this.#phase === 'touching') {
      this.#phase = 'scrolling';
    }
    return [];
  }

  #move(fact: TouchFact): TouchAction[] {
    const before = this.#fingers.get(fact.id);
    if (!before) return [];
    this.#fingers.set(fact.id, fact.point);
    if (this.#phase === 'scrolling') {
      // Each finger brings its share: both together move the content once.
      const share = WHEEL_NOTCH / PX_PER_NOTCH / this.#fingers.size;
      const dx = (before.x - fact.point.x) * share;
      const dy = (before.y - fact.point.y) * share;
      return [{ kind: 'wheel', point: this.#start, dx, dy }];
    }
    if (this.#phase === 'dragging') return [{ kind: 'move', point: fact.point }];
    const travelled = Math.hypot(fact.point.x - this.#start.x, fact.point.y - this.#start.y);
    if (this.#phase !== 'touching' || travelled < SLOP_PX) return [];
    this.#phase = 'dragging';
    return [
      { kind: 'button', point: this.#start, button: BUTTONS.left, down: true },
      { kind: 'move', point: fact.point },
    ];
  }

  #up(fact: TouchFact): TouchAction[] {
    if (!this.#fingers.delete(fact.id)) return [];
    const phase = this.#phase;
    if (this.#fingers.size === 0) this.#phase = 'idle';
    else if (phase === 'dragging') this.#phase = 'done';
    if (phase === 'dragging')
      return [{ kind: 'button', point: fact.point, button: BUTTONS.left, down: false }];
    if (phase === 'touching' && fact.type === 'up') return click(this.#start, BUTTONS.left);
    return [];
  }
}

const click = (point: Point, button: number): TouchAction[] => [
  { kind: 'move', point },
  { kind: 'button', point, button, down: true },
  { kind: 'button', point, button, down: false },
];
