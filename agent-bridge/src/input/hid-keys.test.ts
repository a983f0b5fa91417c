import { KNOWN_CODES, usageOf } from '@guruconnect/contract/input/key-codes';
import { describe, expect, it } from 'vitest';
import { isModifierUsage, keycodeOf, MAPPED_USAGES } from './hid-keys.ts';

const NO_NAMES = new Map<string, number>();

describe('physical keys on X', () => {
  it.each(KNOWN_CODES)('%s, which the viewer can send, has its place', (code) => {
    expect(MAPPED_USAGES).toContain(usageOf(code));
  });

  it('no two keys share a place, save the two names of the ISO backslash', () => {
    const placed = MAPPED_USAGES.filter((usage) => usage !== 0x32).map((usage) =>
      keycodeOf(usage, NO_NAMES),
    );
    expect(new Set(placed).size).toBe(placed.length);
    expect(keycodeOf(0x32, NO_NAMES)).toBe(keycodeOf(0x31, NO_NAMES));
  });

  // Keycodes of /usr/share/X11/xkb/keycodes/evdev, picked by hand from each block of the keyboard.
  it.each([
    ['KeyA', 38],
    ['KeyQ', 24],
    ['KeyM', 58],
    ['KeyZ', 52],
    ['Digit1', 10],
    ['Digit0', 19],
    ['Enter', 36],
    ['Backquote', 49],
    ['F1', 67],
    ['F10', 76],
    ['F11', 95],
    ['F12', 96],
    ['F13', 191],
    ['F24', 202],
    ['Numpad0', 90],
    ['Numpad1', 87],
    ['Numpad5', 84],
    ['Numpad9', 81],
    ['NumpadEnter', 104],
    ['IntlBackslash', 94],
    ['ArrowUp', 111],
    ['ControlRight', 105],
    ['AltRight', 108],
    ['MetaLeft', 133],
    ['ContextMenu', 135],
    ['IntlRo', 97],
    ['Convert', 100],
    ['AudioVolumeUp', 123],
  ])('%s is keycode %i on a server that tells no names (evdev)', (code, keycode) => {
    expect(keycodeOf(usageOf(code)!, NO_NAMES)).toBe(keycode);
  });

  it('goes by the name the server gives, not by evdev', () => {
    const xfree86 = new Map([
      ['UP', 98],
      ['RCTL', 109],
      ['MENU', 117],
    ]);
    expect(keycodeOf(usageOf('ArrowUp')!, xfree86)).toBe(98);
    expect(keycodeOf(usageOf('ControlRight')!, xfree86)).toBe(109);
    expect(keycodeOf(usageOf('ContextMenu')!, xfree86)).toBe(117); // COMP elsewhere
  });

  it('never guesses a keycode on a server that has names but lacks the key', () => {
    expect(keycodeOf(usageOf('Lang3')!, new Map([['UP', 98]]))).toBeUndefined();
  });

  it('knows nothing outside the table', () => {
    for (const usage of [0, 1, 2, 3, 0xa5, 0xe8, 0xffff])
      expect(keycodeOf(usage, NO_NAMES)).toBeUndefined();
  });

  it('calls exactly the eight modifiers modifiers', () => {
    expect(MAPPED_USAGES.filter(isModifierUsage)).toEqual([
      0xe0, 0xe1, 0xe2, 0xe3, 0xe4, 0xe5, 0xe6, 0xe7,
    ]);
  });
});
