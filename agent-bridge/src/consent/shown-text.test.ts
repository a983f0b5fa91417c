import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { initialsOf, shownText, truncate } from './shown-text.ts';

describe('text that is shown', () => {
  it.each([
    ['is left alone when harmless', 'Ana Petrović', 'Ana Petrović'],
    [
      'keeps every script',
      '山田 太郎 Ελένη Дмитрий محمد דוד สมชาย',
      '山田 太郎 Ελένη Дмитрий محمد דוד สมชาย',
    ],
    ['loses bidirectional overrides', 'Ana \u202egro.live\u202c', 'Ana gro.live'],
    ['loses isolates and marks', '\u2066Ana\u2069\u200e\u200f', 'Ana'],
    ['loses zero-width characters', 'A\u200bn\u200ca\u200d\ufeff', 'Ana'],
    ['loses control characters', 'An\x07a\x1b[2J\x00', 'Ana[2J'],
    [
      'puts line ends and odd spaces as one space',
      ' Ana\r\n\t\u00a0\u3000Petrović\u2028 ',
      'Ana Petrović',
    ],
    ['loses letters that look like nothing', 'A\u3164\u115f\u2800na', 'Ana'],
    ['loses private-use characters', 'Ana\ue000\u{f0000}', 'Ana'],
    ['loses lone surrogates', 'An\ud800a', 'Ana'],
    ['is composed', 'Petrovic\u0301', 'Petrović'],
    ['is empty when nothing is left', '\u200b\u202e \u3164', ''],
  ])('%s', (_, text, shown) => {
    expect(shownText(text, 100)).toBe(shown);
  });

  it('has no towers of marks', () => {
    expect(shownText(`Z${'\u0300'.repeat(40)}a`, 100)).toBe('Z\u0300\u0300\u0300a');
  });

  it('is limited in what readers call characters', () => {
    expect(shownText('x'.repeat(50), 10)).toBe('xxxxxxxxx…');
    expect(shownText('👨‍👩‍👧 family', 100)).not.toContain('\u200d');
    expect(truncate('नमस्ते', 3)).toBe('नमस्ते'); // three, though six code points
    expect(truncate('नमस्ते', 2)).toBe('न…');
    expect(truncate('ab', 2)).toBe('ab');
  });

  it('never holds what could disturb the words around it, and cleaning twice changes nothing', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        const shown = shownText(text, 40);
        expect(shown).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\u2028\u2029]/u);
        expect(shown).toBe(shown.trim());
        expect(shown).not.toContain('  ');
        expect(shownText(shown, 40)).toBe(shown);
      }),
    );
  });
});

describe('initials', () => {
  it.each([
    ['Ana Petrović', 'AP'],
    ['ana', 'A'],
    ['Anna Maria von Hohenzollern', 'AH'],
    ['O’Brien (Acme)', 'OA'],
    ['山田 太郎', '山'],
    ['محمد علي', 'م'],
    ['élodie Duval', 'ÉD'],
    ['***', ''],
  ])('of %s are %s', (name, initials) => {
    expect(initialsOf(name)).toBe(initials);
  });
});
