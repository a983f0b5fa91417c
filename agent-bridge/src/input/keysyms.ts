// Unicode -> X keysym. Pure. Rule: Latin-1 keysyms are the code points themselves, every other
// character is 0x01000000 + code point (X11 protocol, appendix A, "Unicode keysyms").

const RETURN = 0xff0d;
const TAB = 0xff09;
const UNICODE_KEYSYMS = 0x0100_0000;

/** Keysym that types the character; undefined for control characters other than line end and tab. */
export function keysymOfCharacter(character: string): number | undefined {
  if (character === '\n' || character === '\r') return RETURN;
  if (character === '\t') return TAB;
  const codePoint = character.codePointAt(0);
  if (codePoint === undefined) return undefined;
  if (codePoint < 0x20 || (codePoint >= 0x7f && codePoint < 0xa0)) return undefined;
  if (codePoint >= 0xd800 && codePoint <= 0xdfff) return undefined;
  return codePoint < 0x100 ? codePoint : UNICODE_KEYSYMS + codePoint;
}

/** Keysyms of a text in order; "\r\n" is one line end. */
export function keysymsOfText(text: string): number[] {
  const keysyms: number[] = [];
  for (const character of text.replace(/\r\n?/g, '\n')) {
    const keysym = keysymOfCharacter(character);
    if (keysym !== undefined) keysyms.push(keysym);
  }
  return keysyms;
}

/** Control, Shift, Alt, Meta, Super, Hyper, Lock keysyms, Level 3 and 5 shifts, Num Lock. */
export const isModifierKeysym = (keysym: number): boolean =>
  (keysym >= 0xffe1 && keysym <= 0xffee) ||
  (keysym >= 0xfe01 && keysym <= 0xfe13) ||
  keysym === 0xff7e ||
  keysym === 0xff7f;
