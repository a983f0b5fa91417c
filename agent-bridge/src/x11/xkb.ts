// The keyboard of an X server: names of keys, what they type, locks, repeat, and changing what a key
// types. XKB protocol: https://www.x.org/releases/current/doc/kbproto/xkbproto.html
import koffi from 'koffi';
import type { XConnection } from './x-connection.ts';
import { XEventType, type XEvent } from './x-event.ts';
import { whileOpen } from './while-open.ts';
import { bind, lazy, xlib, type DisplayPointer } from './xlib.ts';

/** XkbUseCoreKbd: the keyboard applications see. */
const CORE_KEYBOARD = 0x100;
/** XkbKeyNamesMask | XkbKeyAliasesMask. */
const NAMES_MASK = (1 << 9) | (1 << 10);
const ALL_COMPONENTS = 0x7f;
/** KBKey | KBAutoRepeatMode of XChangeKeyboardControl. */
const KEY_REPEAT_MASK = (1 << 6) | (1 << 7);
/** LockMask of X.h: Caps Lock. */
export const CAPS_LOCK_MASK = 2;

const xkb = lazy(() => ({
  XDisplayKeycodes: bind<(d: DisplayPointer, min: Int32Array, max: Int32Array) => number>(
    'X11',
    'int XDisplayKeycodes(void *d, void *min, void *max)',
  ),
  XkbGetMap: bind<(d: DisplayPointer, which: number, device: number) => bigint | null>(
    'X11',
    'void *XkbGetMap(void *d, uint which, uint device)',
  ),
  XkbGetNames: bind<(d: DisplayPointer, which: number, description: bigint) => number>(
    'X11',
    'int XkbGetNames(void *d, uint which, void *description)',
  ),
  XkbFreeKeyboard: bind<(description: bigint, which: number, freeAll: 0 | 1) => void>(
    'X11',
    'void XkbFreeKeyboard(void *description, uint which, int free_all)',
  ),
  XkbGetState: bind<(d: DisplayPointer, device: number, state: Uint8Array) => number>(
    'X11',
    'int XkbGetState(void *d, uint device, void *state)',
  ),
  XkbGetIndicatorState: bind<(d: DisplayPointer, device: number, state: Uint32Array) => number>(
    'X11',
    'int XkbGetIndicatorState(void *d, uint device, void *state)',
  ),
  XkbLockModifiers: bind<
    (d: DisplayPointer, device: number, affect: number, values: number) => number
  >('X11', 'int XkbLockModifiers(void *d, uint device, uint affect, uint values)'),
  XkbKeycodeToKeysym: bind<
    (d: DisplayPointer, keycode: number, group: number, level: number) => number
  >('X11', 'ulong XkbKeycodeToKeysym(void *d, uint8 keycode, int group, int level)'),
  XRefreshKeyboardMapping: bind<(event: Uint8Array) => number>(
    'X11',
    'int XRefreshKeyboardMapping(void *event)',
  ),
  XGetKeyboardMapping: bind<
    (d: DisplayPointer, first: number, count: number, perKeycode: Int32Array) => bigint | null
  >('X11', 'void *XGetKeyboardMapping(void *d, uint8 first, int count, void *per_keycode)'),
  XChangeKeyboardMapping: bind<
    (
      d: DisplayPointer,
      first: number,
      perKeycode: number,
      keysyms: BigUint64Array,
      count: number,
    ) => number
  >(
    'X11',
    'int XChangeKeyboardMapping(void *d, int first, int per_keycode, void *keysyms, int count)',
  ),
  XGetKeyboardControl: bind<(d: DisplayPointer, state: Uint8Array) => number>(
    'X11',
    'int XGetKeyboardControl(void *d, void *state)',
  ),
  XChangeKeyboardControl: bind<(d: DisplayPointer, mask: number, control: Int32Array) => number>(
    'X11',
    'int XChangeKeyboardControl(void *d, ulong mask, void *control)',
  ),
  XQueryKeymap: bind<(d: DisplayPointer, keys: Uint8Array) => number>(
    'X11',
    'int XQueryKeymap(void *d, void *keys)',
  ),
}));

/**
 * Calls `listener` after Xlib's own copy of the keyboard mapping was marked as old. Xlib turns the
 * server's XKB messages (another layout, other keycodes) into MappingNotify, but asks for them only
 * once it has that copy: hence the first look.
 */
export function watchKeyboardMapping(x: XConnection, listener: () => void): () => void {
  keysymOf(x, keycodeRange(x).min, 0, 0);
  return x.on(
    XEventType.MappingNotify,
    whileOpen((event: XEvent) => {
      xkb().XRefreshKeyboardMapping(event.bytes);
      listener();
    }),
  );
}

/** XkbDescRec: min/max key code 12/13, names 48. XkbNamesRec: keys 456, aliases 464, counts 488/489. */
const DESCRIPTION_BYTES = 72;
const NAMES_BYTES = 496;
const KEY_NAME_BYTES = 4;
const KEY_ALIAS_BYTES = 8;

/** XKB key name or alias -> keycode; empty when the server tells no names. Two round trips. */
export function readKeyNames(x: XConnection): Map<string, number> {
  const byName = new Map<string, number>();
  const description = xkb().XkbGetMap(x.display, 0, CORE_KEYBOARD);
  if (!description) return byName;
  try {
    if (xkb().XkbGetNames(x.display, NAMES_MASK, description) !== 0) return byName;
    const head = new DataView(koffi.view(description, DESCRIPTION_BYTES));
    const [minKeycode, maxKeycode] = [head.getUint8(12), head.getUint8(13)];
    const namesPointer = head.getBigUint64(48, true);
    if (namesPointer === 0n) return byName;
    const names = new DataView(koffi.view(namesPointer, NAMES_BYTES));

    const keysPointer = names.getBigUint64(456, true);
    if (keysPointer !== 0n) {
      const keys = Buffer.from(koffi.view(keysPointer, (maxKeycode + 1) * KEY_NAME_BYTES));
      for (let keycode = minKeycode; keycode <= maxKeycode; keycode++) {
        const name = paddedName(keys, keycode * KEY_NAME_BYTES);
        if (name) byName.set(name, keycode);
      }
    }
    const aliasCount = names.getUint8(489);
    const aliasPointer = names.getBigUint64(464, true);
    if (aliasPointer !== 0n && aliasCount > 0) {
      const aliases = Buffer.from(koffi.view(aliasPointer, aliasCount * KEY_ALIAS_BYTES));
      for (let at = 0; at < aliases.length; at += KEY_ALIAS_BYTES) {
        const real = byName.get(paddedName(aliases, at));
        const alias = paddedName(aliases, at + KEY_NAME_BYTES);
        if (real !== undefined && !byName.has(alias)) byName.set(alias, real);
      }
    }
    return byName;
  } finally {
    xkb().XkbFreeKeyboard(description, ALL_COMPONENTS, 1);
  }
}

/** Key names are four characters, padded with NUL. */
function paddedName(bytes: Buffer, at: number): string {
  return bytes.toString('latin1', at, at + KEY_NAME_BYTES).replace(/\0.*$/, '');
}

export interface KeyboardState {
  /** The layout in effect, 0 first. */
  readonly group: number;
  /** Modifiers that are locked, as a mask (CAPS_LOCK_MASK, …). */
  readonly lockedModifiers: number;
}

const stateBytes = new Uint8Array(18);

/** One round trip. XkbStateRec: group 0, locked_mods 9. */
export function readKeyboardState(x: XConnection): KeyboardState {
  xkb().XkbGetState(x.display, CORE_KEYBOARD, stateBytes);
  return { group: stateBytes[0]!, lockedModifiers: stateBytes[9]! };
}

/** Bits of the keyboard's lamps: 1 Caps, 2 Num, 4 Scroll on every rule set. One round trip. */
export function readIndicators(x: XConnection): number {
  const state = new Uint32Array(1);
  xkb().XkbGetIndicatorState(x.display, CORE_KEYBOARD, state);
  return state[0]!;
}

/** Locks or unlocks the modifiers of `affect`, without a key being pressed. */
export function lockModifiers(x: XConnection, affect: number, values: number): void {
  xkb().XkbLockModifiers(x.display, CORE_KEYBOARD, affect, values);
}

/** From Xlib's copy of the mapping: no round trip unless it is old. 0 is NoSymbol. */
export function keysymOf(x: XConnection, keycode: number, group: number, level: number): number {
  return xkb().XkbKeycodeToKeysym(x.display, keycode, group, level);
}

export function keycodeRange(x: XConnection): { min: number; max: number } {
  const [min, max] = [new Int32Array(1), new Int32Array(1)];
  xkb().XDisplayKeycodes(x.display, min, max);
  return { min: min[0]!, max: max[0]! };
}

/** Keycodes that type nothing in any layout, ascending. One round trip. */
export function readUnusedKeycodes(x: XConnection): number[] {
  const { min, max } = keycodeRange(x);
  const perKeycode = new Int32Array(1);
  const pointer = xkb().XGetKeyboardMapping(x.display, min, max - min + 1, perKeycode);
  if (!pointer) return [];
  const width = perKeycode[0]!;
  try {
    const keysyms = new BigUint64Array(koffi.view(pointer, (max - min + 1) * width * 8));
    return Array.from({ length: max - min + 1 }, (_, i) => min + i).filter((keycode) =>
      keysyms
        .subarray((keycode - min) * width, (keycode - min + 1) * width)
        .every((keysym) => keysym === 0n),
    );
  } finally {
    xlib().XFree(pointer);
  }
}

/**
 * Makes neighbouring keycodes type one keysym each, with or without Shift; 0 takes it away again.
 * The server tells every application, before any later key event.
 */
export function bindKeycodes(
  x: XConnection,
  firstKeycode: number,
  keysyms: readonly number[],
): void {
  const PER_KEYCODE = 2;
  const both = BigUint64Array.from(keysyms.flatMap((keysym) => [BigInt(keysym), BigInt(keysym)]));
  xkb().XChangeKeyboardMapping(x.display, firstKeycode, PER_KEYCODE, both, keysyms.length);
}

/** XKeyboardState on LP64: auto_repeats, one bit per keycode, 28-59; 64 bytes. */
const KEYBOARD_STATE_BYTES = 64;

/** Does the server repeat this key while it is down? One round trip. */
export function readRepeatingKeys(x: XConnection): (keycode: number) => boolean {
  const state = new Uint8Array(KEYBOARD_STATE_BYTES);
  xkb().XGetKeyboardControl(x.display, state);
  return (keycode) => ((state[28 + (keycode >> 3)]! >> (keycode & 7)) & 1) === 1;
}

const control = new Int32Array(8);

/** Switches the server's repeat of one key. XKeyboardControl: key 6th, auto_repeat_mode 7th int. */
export function setKeyRepeat(x: XConnection, keycode: number, on: boolean): void {
  control[6] = keycode;
  control[7] = on ? 1 : 0;
  xkb().XChangeKeyboardControl(x.display, KEY_REPEAT_MASK, control);
}

/** Keycodes that are down now, whoever presses them. One round trip. */
export function readPressedKeycodes(x: XConnection): number[] {
  const keys = new Uint8Array(32);
  xkb().XQueryKeymap(x.display, keys);
  return Array.from({ length: 256 }, (_, keycode) => keycode).filter(
    (keycode) => ((keys[keycode >> 3]! >> (keycode & 7)) & 1) === 1,
  );
}
