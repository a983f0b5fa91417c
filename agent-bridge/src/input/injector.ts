// What carries a technician's input into the operating system. Behind it: X11 (XTEST), Windows
// (SendInput), a recording for tests. In front of it: the gate, which has checked grant, consent,
// topology and rate before anything comes here.
//
// Protocol of use
// - One injector per desktop, opened by the platform's `open…Injector`, used on the main thread.
//   Commands may come in any order and take effect in the order they are given. They return at once.
// - Positions are pixels of the virtual desktop (monitor offset included; negative on Windows when a
//   monitor lies left of the primary one). Give the position before the button: a button acts where
//   the pointer is.
// - A `key` names a physical key; the endpoint's own layout decides the character. Down again while
//   held is the technician's keyboard repeating; the endpoint's repeat is off for injected keys, so
//   that a late key-up never types on by itself. Up for something not held does nothing.
// - `text` is for characters rather than keys. It neither needs nor disturbs the layout, and held
//   modifiers do not change it. Later commands wait for it where the system needs time.
// - Nothing throws: what cannot be done is answered with a refusal. After `display_lost` or `closed`
//   every command is refused; the owner opens a new injector.
// - `releaseAll` may be called at any time and any number of times. `close` releases all, is
//   idempotent and gives back what was borrowed from the system.
import type { HeldInput } from './held-keys.ts';

export type InjectionRefusal =
  /** This endpoint has no such key or button. */
  | 'unknown_key'
  /** Too much text is still waiting to be typed. */
  | 'text_backlog'
  /** The desktop went away. */
  | 'display_lost'
  | 'closed';
export type InjectionOutcome = 'injected' | InjectionRefusal;

export interface DesktopPoint {
  readonly xPx: number;
  readonly yPx: number;
}

export interface LockState {
  readonly capsLock: boolean;
  readonly numLock: boolean;
  readonly scrollLock: boolean;
}

export interface Injector {
  movePointer(point: DesktopPoint): InjectionOutcome;
  /** `button` as in contract/input/input-event `BUTTONS`. */
  pointerButton(button: number, down: boolean): InjectionOutcome;
  /** 1/120 notches; positive dy scrolls down, positive dx right. */
  wheel(dx: number, dy: number): InjectionOutcome;
  /** `usage`: USB HID usage of page 7. */
  key(usage: number, down: boolean): InjectionOutcome;
  /** "\n" is Enter, "\t" is Tab; other control characters are left out. */
  text(text: string): InjectionOutcome;
  /** Releases what we hold, last pressed first, and drops text not yet typed. Returns what was held. */
  releaseAll(): readonly HeldInput[];
  /** Where we last put the pointer: whoever watches the pointer can tell our movements from others. */
  lastPointer(): DesktopPoint | undefined;
  /** The endpoint's locks now, so that the viewer can show them; undefined when it cannot be told. */
  lockState(): LockState | undefined;
  close(): void;
}
