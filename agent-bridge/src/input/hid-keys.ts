// Physical keys: USB HID usage (page 7) -> where that key is on an X server. Pure.
//
// X knows a physical key by its XKB key name ("AC01": third row, first key), whatever keycode the
// server's driver gives it; evdev servers, Xvfb and VNC servers number their keys differently. The
// names are those of /usr/share/X11/xkb/keycodes, one after another where the rule sets disagree.
// The evdev code (input-event-codes.h; X keycode = code + 8) serves servers that tell no names.

interface PhysicalKey {
  readonly xkbNames: readonly string[];
  readonly evdevCode: number;
}

/** First keycode of X minus first code of evdev (X11 protocol: keycodes start at 8). */
const EVDEV_OFFSET = 8;

const row = (
  firstUsage: number,
  names: readonly string[],
  firstEvdevCode: number,
): [number, PhysicalKey][] =>
  names.map((name, i) => [firstUsage + i, { xkbNames: [name], evdevCode: firstEvdevCode + i }]);

const key = (usage: number, names: string, evdevCode: number): [number, PhysicalKey] => [
  usage,
  { xkbNames: names.split(' '), evdevCode },
];

const numbered = (prefix: string, from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, i) => prefix + String(from + i).padStart(2, '0'));

// HID orders letters by the alphabet, X by their place on a US keyboard.
const LETTERS: [number, PhysicalKey][] = [
  ...[...'QWERTYUIOP'].map((letter, i) => letterKey(letter, `AD${pad(i + 1)}`, 16 + i)),
  ...[...'ASDFGHJKL'].map((letter, i) => letterKey(letter, `AC${pad(i + 1)}`, 30 + i)),
  ...[...'ZXCVBNM'].map((letter, i) => letterKey(letter, `AB${pad(i + 1)}`, 44 + i)),
];

function pad(n: number): string {
  return String(n).padStart(2, '0');
}

function letterKey(letter: string, name: string, evdevCode: number): [number, PhysicalKey] {
  return key(0x04 + letter.charCodeAt(0) - 'A'.charCodeAt(0), name, evdevCode);
}

const KEYS: ReadonlyMap<number, PhysicalKey> = new Map([
  ...LETTERS,
  ...row(0x1e, numbered('AE', 1, 10), 2), // 1 … 9, 0
  key(0x28, 'RTRN', 28),
  key(0x29, 'ESC', 1),
  key(0x2a, 'BKSP', 14),
  key(0x2b, 'TAB', 15),
  key(0x2c, 'SPCE', 57),
  key(0x2d, 'AE11', 12), // - _
  key(0x2e, 'AE12', 13), // = +
  key(0x2f, 'AD11', 26), // [ {
  key(0x30, 'AD12', 27), // ] }
  key(0x31, 'BKSL AC12', 43), // \ |
  key(0x32, 'BKSL AC12', 43), // the same key on ISO keyboards ("non-US # ~")
  key(0x33, 'AC10', 39), // ; :
  key(0x34, 'AC11', 40), // ' "
  key(0x35, 'TLDE AE00', 41), // ` ~
  key(0x36, 'AB08', 51), // , <
  key(0x37, 'AB09', 52), // . >
  key(0x38, 'AB10', 53), // / ?
  key(0x39, 'CAPS', 58),
  ...row(0x3a, numbered('FK', 1, 10), 59),
  ...row(0x44, numbered('FK', 11, 12), 87),
  key(0x46, 'PRSC', 99),
  key(0x47, 'SCLK', 70),
  key(0x48, 'PAUS', 119),
  key(0x49, 'INS', 110),
  key(0x4a, 'HOME', 102),
  key(0x4b, 'PGUP', 104),
  key(0x4c, 'DELE', 111),
  key(0x4d, 'END', 107),
  key(0x4e, 'PGDN', 109),
  key(0x4f, 'RGHT', 106),
  key(0x50, 'LEFT', 105),
  key(0x51, 'DOWN', 108),
  key(0x52, 'UP', 103),
  key(0x53, 'NMLK', 69),
  key(0x54, 'KPDV', 98),
  key(0x55, 'KPMU', 55),
  key(0x56, 'KPSU', 74),
  key(0x57, 'KPAD', 78),
  key(0x58, 'KPEN', 96),
  ...row(0x59, ['KP1', 'KP2', 'KP3'], 79),
  ...row(0x5c, ['KP4', 'KP5', 'KP6'], 75),
  ...row(0x5f, ['KP7', 'KP8', 'KP9'], 71),
  key(0x62, 'KP0', 82),
  key(0x63, 'KPDL', 83),
  key(0x64, 'LSGT', 86),
  key(0x65, 'COMP MENU', 127),
  key(0x66, 'POWR', 116),
  key(0x67, 'KPEQ', 117),
  ...row(0x68, numbered('FK', 13, 24), 183),
  key(0x75, 'HELP', 138),
  key(0x7a, 'UNDO', 131),
  key(0x7b, 'CUT', 137),
  key(0x7c, 'COPY', 133),
  key(0x7d, 'PAST', 135),
  key(0x7e, 'FIND', 136),
  key(0x7f, 'MUTE', 113),
  key(0x80, 'VOL+', 115),
  key(0x81, 'VOL-', 114),
  key(0x85, 'KPCO I129', 121),
  key(0x87, 'AB11', 89), // IntlRo
  key(0x88, 'HKTG', 93), // KanaMode
  key(0x89, 'AE13', 124), // IntlYen
  key(0x8a, 'HENK XFER', 92), // Convert
  key(0x8b, 'MUHE NFER', 94), // NonConvert
  key(0x90, 'HNGL', 122), // Lang1
  key(0x91, 'HJCV', 123), // Lang2
  key(0x92, 'KATA', 90), // Lang3
  key(0x93, 'HIRA', 91), // Lang4
  key(0x94, 'HZTG', 85), // Lang5
  key(0xe0, 'LCTL', 29),
  key(0xe1, 'LFSH', 42),
  key(0xe2, 'LALT', 56),
  key(0xe3, 'LWIN LMTA', 125),
  key(0xe4, 'RCTL', 97),
  key(0xe5, 'RTSH', 54),
  key(0xe6, 'RALT LVL3', 100),
  key(0xe7, 'RWIN RMTA', 126),
]);

/** Usages that X can have a key for. */
export const MAPPED_USAGES: readonly number[] = [...KEYS.keys()];

export const SHIFT_LEFT_USAGE = 0xe1;

/** Control, Shift, Alt and Meta, left and right (HID Usage Tables 1.5, section 10). */
export const isModifierUsage = (usage: number): boolean => usage >= 0xe0 && usage <= 0xe7;

/**
 * X keycode of a physical key, or undefined when this server has no such key.
 * @param keycodeByName the server's XKB key names with aliases; empty when it tells none.
 */
export function keycodeOf(
  usage: number,
  keycodeByName: ReadonlyMap<string, number>,
): number | undefined {
  const physical = KEYS.get(usage);
  if (!physical) return undefined;
  if (keycodeByName.size === 0) return physical.evdevCode + EVDEV_OFFSET;
  for (const name of physical.xkbNames) {
    const keycode = keycodeByName.get(name);
    if (keycode !== undefined) return keycode;
  }
  return undefined;
}
