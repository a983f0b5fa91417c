// Right-to-left text for renderers that draw strictly from left to right: FriBidi reorders a line and
// joins Arabic letters, where it is installed; without it such text stays in logical order.
import { bind, lazy, NativeLibraryError } from './xlib.ts';

const FRIBIDI_PAR_LTR = 0x110;
const FRIBIDI_PAR_RTL = 0x111;
/** What FriBidi leaves where two letters became one. */
const FRIBIDI_FILL = '\ufeff';

const fribidi = lazy(() => {
  try {
    return bind<
      (
        text: Uint32Array,
        length: number,
        base: Uint32Array,
        visual: Uint32Array,
        toVisual: null,
        toLogical: null,
        levels: null,
      ) => number
    >(
      'fribidi',
      'int fribidi_log2vis(void *text, int length, void *base, void *visual, void *to_visual, void *to_logical, void *levels)',
    );
  } catch (error) {
    if (error instanceof NativeLibraryError) return undefined; // then right-to-left stays in logical order
    throw error;
  }
});

const LATIN_LETTERS = /\p{Script=Latin}/gu;
const RIGHT_TO_LEFT =
  /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/gu;

/** One line as it is drawn from left to right: reordered, Arabic letters in their joined forms. */
export function visualOrder(line: string): string {
  const rightToLeft = line.match(RIGHT_TO_LEFT)?.length ?? 0;
  if (rightToLeft === 0) return line;
  const log2vis = fribidi();
  if (!log2vis) return line;
  const logical = Uint32Array.from(line, (character) => character.codePointAt(0)!);
  const visual = new Uint32Array(logical.length + 1);
  // By majority: an English sentence that starts with an Arabic name stays an English sentence.
  const latin = line.match(LATIN_LETTERS)?.length ?? 0;
  const base = Uint32Array.of(rightToLeft > latin ? FRIBIDI_PAR_RTL : FRIBIDI_PAR_LTR);
  if (!log2vis(logical, logical.length, base, visual, null, null, null)) return line;
  return String.fromCodePoint(...visual.subarray(0, logical.length)).replaceAll(FRIBIDI_FILL, '');
}
