import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitLine, wrapText } from './text-wrap.ts';

/** Every character is one wide, so widths can be counted. */
const widthOf = (text: string): number => [...text].length;
const wrap = (text: string, width: number, lines = 9): string[] =>
  wrapText(text, width, lines, widthOf);

describe('wrapping', () => {
  it.each([
    ['one two three', 9, ['one two', 'three']],
    ['one two', 7, ['one two']],
    ['end. Next', 5, ['end.', 'Next']],
    ['a (bc) d', 4, ['a', '(bc)', 'd']],
    ['abcdefghij', 4, ['abcd', 'efgh', 'ij']],
    ['日本語の文章です', 4, ['日本語の', '文章です']],
    ['', 5, []],
  ])('%j at %i is %j', (text, width, lines) => {
    expect(wrap(text, width)).toEqual(lines);
  });

  it('ends in an ellipsis when there is more, within the width', () => {
    expect(wrap('one two three four', 8, 2)).toEqual(['one two', 'three…']);
    expect(wrap('aaaa bbbb cccc', 4, 1)).toEqual(['aaa…']);
  });

  it('no line is wider than allowed, none is lost below the limit, none is above it', () => {
    const text = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', '.', '(', '日', 'é', '-') }));
    fc.assert(
      fc.property(
        text,
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 5 }),
        (words, width, max) => {
          const whole = words.filter(Boolean).join(' ');
          const lines = wrap(whole, width, max);
          expect(lines.length).toBeLessThanOrEqual(max);
          for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(width);
          if (!lines.at(-1)?.endsWith('…'))
            expect(lines.join('').replaceAll(' ', '')).toBe(whole.replaceAll(' ', ''));
        },
      ),
    );
  });

  it('a single line is cut at its end', () => {
    expect(fitLine('abcdef', 4, widthOf)).toBe('abc…');
    expect(fitLine('abcd', 4, widthOf)).toBe('abcd');
  });
});
