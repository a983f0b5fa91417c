import { describe, expect, it } from 'vitest';
import { Raster } from './raster.ts';

const pixel = (raster: Raster, x: number, y: number): number =>
  raster.pixels.readUIntLE((y * raster.width + x) * 4, 3);

describe('the raster', () => {
  it('fills a box exactly, in the byte order of X', () => {
    const raster = new Raster(8, 8);
    raster.fillBox({ x: 2, y: 2, width: 4, height: 3 }, 0, 0x123456);
    expect(pixel(raster, 2, 2)).toBe(0x123456);
    expect(pixel(raster, 5, 4)).toBe(0x123456);
    expect([pixel(raster, 1, 2), pixel(raster, 6, 2), pixel(raster, 2, 5)]).toEqual([0, 0, 0]);
    expect([...raster.pixels.subarray((2 * 8 + 2) * 4, (2 * 8 + 2) * 4 + 3)]).toEqual([
      0x56, 0x34, 0x12,
    ]);
  });

  it('softens round corners', () => {
    const raster = new Raster(20, 20);
    raster.fillBox({ x: 0, y: 0, width: 20, height: 20 }, 8, 0xffffff);
    expect(pixel(raster, 0, 0)).toBe(0);
    expect(pixel(raster, 10, 0)).toBe(0xffffff);
    const greys = Array.from({ length: 8 }, (_, x) => pixel(raster, x, 1) & 0xff);
    expect(greys.some((grey) => grey > 0 && grey < 255)).toBe(true);
  });

  it('strokes inside the edge and leaves the middle', () => {
    const raster = new Raster(20, 20);
    raster.strokeBox({ x: 2, y: 2, width: 16, height: 16 }, 0, 2, 0xff0000);
    expect(pixel(raster, 2, 10)).toBe(0xff0000);
    expect(pixel(raster, 3, 10)).toBe(0xff0000);
    expect(pixel(raster, 4, 10)).toBe(0);
    expect(pixel(raster, 1, 10)).toBe(0);
  });

  it.each([0, 3, 8])('looks the same far inside as at the edges, radius %i', (radius) => {
    const raster = new Raster(64, 48);
    raster.fillBox({ x: 4.5, y: 3, width: 50, height: 40 }, radius, 0x336699);
    for (const [x, y] of [
      [30, 3],
      [30, 20],
      [30, 42],
      [6, 20],
      [53, 20],
    ] as const)
      expect(pixel(raster, x, y)).toBe(0x336699);
    expect(pixel(raster, 4, 20)).toBe(0x1a334d); // half covered
    expect([
      pixel(raster, 3, 20),
      pixel(raster, 55, 20),
      pixel(raster, 30, 2),
      pixel(raster, 30, 43),
    ]).toEqual([0, 0, 0, 0]);
  });

  it('paints nothing outside its own pixels', () => {
    const raster = new Raster(4, 4);
    raster.fillBox({ x: -10, y: -10, width: 100, height: 100 }, 3, 0x00ff00);
    raster.fillBox({ x: 50, y: 50, width: 5, height: 5 }, 0, 0xffffff);
    expect(pixel(raster, 3, 3)).toBe(0x00ff00);
    expect(raster.pixels).toHaveLength(64);
  });
});
