// Text that came from elsewhere, made fit to be shown where a person decides by it. Pure.
//
// A name must not be able to look like another one or to disturb the words around it (Unicode TR 36
// and TS 39): control and format characters (bidirectional overrides, zero-width ones), private-use
// and unassigned characters, look-like-nothing letters and towers of combining marks are taken out,
// white space becomes one space, length is limited in what a reader calls characters.

/** Letters and symbols that are drawn as nothing: Hangul fillers, Braille blank, Khmer inherents. */
const INVISIBLE = /[\u115f\u1160\u3164\uffa0\u2800\u17b4\u17b5\ufe00-\ufe0f\u{e0100}-\u{e01ef}]/gu;
const NOT_SHOWABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}]/gu;
const SPACES = /[\s\p{Z}]+/gu;
/** More marks on one letter than any living script writes. */
const TOWER_OF_MARKS = /(\p{M}{3})\p{M}+/gu;

const graphemes = new Intl.Segmenter('und', { granularity: 'grapheme' });

/** What may be shown of `text`; empty when nothing is left. Longer text ends in "…". */
export function shownText(text: string, maxGraphemes: number): string {
  const clean = text
    .normalize('NFC')
    .replace(SPACES, ' ') // before controls go: a line end separates words
    .replace(NOT_SHOWABLE, '')
    .replace(INVISIBLE, '')
    .replace(TOWER_OF_MARKS, '$1')
    .replace(SPACES, ' ')
    .trim();
  return truncate(clean, maxGraphemes);
}

/** At most so many graphemes, the last one "…" when something was cut. */
export function truncate(text: string, maxGraphemes: number): string {
  const all = [...graphemes.segment(text)];
  if (all.length <= maxGraphemes) return text;
  const kept = all.slice(0, Math.max(0, maxGraphemes - 1)).map(({ segment }) => segment);
  return `${kept.join('').trimEnd()}…`;
}

/** One or two letters that stand for a name in a badge; one where the script has no capitals. */
export function initialsOf(name: string): string {
  const words = name.split(/[\s\p{P}]+/u).filter((word) => /^[\p{L}\p{N}]/u.test(word));
  const first = firstLetter(words[0]);
  const last = words.length > 1 ? firstLetter(words.at(-1)) : '';
  return isCased(first) && isCased(last) ? first + last : first;
}

const firstLetter = (word = ''): string =>
  (graphemes.segment(word).containing(0)?.segment ?? '').toLocaleUpperCase('en');

const isCased = (letter: string): boolean => letter !== letter.toLocaleLowerCase('en');
