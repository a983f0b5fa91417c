// A small software canvas: antialiased rounded boxes on an opaque ground, in the byte order of 24-bit
// X pixmaps (B, G, R, unused). Pure. Core X requests draw without antialiasing, which looks like 1990.

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
  readonly pixels: Buffer;

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    this.pixels = Buffer.alloc(width * height * 4);
  }

  fillBox(box: Box, radius: number, colour: Colour): void {
    this.#paint(box, colour, (dx, dy) => coverage(roundedDistance(dx, dy, box, radius)));
  }

  /** A line of the given thickness along the inside of the box's edge. */
  strokeBox(box: Box, radius: number, thickness: number, colour: Colour): void {
    this.#paint(box, colour, (dx, dy) => {
      const distance = roundedDistance(dx, dy, box, radius);
      return coverage(distance) - coverage(distance + thickness);
    });
  }

  #paint(box: Box, colour: Colour, coverageAt: (dx: number, dy: number) => number): void {
    const [red, green, blue] = [(colour >> 16) & 0xff, (colour >> 8) & 0xff, colour & 0xff];
    const left = Math.max(0, Math.floor(box.x));
    const top = Math.max(0, Math.floor(box.y));
    const right = Math.min(this.width, Math.ceil(box.x + box.width));
    const bottom = Math.min(this.height, Math.ceil(box.y + box.height));
    const [middleX, middleY] = [box.x + box.width / 2, box.y + box.height / 2];
    for (let y = top; y < bottom; y++) {
      for (let x = left; x < right; x++) {
        const alpha = coverageAt(Math.abs(x + 0.5 - middleX), Math.abs(y + 0.5 - middleY));
        if (alpha <= 0) continue;
        const at = (y * this.width + x) * 4;
        this.pixels[at] = mix(this.pixels[at]!, blue, alpha);
        this.pixels[at + 1] = mix(this.pixels[at + 1]!, green, alpha);
        this.pixels[at + 2] = mix(this.pixels[at + 2]!, red, alpha);
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

const mix = (below: number, above: number, alpha: number): number =>
  Math.round(below + (above - below) * alpha);
