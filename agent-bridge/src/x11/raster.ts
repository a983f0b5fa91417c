// A small software canvas: antialiased rounded boxes on an opaque ground, in the byte order of 24-bit
// X pixmaps on little-endian machines (B, G, R, unused). Pure. Core X requests draw without antialiasing, which looks like 1990.

/** 0xRRGGBB. */
export type Colour = number;

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export class Raster {
  readonly width: number;
  readonly height: number;
  /** Rows from the top, 4 bytes a pixel. */
  readonly pixels: Buffer<ArrayBuffer>;
  /** The same memory, one 0x00RRGGBB number a pixel. */
  readonly #colours: Uint32Array;

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    const memory = new ArrayBuffer(width * height * 4);
    this.pixels = Buffer.from(memory);
    this.#colours = new Uint32Array(memory);
  }

  fillBox(box: Box, radius: number, colour: Colour): void {
    const edge = Math.ceil(radius) + 1;
    this.#paint(box, colour, edge, 1, (dx, dy) => coverage(roundedDistance(dx, dy, box, radius)));
  }

  /** A line of the given thickness along the inside of the box's edge. */
  strokeBox(box: Box, radius: number, thickness: number, colour: Colour): void {
    const edge = Math.ceil(Math.max(radius, thickness)) + 1;
    this.#paint(box, colour, edge, 0, (dx, dy) => {
      const distance = roundedDistance(dx, dy, box, radius);
      return coverage(distance) - coverage(distance + thickness);
    });
  }

  /** Looks closely at the outer `edge` pixels only; all within is covered wholly (1) or not (0). */
  #paint(
    box: Box,
    colour: Colour,
    edge: number,
    inside: 0 | 1,
    coverageAt: (dx: number, dy: number) => number,
  ): void {
    const left = Math.max(0, Math.floor(box.x));
    const top = Math.max(0, Math.floor(box.y));
    const right = Math.min(this.width, Math.ceil(box.x + box.width));
    const bottom = Math.min(this.height, Math.ceil(box.y + box.height));
    const innerLeft = Math.max(left, Math.ceil(box.x) + edge);
    const innerRight = Math.min(right, Math.floor(box.x + box.width) - edge);
    const [middleX, middleY] = [box.x + box.width / 2, box.y + box.height / 2];
    for (let y = top; y < bottom; y++) {
      const isInnerRow = y >= box.y + edge && y + 1 <= box.y + box.height - edge;
      const row = y * this.width;
      for (let x = left; x < right; x++) {
        if (isInnerRow && x === innerLeft && innerRight > innerLeft) {
          if (inside === 1) this.#colours.fill(colour, row + innerLeft, row + innerRight);
          x = innerRight - 1;
          continue;
        }
        const alpha = coverageAt(Math.abs(x + 0.5 - middleX), Math.abs(y + 0.5 - middleY));
        if (alpha > 0) this.#colours[row + x] = mix(this.#colours[row + x]!, colour, alpha);
      }
    }
  }
}

/** Distance to the edge of a rounded box from its middle outwards: negative inside. */
function roundedDistance(dx: number, dy: number, box: Box, radius: number): number {
  const qx = dx - box.width / 2 + radius;
  const qy = dy - box.height / 2 + radius;
  return Math.hypot(Math.max(qx, 0), Math.max(qy, 0)) + Math.min(Math.max(qx, qy), 0) - radius;
}

const coverage = (distance: number): number => Math.min(1, Math.max(0, 0.5 - distance));

/** `above` laid over `below`, channel by channel. */
function mix(below: Colour, above: Colour, alpha: number): Colour {
  if (alpha >= 1) return above;
  let mixed = 0;
  for (const shift of [16, 8, 0]) {
    const from = (below >> shift) & 0xff;
    const to = (above >> shift) & 0xff;
    mixed |= Math.round(from + (to - from) * alpha) << shift;
  }
  return mixed;
}
