// A window of ours on X11 that shows a Drawing: fonts, picture, screen. Shared by the consent prompt
// and the live indicator; owned by whoever opened it.
import type { XConnection } from '../x11/x-connection.ts';
import { Raster } from '../x11/raster.ts';
import { FontStack } from '../x11/xft.ts';
import { XWindow, type XWindowOptions } from '../x11/x-window.ts';
import {
  COLOURS,
  TEXT_STYLES,
  type Drawing,
  type Rect,
  type TextMeasure,
  type TextStyle,
} from './drawing.ts';

/** Fonts of every text style at one scale; opened when first used. */
export class X11Fonts implements TextMeasure {
  readonly #x: XConnection;
  readonly #scale: number;
  readonly #stacks = new Map<TextStyle, FontStack>();

  constructor(x: XConnection, scale: number) {
    this.#x = x;
    this.#scale = scale;
  }

  stackOf(style: TextStyle): FontStack {
    const known = this.#stacks.get(style);
    if (known) return known;
    const { sizePx, bold } = TEXT_STYLES[style];
    const stack = new FontStack(this.#x, { sizePx: Math.round(sizePx * this.#scale), bold });
    this.#stacks.set(style, stack);
    return stack;
  }

  widthOf(text: string, style: TextStyle): number {
    return this.stackOf(style).widthPx(text);
  }

  ascentOf(style: TextStyle): number {
    return this.stackOf(style).ascentPx;
  }

  descentOf(style: TextStyle): number {
    return this.stackOf(style).descentPx;
  }

  close(): void {
    for (const stack of this.#stacks.values()) stack.close();
    this.#stacks.clear();
  }
}

export class X11DrawingWindow {
  readonly window: XWindow;
  readonly #fonts: X11Fonts;

  constructor(x: XConnection, fonts: X11Fonts, options: XWindowOptions) {
    this.window = new XWindow(x, options);
    this.#fonts = fonts;
  }

  /** Paints all and brings `part` of it to the screen. A few ms for a prompt: not for hot paths. */
  draw(drawing: Drawing, part: Rect = wholeOf(drawing), ground: number = COLOURS.ground): void {
    const raster = new Raster(drawing.width, drawing.height);
    raster.fillBox(wholeOf(drawing), 0, ground);
    for (const box of drawing.boxes) {
      if (box.fill !== undefined) raster.fillBox(box, box.radius, box.fill);
      if (box.stroke) raster.strokeBox(box, box.radius, box.stroke.thickness, box.stroke.colour);
    }
    this.window.paint(
      raster,
      drawing.texts.map(({ style, ...text }) => ({ ...text, fonts: this.#fonts.stackOf(style) })),
    );
    this.window.present(part);
  }

  close(): void {
    this.window.close();
  }
}

export const wholeOf = ({ width, height }: { width: number; height: number }): Rect => ({
  x: 0,
  y: 0,
  width,
  height,
});
