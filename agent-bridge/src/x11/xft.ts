// Antialiased text on X: Xft draws, fontconfig chooses fonts. Xft itself draws a box for a character
// its font lacks; `FontStack` therefore keeps fontconfig's whole order of preference and splits text
// into runs. Right-to-left text is put into visual order first (bidi.ts).
import koffi from 'koffi';
import type { XConnection } from './x-connection.ts';
import { XError } from './x-error.ts';
import { visualOrder } from './bidi.ts';
import { bind, lazy, xlib, type DisplayPointer, type Xid } from './xlib.ts';

type Pointer = bigint;

const xft = lazy(() => ({
  FcNameParse: bind<(name: string) => Pointer | null>('fontconfig', 'void *FcNameParse(str name)'),
  FcConfigSubstitute: bind<(config: null, pattern: Pointer, kind: number) => number>(
    'fontconfig',
    'int FcConfigSubstitute(void *config, void *pattern, int kind)',
  ),
  FcFontSort: bind<
    (
      config: null,
      pattern: Pointer,
      trim: 0 | 1,
      charset: null,
      result: Int32Array,
    ) => Pointer | null
  >(
    'fontconfig',
    'void *FcFontSort(void *config, void *pattern, int trim, void *charset, void *result)',
  ),
  FcFontRenderPrepare: bind<(config: null, pattern: Pointer, font: Pointer) => Pointer | null>(
    'fontconfig',
    'void *FcFontRenderPrepare(void *config, void *pattern, void *font)',
  ),
  FcFontSetDestroy: bind<(set: Pointer) => void>('fontconfig', 'void FcFontSetDestroy(void *set)'),
  FcPatternDestroy: bind<(pattern: Pointer) => void>(
    'fontconfig',
    'void FcPatternDestroy(void *pattern)',
  ),
  XftDefaultSubstitute: bind<(d: DisplayPointer, screen: number, pattern: Pointer) => void>(
    'Xft',
    'void XftDefaultSubstitute(void *d, int screen, void *pattern)',
  ),
  XftFontOpenPattern: bind<(d: DisplayPointer, pattern: Pointer) => Pointer | null>(
    'Xft',
    'void *XftFontOpenPattern(void *d, void *pattern)',
  ),
  XftFontClose: bind<(d: DisplayPointer, font: Pointer) => void>(
    'Xft',
    'void XftFontClose(void *d, void *font)',
  ),
  XftCharExists: bind<(d: DisplayPointer, font: Pointer, character: number) => number>(
    'Xft',
    'int XftCharExists(void *d, void *font, uint32 character)',
  ),
  XftTextExtentsUtf8: bind<
    (d: DisplayPointer, font: Pointer, text: Uint8Array, bytes: number, out: Uint8Array) => void
  >('Xft', 'void XftTextExtentsUtf8(void *d, void *font, void *text, int bytes, void *out)'),
  XftDrawCreate: bind<
    (d: DisplayPointer, drawable: Xid, visual: Pointer, colormap: Xid) => Pointer | null
  >('Xft', 'void *XftDrawCreate(void *d, ulong drawable, void *visual, ulong colormap)'),
  XftDrawDestroy: bind<(draw: Pointer) => void>('Xft', 'void XftDrawDestroy(void *draw)'),
  XftDrawStringUtf8: bind<
    (
      draw: Pointer,
      colour: Uint8Array,
      font: Pointer,
      x: number,
      y: number,
      text: Uint8Array,
      bytes: number,
    ) => void
  >(
    'Xft',
    'void XftDrawStringUtf8(void *draw, void *colour, void *font, int x, int y, void *text, int bytes)',
  ),
  XDefaultColormap: bind<(d: DisplayPointer, screen: number) => Xid>(
    'X11',
    'ulong XDefaultColormap(void *d, int screen)',
  ),
}));

/**
 * Called before the first use of Xft on a connection. Xlib closes a connection's extensions last
 * opened first, and Xft frees its glyphs through RENDER when the connection closes: RENDER has to be
 * opened before it. Left to itself libXft 2.3.6 opens them the wrong way round; RENDER's remains are
 * then taken for those of the next connection that happens to get the same address, which sends made-up
 * requests and ends in "extra reply data" (the process aborts) or in waiting for ever.
 */
function openRenderFirst(x: XConnection): void {
  const there = xrender().XRenderQueryExtension(x.display, new Int32Array(1), new Int32Array(1));
  if (!there) throw new XError('display_unsupported', 'the X server has no RENDER extension');
}

const xrender = lazy(() => ({
  XRenderQueryExtension: bind<(d: DisplayPointer, ev: Int32Array, err: Int32Array) => number>(
    'Xrender',
    'int XRenderQueryExtension(void *d, void *ev, void *err)',
  ),
}));

const FC_MATCH_PATTERN = 0;
/** Fonts looked through for a character before it is drawn as a box. */
const MAX_FONTS = 64;

export interface FontStyle {
  readonly sizePx: number;
  readonly bold: boolean;
}

interface Run {
  readonly font: Pointer;
  readonly utf8: Buffer;
}

/** The desktop's sans-serif font in one size and weight, with all its stand-ins. */
export class FontStack {
  /** Pixels from the baseline to the top and to the bottom of the first font's letters. */
  readonly ascentPx: number;
  readonly descentPx: number;
  readonly #x: XConnection;
  readonly #pattern: Pointer;
  readonly #set: Pointer;
  readonly #candidates: readonly Pointer[];
  /** Opened when a character needs them: null is "cannot be opened". */
  readonly #opened: (Pointer | null)[] = [];
  readonly #fontByCharacter = new Map<string, Pointer>();

  /** Throws XError `display_unsupported` when there is no scalable font at all. */
  constructor(x: XConnection, style: FontStyle) {
    openRenderFirst(x);
    // Colour fonts (emoji) are left out: Xft cannot scale them.
    const name = `sans-serif:pixelsize=${style.sizePx}:weight=${style.bold ? 'bold' : 'regular'}:scalable=true:color=false`;
    const pattern = xft().FcNameParse(name);
    if (!pattern) throw new XError('display_unsupported', `no font pattern ${name}`);
    xft().FcConfigSubstitute(null, pattern, FC_MATCH_PATTERN);
    xft().XftDefaultSubstitute(x.display, x.screenNumber, pattern);
    const set = xft().FcFontSort(null, pattern, 1, null, new Int32Array(1));
    this.#x = x;
    this.#pattern = pattern;
    this.#set = set ?? 0n;
    this.#candidates = set ? candidatesOf(set) : [];
    const first = this.#open(0);
    if (!first) {
      this.close();
      throw new XError('display_unsupported', 'no font is installed');
    }
    const metrics = new DataView(koffi.view(first, 8)); // XftFont: ascent 0, descent 4
    this.ascentPx = metrics.getInt32(0, true);
    this.descentPx = metrics.getInt32(4, true);
  }

  /** Width of a line of text, pixels. */
  widthPx(text: string): number {
    const extents = new Uint8Array(12); // XGlyphInfo: xOff at 8
    let width = 0;
    for (const { font, utf8 } of this.#runs(text)) {
      xft().XftTextExtentsUtf8(this.#x.display, font, utf8, utf8.length, extents);
      width += new DataView(extents.buffer).getInt16(8, true);
    }
    return width;
  }

  /** Draws a line of text; `baselineYPx` is the line the letters stand on. */
  draw(target: TextTarget, text: string, xPx: number, baselineYPx: number, colour: number): void {
    const extents = new Uint8Array(12);
    let at = xPx;
    for (const { font, utf8 } of this.#runs(text)) {
      xft().XftDrawStringUtf8(
        target.draw,
        xftColour(colour),
        font,
        at,
        baselineYPx,
        utf8,
        utf8.length,
      );
      xft().XftTextExtentsUtf8(this.#x.display, font, utf8, utf8.length, extents);
      at += new DataView(extents.buffer).getInt16(8, true);
    }
  }

  /** Idempotent enough: called once by the owner, while the connection is open or after its loss. */
  close(): void {
    if (this.#x.isOpen)
      for (const font of this.#opened) if (font) xft().XftFontClose(this.#x.display, font);
    this.#opened.length = 0;
    this.#fontByCharacter.clear();
    if (this.#set) xft().FcFontSetDestroy(this.#set);
    xft().FcPatternDestroy(this.#pattern);
  }

  #runs(text: string): Run[] {
    const runs: { font: Pointer; text: string }[] = [];
    for (const character of visualOrder(text)) {
      const font = this.#fontOf(character);
      const last = runs.at(-1);
      if (last?.font === font) last.text += character;
      else runs.push({ font, text: character });
    }
    return runs.map((run) => ({ font: run.font, utf8: Buffer.from(run.text) }));
  }

  #fontOf(character: string): Pointer {
    const known = this.#fontByCharacter.get(character);
    if (known) return known;
    const codePoint = character.codePointAt(0)!;
    for (let i = 0; i < Math.min(this.#candidates.length, MAX_FONTS); i++) {
      const font = this.#open(i);
      if (!font || !xft().XftCharExists(this.#x.display, font, codePoint)) continue;
      this.#fontByCharacter.set(character, font);
      return font;
    }
    return this.#open(0)!; // its box for missing characters
  }

  #open(index: number): Pointer | null {
    const known = this.#opened[index];
    if (known !== undefined) return known;
    const candidate = this.#candidates[index];
    let font: Pointer | null = null;
    if (candidate) {
      const prepared = xft().FcFontRenderPrepare(null, this.#pattern, candidate);
      font = prepared && xft().XftFontOpenPattern(this.#x.display, prepared); // takes the pattern over
      if (prepared && !font) xft().FcPatternDestroy(prepared);
    }
    this.#opened[index] = font;
    return font;
  }
}

/** FcFontSet: nfont 0, fonts (FcPattern**) 8. */
function candidatesOf(set: Pointer): Pointer[] {
  const head = new DataView(koffi.view(set, 16));
  const count = head.getInt32(0, true);
  if (count === 0) return [];
  return [...new BigUint64Array(koffi.view(head.getBigUint64(8, true), count * 8))];
}

/** Where text can be drawn: a pixmap of the connection's default visual. */
export class TextTarget {
  readonly draw: Pointer;

  constructor(x: XConnection, drawable: Xid) {
    openRenderFirst(x);
    const visual = xlib().XDefaultVisual(x.display, x.screenNumber);
    const colormap = xft().XDefaultColormap(x.display, x.screenNumber);
    const draw = xft().XftDrawCreate(x.display, drawable, visual, colormap);
    if (!draw) throw new XError('display_unsupported', 'the X server cannot draw text with RENDER');
    this.draw = draw;
  }

  /** Only while the connection is open; its loss takes the server's part along. */
  close(): void {
    xft().XftDrawDestroy(this.draw);
  }
}

/** XftColor: pixel 0 (unused by RENDER), then red, green, blue, alpha as 16-bit values at 8. */
function xftColour(rgb: number): Uint8Array {
  const colour = new DataView(new ArrayBuffer(16));
  colour.setBigUint64(0, BigInt(rgb), true);
  [(rgb >> 16) & 0xff, (rgb >> 8) & 0xff, rgb & 0xff, 0xff].forEach((value, i) =>
    colour.setUint16(8 + 2 * i, value * 0x101, true),
  );
  return new Uint8Array(colour.buffer);
}
