// A screen without a screen: colour bars with a square that wanders down, for tests and for agents
// on machines whose display cannot be opened. Everything about it is predictable.
import type { ScreenCapture } from './capture.ts';
import type { Picture } from './frame.ts';
import type { RowBands } from './row-bands.ts';

/** BGRX of the bars, left to right. */
const BARS = [0xffffff, 0xffff00, 0x00ffff, 0x00ff00, 0xff00ff, 0xff0000, 0x0000ff, 0x000000];
const SQUARE_PX = 32;
const SQUARE_COLOUR = 0x808080;

export interface TestPatternOptions {
  readonly widthPx: number;
  readonly heightPx: number;
  /** How often the square moves; 0: a still picture. */
  readonly changesPerSecond: number;
}

export class TestPatternCapture implements ScreenCapture {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly #changesPerSecond: number;
  #timer: NodeJS.Timeout | undefined;
  #pictureIsNew = true;
  #announced = false;
  #step = 0;
  #drawnStep = 0;

  constructor(options: TestPatternOptions) {
    this.widthPx = options.widthPx;
    this.heightPx = options.heightPx;
    this.#changesPerSecond = options.changesPerSecond;
  }

  start(onChange: () => void): void {
    this.stop();
    this.#pictureIsNew = true;
    this.#announced = false;
    if (this.#changesPerSecond === 0) return;
    this.#timer = setInterval(() => {
      this.#step++;
      if (this.#announced) return;
      this.#announced = true;
      onChange();
    }, 1000 / this.#changesPerSecond);
  }

  grab(picture: Picture, changed: RowBands): void {
    this.#announced = false;
    if (this.#pictureIsNew) {
      this.#pictureIsNew = false;
      this.#paintBars(picture, 0, this.heightPx);
      changed.addAll();
    } else if (this.#step === this.#drawnStep) {
      return;
    }
    const before = this.#squareTop(this.#drawnStep);
    const now = this.#squareTop(this.#step);
    this.#paintBars(picture, before, SQUARE_PX);
    paintRect(picture, { x: 0, y: now, widthPx: SQUARE_PX, heightPx: SQUARE_PX }, SQUARE_COLOUR);
    changed.addRows(before, SQUARE_PX);
    changed.addRows(now, SQUARE_PX);
    this.#drawnStep = this.#step;
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  close(): void {
    this.stop();
  }

  #squareTop(step: number): number {
    return (step * 8) % Math.max(1, this.heightPx - SQUARE_PX);
  }

  #paintBars(picture: Picture, top: number, rows: number): void {
    const barPx = Math.ceil(this.widthPx / BARS.length);
    for (const [n, colour] of BARS.entries()) {
      paintRect(picture, { x: n * barPx, y: top, widthPx: barPx, heightPx: rows }, colour);
    }
  }
}

/** Fills a rectangle with 0xRRGGBB, cut to the picture. */
export function paintRect(
  picture: Picture,
  rect: { x: number; y: number; widthPx: number; heightPx: number },
  colour: number,
): void {
  const right = Math.min(rect.x + rect.widthPx, picture.widthPx);
  const bottom = Math.min(rect.y + rect.heightPx, picture.heightPx);
  for (let y = Math.max(rect.y, 0); y < bottom; y++) {
    for (let x = Math.max(rect.x, 0); x < right; x++) {
      picture.pixels.writeUInt32LE(colour, y * picture.strideBytes + x * 4);
    }
  }
}
