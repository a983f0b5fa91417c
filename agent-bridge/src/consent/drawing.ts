// What a window of ours looks like, as data: boxes and lines of text in pixels. Pure; made by the
// layouts, carried out by the platform's windows.

/** 0xRRGGBB. */
export type Colour = number;

export type TextStyle =
  'heading' | 'name' | 'body' | 'small' | 'button' | 'initials' | 'indicator' | 'indicatorButton';

/** Size in pixels at scale 1, and weight. */
export const TEXT_STYLES: Record<TextStyle, { readonly sizePx: number; readonly bold: boolean }> = {
  heading: { sizePx: 19, bold: true },
  name: { sizePx: 15, bold: true },
  body: { sizePx: 14, bold: false },
  small: { sizePx: 12, bold: false },
  button: { sizePx: 14, bold: true },
  initials: { sizePx: 16, bold: true },
  indicator: { sizePx: 13, bold: false },
  indicatorButton: { sizePx: 12, bold: true },
};

export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export type DrawnBox = Rect & {
  readonly radius: number;
  readonly fill?: Colour | undefined;
  readonly stroke?: { readonly colour: Colour; readonly thickness: number } | undefined;
};

export interface DrawnText {
  readonly text: string;
  readonly style: TextStyle;
  readonly x: number;
  /** The line the letters stand on. */
  readonly baselineY: number;
  readonly colour: Colour;
}

export interface Drawing {
  readonly width: number;
  readonly height: number;
  /** Painted in order, then the texts. */
  readonly boxes: readonly DrawnBox[];
  readonly texts: readonly DrawnText[];
}

/** How wide and high text is on this platform, pixels at the scale in use. */
export interface TextMeasure {
  widthOf(text: string, style: TextStyle): number;
  ascentOf(style: TextStyle): number;
  descentOf(style: TextStyle): number;
}

export const contains = (rect: Rect, x: number, y: number): boolean =>
  x >= rect.x && y >= rect.y && x < rect.x + rect.width && y < rect.y + rect.height;

/** One neutral scale and one accent; red is kept for "live". */
export const COLOURS = {
  ground: 0xffffff,
  ink: 0x1c2127,
  muted: 0x59636e,
  panel: 0xf4f6f8,
  line: 0xd5dbe1,
  accent: 0x0b5cad,
  accentDark: 0x084a8c,
  onAccent: 0xffffff,
  disabled: 0xa3acb5,
  dark: 0x1c2127,
  darkRaised: 0x353d46,
  onDark: 0xffffff,
  live: 0xff5a52,
} as const;
