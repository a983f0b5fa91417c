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
    return fromBgrx(this.readBgrx(), this.#area);
  }

  /** Blue, green, red, nothing; rows without padding. */
  readBgrx(): Buffer {
    const reader = openScreenReader(this.#connection, this.#area);
    try {
      reader.read(0, this.#area.heightPx);
      return toBgrx(reader.pixels, reader.strideBytes, this.#area);
    } finally {
      reader.close();
    }
  }

  [Symbol.dispose](): void {
    this.#connection.close();
  }
}

type Size = Pick<Area, 'widthPx' | 'heightPx'>;

/** What a canvas gives: RGBA, rows without padding. */
export function fromCanvas(pixels: Buffer, size: Size): Rgb {
  return planes(pixels, [0, 1, 2], size);
}

export function fromBgrx(pixels: Buffer, size: Size): Rgb {
  return planes(pixels, [2, 1, 0], size);
}

/** A copy without the padding of its rows. */
export function toBgrx(pixels: Buffer | undefined, strideBytes: number, size: Size): Buffer {
  if (!pixels) throw new Error('a frame without a plane');
  const rowBytes = size.widthPx * 4;
  const copy = Buffer.alloc(rowBytes * size.heightPx);
  for (let y = 0; y < size.heightPx; y += 1)
    pixels.copy(copy, y * rowBytes, y * strideBytes, y * strideBytes + rowBytes);
  return copy;
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
  order: readonly [number, number, number],
  { widthPx, heightPx }: Size,
): Rgb {
  const plane = (offset: number): Plane => {
    const values = new Float32Array(widthPx * heightPx);
    for (let i = 0; i < values.length; i += 1) values[i] = pixels[i * 4 + offset] ?? 0;
    return { widthPx, heightPx, values };
  };
  return [plane(order[0]), plane(order[1]), plane(order[2])];
}
