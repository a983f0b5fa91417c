import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { letterbox, normalise, toPixel } from './coordinates.ts';

const side = fc.integer({ min: 1, max: 8192 });
const size = fc.record({ width: side, height: side });

describe('coordinates', () => {
  it('lands on the very pixel under the pointer, whatever the scaling and the bars', () => {
    fc.assert(
      fc.property(
        size,
        size,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (monitor, box, u, v) => {
          const picture = letterbox(monitor, box);
          const pixel = {
            x: Math.min(monitor.width - 1, Math.floor(u * monitor.width)),
            y: Math.min(monitor.height - 1, Math.floor(v * monitor.height)),
          };
          // the middle of that pixel, in the box
          const point = {
            x: picture.x + ((pixel.x + 0.5) / monitor.width) * picture.width,
            y: picture.y + ((pixel.y + 0.5) / monitor.height) * picture.height,
          };
          expect(toPixel(normalise(point, picture, monitor), { x: 0, y: 0, ...monitor })).toEqual(
            pixel,
          );
        },
      ),
    );
  });

  it('keeps the proportions and the centre', () => {
    expect(letterbox({ width: 1280, height: 720 }, { width: 1280, height: 1000 })).toEqual({
      x: 0,
      y: 140,
      width: 1280,
      height: 720,
    });
    expect(letterbox({ width: 1000, height: 1000 }, { width: 500, height: 250 })).toEqual({
      x: 125,
      y: 0,
      width: 250,
      height: 250,
    });
  });

  it('takes points outside the picture to its edge', () => {
    const monitor = { width: 100, height: 50 };
    const picture = { x: 10, y: 10, width: 200, height: 100 };
    expect(normalise({ x: -50, y: 5 }, picture, monitor)).toEqual({ x: 0, y: 0 });
    expect(normalise({ x: 900, y: 900 }, picture, monitor)).toEqual({ x: 65535, y: 65535 });
  });

  it('adds the place of the monitor on the desktop', () => {
    expect(toPixel({ x: 65535, y: 0 }, { x: 1280, y: -200, width: 1024, height: 768 })).toEqual({
      x: 2303,
      y: -200,
    });
  });
});
