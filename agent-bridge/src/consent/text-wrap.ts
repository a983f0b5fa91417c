// Breaking text into lines of a given width. Pure: the width of a line comes in as a function.
// Word boundaries by Unicode (UAX 29 through Intl.Segmenter), so that Chinese, Japanese and Thai
// break where their readers expect; a word too long for a line breaks between its characters.

const words = new Intl.Segmenter('und', { granularity: 'word' });
const graphemes = new Intl.Segmenter('und', { granularity: 'grapheme' });

export type WidthOf = (text: string) => number;

/** At most `maxLines` lines; when text is left over the last one ends in "…". */
export function wrapText(
  text: string,
  maxWidth: number,
  maxLines: number,
  widthOf: WidthOf,
): string[] {
  const lines: string[] = [];
  let line = '';
  for (const piece of pieces(text, maxWidth, widthOf)) {
    if (line === '' || widthOf((line + piece).trimEnd()) <= maxWidth) {
      line += line === '' ? piece.trimStart() : piece;
      continue;
    }
    lines.push(line.trimEnd());
    line = piece.trimStart();
    if (lines.length === maxLines) break;
  }
  if (lines.length < maxLines) {
    if (line.trimEnd() !== '') lines.push(line.trimEnd());
    return lines;
  }
  if (line.trimEnd() !== '')
    lines[maxLines - 1] = ellipsised(lines[maxLines - 1]!, maxWidth, widthOf);
  return lines;
}

/** One line, cut with "…" where it is too wide. */
export function fitLine(text: string, maxWidth: number, widthOf: WidthOf): string {
  return widthOf(text) <= maxWidth ? text : ellipsised(text, maxWidth, widthOf);
}

function ellipsised(line: string, maxWidth: number, widthOf: WidthOf): string {
  const kept = [...graphemes.segment(line)].map(({ segment }) => segment);
  while (kept.length > 0 && widthOf(`${kept.join('').trimEnd()}…`) > maxWidth) kept.pop();
  return `${kept.join('').trimEnd()}…`;
}

/** Words with the punctuation that sticks to them; words wider than a line in their characters. */
function* pieces(text: string, maxWidth: number, widthOf: WidthOf): Generator<string> {
  let piece = '';
  for (const { segment, isWordLike } of words.segment(text)) {
    const opensPiece = isWordLike === true || segment === ' ';
    if (opensPiece && piece !== '' && !/[\p{Ps}\p{Pi}"'#@$€£]$/u.test(piece)) {
      yield* fitting(piece, maxWidth, widthOf);
      piece = '';
    }
    piece += segment;
  }
  if (piece !== '') yield* fitting(piece, maxWidth, widthOf);
}

function* fitting(piece: string, maxWidth: number, widthOf: WidthOf): Generator<string> {
  if (widthOf(piece.trimStart()) <= maxWidth) return yield piece; // a new line drops the space
  for (const { segment } of graphemes.segment(piece)) yield segment;
}
