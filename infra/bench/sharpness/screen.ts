// The screen itself, as the X server holds it: what a viewer's picture is compared with.
import { openScreenReader } from '@guruconnect/agent-bridge/x11/screen-reader';
import { XConnection } from '@guruconnect/agent-bridge/x11/x-connection';
import type { Area } from './open-text-page.ts';
import type { Plane } from './similarity.ts';

/** Red, green, blue. */
export type Rgb = readonly [Plane, Plane, Plane];

export class Screen implements Disposable {
  readonly #connection: XConnection;
  readonly #area: Area;

  constructor(display: string, area: Area) {
    this.#connection = XConnection.open(display);
    this.#area = area;
  }

  read(): Rgb {
    const { widthPx, heightPx } = this.#area;
    const reader = openScreenReader(this.#connection, this.#area);
    try {
      reader.read(0, heightPx);
      return planes(reader.pixels, reader.strideBytes, [2, 1, 0], widthPx, heightPx);
    } finally {
      reader.close();
    }
  }

  [Symbol.dispose](): void {
    this.#connection.close();
  }
}

/** What a canvas gives: RGBA, rows without padding. */
export function fromCanvas(pixels: Buffer, widthPx: number, heightPx: number): Rgb {
  return planes(pixels, widthPx * 4, [0, 1, 2], widthPx, heightPx);
}

/** ITU-R BT.709-6: what the eye takes for brightness. */
export function lumaOf([red, green, blue]: Rgb): Plane {
  const values = red.values.map(
    (r, i) => 0.2126 * r + 0.7152 * (green.values[i] ?? 0) + 0.0722 * (blue.values[i] ?? 0),
  );
  return { ...red, values };
}

function planes(
  pixels: Buffer,
  strideBytes: number,
  order: readonly [number, number, number],
  widthPx: number,
  heightPx: number,
): Rgb {
  const plane = (offset: number): Plane => {
    const values = new Float32Array(widthPx * heightPx);
    for (let y = 0; y < heightPx; y += 1)
      for (let x = 0; x < widthPx; x += 1)
        values[y * widthPx + x] = pixels[y * strideBytes + x * 4 + offset] ?? 0;
    return { widthPx, heightPx, values };
  };
  return [plane(order[0]), plane(order[1]), plane(order[2])];
}
