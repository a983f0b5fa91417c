import { describe, expect, it } from 'vitest';
import { isModifierKeysym, keysymOfCharacter, keysymsOfText } from './keysyms.ts';

describe('characters as keysyms', () => {
  it.each([
    ['a', 0x61],
    ['~', 0x7e],
    ['ß', 0xdf],
    ['€', 0x010020ac],
    ['漢', 0x01006f22],
    ['🙂', 0x0101f642],
    ['\n', 0xff0d],
    ['\t', 0xff09],
  ])('%j is 0x%x', (character, keysym) => {
    expect(keysymOfCharacter(character)).toBe(keysym);
  });

  it.each(['\0', '\x07', '\x1b', '\x7f', '\x85', '\ud800'])('%j types nothing', (character) => {
    expect(keysymOfCharacter(character)).toBeUndefined();
  });

  it('a line end of two characters is one Enter', () => {
    expect(keysymsOfText('a\r\nb\rc\n')).toEqual([0x61, 0xff0d, 0x62, 0xff0d, 0x63, 0xff0d]);
  });

  it('knows modifiers from letters', () => {
    expect([0xffe1, 0xffe5, 0xffeb, 0xfe03, 0xff7f].every(isModifierKeysym)).toBe(true);
    expect([0x61, 0xff0d, 0xffff, 0xffbe].some(isModifierKeysym)).toBe(false);
  });
});
