import { describe, expect, it } from 'vitest';
import { codeOf, KNOWN_CODES, usageOf } from './key-codes.ts';

describe('key codes', () => {
  it('is one to one', () => {
    expect(new Set(KNOWN_CODES.map(usageOf)).size).toBe(KNOWN_CODES.length);
    for (const code of KNOWN_CODES) expect(codeOf(usageOf(code) ?? 0)).toBe(code);
  });

  it.each([
    ['KeyA', 0x04],
    ['KeyZ', 0x1d],
    ['Digit1', 0x1e],
    ['Digit0', 0x27],
    ['F1', 0x3a],
    ['F13', 0x68],
    ['F24', 0x73],
    ['Numpad1', 0x59],
    ['Numpad0', 0x62],
    ['MetaRight', 0xe7],
  ])('knows %s as the HID tables do', (code, usage) => {
    expect(usageOf(code)).toBe(usage);
  });

  it('does not know what has no place on page 7', () => {
    expect(usageOf('BrowserBack')).toBeUndefined();
    expect(codeOf(0)).toBeUndefined();
  });
});
