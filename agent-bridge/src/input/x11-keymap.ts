// The X server's keyboard as the injector needs it: physical key -> keycode, and character -> key of
// the layout in effect. Read when first needed and again after the server said it changed.
import type { XConnection } from '../x11/x-connection.ts';
import {
  keycodeRange,
  keysymOf,
  readKeyboardState,
  readKeyNames,
  watchKeyboardMapping,
} from '../x11/xkb.ts';
import { keycodeOf } from './hid-keys.ts';

export interface LayoutKey {
  readonly keycode: number;
  readonly shifted: boolean;
}

export class X11Keymap {
  readonly #x: XConnection;
  readonly #stopWatching: () => void;
  #keycodeByName: ReadonlyMap<string, number> | undefined;
  #layout: { group: number; keyByKeysym: ReadonlyMap<number, LayoutKey> } | undefined;

  constructor(x: XConnection) {
    this.#x = x;
    this.#stopWatching = watchKeyboardMapping(x, () => {
      this.#keycodeByName = undefined;
      this.#layout = undefined;
    });
  }

  /** Keycode of a physical key (HID usage, page 7); undefined when this keyboard lacks it. */
  keycodeOf(usage: number): number | undefined {
    this.#keycodeByName ??= readKeyNames(this.#x);
    return keycodeOf(usage, this.#keycodeByName);
  }

  /**
   * Which key of the layout types a keysym, plain or with Shift. Costs a round trip to learn the
   * layout in effect: ask once per text with `forText`.
   */
  forText(ignoredKeycodes: ReadonlySet<number>): (keysym: number) => LayoutKey | undefined {
    const { group } = readKeyboardState(this.#x);
    if (this.#layout?.group !== group)
      this.#layout = { group, keyByKeysym: this.#readLayout(group, ignoredKeycodes) };
    const { keyByKeysym } = this.#layout;
    return (keysym) => keyByKeysym.get(keysym);
  }

  close(): void {
    this.#stopWatching();
  }

  #readLayout(group: number, ignored: ReadonlySet<number>): Map<number, LayoutKey> {
    const keyByKeysym = new Map<number, LayoutKey>();
    const { min, max } = keycodeRange(this.#x);
    for (const shifted of [false, true]) {
      for (let keycode = min; keycode <= max; keycode++) {
        if (ignored.has(keycode)) continue;
        const keysym = keysymOf(this.#x, keycode, group, shifted ? 1 : 0);
        if (keysym !== 0 && !keyByKeysym.has(keysym)) keyByKeysym.set(keysym, { keycode, shifted });
      }
    }
    return keyByKeysym;
  }
}
