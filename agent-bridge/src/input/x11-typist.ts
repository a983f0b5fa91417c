// Types characters on an X server: with the layout's own keys where it has them, else with spare
// keycodes that are made to type the character for a while. Owned by the X11 injector.
//
// Characters leave in order. When more different ones are wanted than there are spare keycodes, the
// rest waits for keycodes to rest (spare-keycodes.ts); `isWaiting` then tells the injector to keep
// its later commands behind.
import type { XConnection } from '../x11/x-connection.ts';
import { XError } from '../x11/x-error.ts';
import {
  bindKeycodes,
  CAPS_LOCK_MASK,
  lockModifiers,
  readKeyboardState,
  readUnusedKeycodes,
} from '../x11/xkb.ts';
import { fakeKey } from '../x11/xtest.ts';
import { SHIFT_LEFT_USAGE } from './hid-keys.ts';
import { SpareKeycodes, type Binding } from './spare-keycodes.ts';
import type { LayoutKey, X11Keymap } from './x11-keymap.ts';

/** Spare keycodes we borrow at most: enough for most sentences of a foreign alphabet. */
const MAX_SPARE_KEYCODES = 32;
/** Borrowed keycodes are given back after this time without typing. */
const GIVE_BACK_AFTER_MS = 5000;

export interface X11TypistOptions {
  /** Modifier keycodes that we hold down ourselves, first pressed first. */
  readonly heldModifiers: () => readonly number[];
  /** Told when nothing waits any longer; X calls are allowed. */
  readonly onIdle: () => void;
}

export class X11Typist {
  readonly #x: XConnection;
  readonly #keymap: X11Keymap;
  readonly #options: X11TypistOptions;
  #spare: SpareKeycodes | undefined;
  #spareKeycodes: ReadonlySet<number> = new Set();
  #waiting: number[] = [];
  #waitTimer: NodeJS.Timeout | undefined;
  #giveBackTimer: NodeJS.Timeout | undefined;

  constructor(x: XConnection, keymap: X11Keymap, options: X11TypistOptions) {
    this.#x = x;
    this.#keymap = keymap;
    this.#options = options;
  }

  get isWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** Characters not typed yet. */
  get backlog(): number {
    return this.#waiting.length;
  }

  type(keysyms: readonly number[]): void {
    this.#waiting.push(...keysyms);
    if (!this.#waitTimer) this.#typeWhatIsPossible();
  }

  /** Drops what waits; what was typed stays typed. */
  cancel(): void {
    this.#waiting = [];
    clearTimeout(this.#waitTimer);
    this.#waitTimer = undefined;
  }

  /** Cancels and gives the borrowed keycodes back. The connection may be gone already. */
  close(): void {
    this.cancel();
    clearTimeout(this.#giveBackTimer);
    this.#giveBack();
  }

  #typeWhatIsPossible(): void {
    this.#spare ??= this.#borrow();
    const layoutKeyOf = this.#keymap.forText(this.#spareKeycodes);
    const nowMs = performance.now();
    const foreign = this.#waiting.filter((keysym) => !layoutKeyOf(keysym));
    const distinct = [...new Set(foreign)];
    const { bindings, assigned } = this.#spare.assign(distinct, nowMs);
    this.#bind(bindings);
    const missing = distinct[assigned];
    const end = missing === undefined ? this.#waiting.length : this.#waiting.indexOf(missing);
    this.#press(this.#waiting.splice(0, end), layoutKeyOf, nowMs);

    const freeAtMs = this.#spare.nextFreeAtMs();
    if (freeAtMs === undefined) this.#waiting = []; // no spare keycode on this server at all
    this.#giveBackTimer ??= setTimeout(() => this.#giveBackWhenRested(), GIVE_BACK_AFTER_MS);
    this.#giveBackTimer.refresh();
    if (!this.isWaiting || freeAtMs === undefined) return;
    this.#waitTimer = setTimeout(() => this.#continue(), Math.max(1, freeAtMs - nowMs));
  }

  #continue(): void {
    this.#waitTimer = undefined;
    try {
      this.#typeWhatIsPossible();
    } catch (error) {
      if (!(error instanceof XError)) throw error;
      this.cancel(); // the display went away: its owner hears of it from the connection
    }
    if (!this.isWaiting) this.#options.onIdle();
  }

  /** Modifiers and Caps Lock would change the characters: away for this moment, then as before. */
  #press(
    keysyms: readonly number[],
    layoutKeyOf: (keysym: number) => LayoutKey | undefined,
    nowMs: number,
  ): void {
    if (keysyms.length === 0) return;
    const x = this.#x;
    const held = this.#options.heldModifiers();
    const capsLock = (readKeyboardState(x).lockedModifiers & CAPS_LOCK_MASK) !== 0;
    const shift = this.#keymap.keycodeOf(SHIFT_LEFT_USAGE);
    for (const keycode of held.toReversed()) fakeKey(x, keycode, false);
    if (capsLock) lockModifiers(x, CAPS_LOCK_MASK, 0);
    for (const keysym of keysyms) {
      const layoutKey = layoutKeyOf(keysym);
      const keycode = layoutKey?.keycode ?? this.#spare?.use(keysym, nowMs);
      if (keycode === undefined) continue;
      const withShift = layoutKey?.shifted === true && shift !== undefined;
      if (withShift) fakeKey(x, shift, true);
      fakeKey(x, keycode, true);
      fakeKey(x, keycode, false);
      if (withShift) fakeKey(x, shift, false);
    }
    if (capsLock) lockModifiers(x, CAPS_LOCK_MASK, CAPS_LOCK_MASK);
    for (const keycode of held) fakeKey(x, keycode, true);
    x.flush();
  }

  #borrow(): SpareKeycodes {
    const keycodes = readUnusedKeycodes(this.#x).slice(-MAX_SPARE_KEYCODES);
    this.#spareKeycodes = new Set(keycodes);
    return new SpareKeycodes(keycodes);
  }

  #bind(bindings: readonly Binding[]): void {
    for (const { firstKeycode, keysyms } of bindings) bindKeycodes(this.#x, firstKeycode, keysyms);
  }

  #giveBackWhenRested(): void {
    this.#giveBackTimer = undefined;
    if (!this.isWaiting) this.#giveBack();
  }

  #giveBack(): void {
    if (!this.#spare) return;
    const bindings = this.#spare.restore();
    this.#spare = undefined; // another program may use those keycodes next time
    if (!this.#x.isOpen) return;
    this.#bind(bindings);
    this.#x.flush();
  }
}
