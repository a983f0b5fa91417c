import { MAX_CURSOR_PX } from '@guruconnect/contract/facts/fact';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arrowImage } from './arrow.ts';
import { cursorImage, straightRgba } from './cursor-image.ts';

const premultiply = (rgb: number[], alpha: number): number =>
  rgb.reduce((pixel, value) => pixel * 256 + Math.round((value * alpha) / 255), alpha) >>> 0;

describe('un-premultiplying', () => {
  it.each([
    [0xff112233, [0x11, 0x22, 0x33, 0xff]],
    [0x80800000, [0xff, 0, 0, 0x80]],
    [0x80404040, [0x80, 0x80, 0x80, 0x80]],
    [0x01010000, [0xff, 0, 0, 1]],
    [0x00000000, [0, 0, 0, 0]],
    [0x00ffffff, [0, 0, 0, 0]], // colour without alpha is no colour
    [0x40ff8010, [0xff, 0xff, 0x40, 0x40]], // channels above alpha are full
  ])('%x', (pixel, rgba) => {
    expect([...straightRgba(Uint32Array.of(pixel))]).toEqual(rgba);
  });

  it('gives back what was premultiplied, as exactly as 8 bits allow', () => {
    const channel = fc.nat(255);
    fc.assert(
      fc.property(channel, channel, channel, fc.integer({ min: 1, max: 255 }), (r, g, b, alpha) => {
        const rgba = straightRgba(Uint32Array.of(premultiply([r, g, b], alpha)));
        const step = 255 / alpha / 2 + 0.5; // half a step of the premultiplied scale, and rounding
        [r, g, b].forEach((value, i) =>
          expect(Math.abs(rgba[i]! - value)).toBeLessThanOrEqual(step),
        );
        expect(rgba[3]).toBe(alpha);
      }),
    );
  });
});

describe('cursor images', () => {
  it('keep their size and hotspot', () => {
    const image = cursorImage(new Uint32Array(24 * 16).fill(0xffffffff), 24, 16, { x: 5, y: 7 });
    expect(image).toMatchObject({ width: 24, height: 16, hotspotX: 5, hotspotY: 7, visible: true });
    expect(image.rgba).toHaveLength(24 * 16 * 4);
  });

  it('are invisible when nothing of them is opaque, or there is nothing of them', () => {
    expect(cursorImage(new Uint32Array(64), 8, 8, { x: 0, y: 0 }).visible).toBe(false);
    expect(cursorImage(new Uint32Array(0), 0, 0, { x: 0, y: 0 })).toMatchObject({
      width: 1,
      visible: false,
    });
  });

  it('larger than allowed are scaled down with their hotspot', () => {
    const [width, height] = [4 * MAX_CURSOR_PX, 2 * MAX_CURSOR_PX];
    const image = cursorImage(new Uint32Array(width * height).fill(0xff000000), width, height, {
      x: width - 1,
      y: 8,
    });
    expect(image).toMatchObject({
      width: MAX_CURSOR_PX,
      height: MAX_CURSOR_PX / 2,
      hotspotX: MAX_CURSOR_PX - 1,
      hotspotY: 2,
    });
    expect(image.rgba).toHaveLength(image.width * image.height * 4);
  });

  it('have the hotspot inside, whatever the system says', () => {
    const image = cursorImage(Uint32Array.of(0xffffffff), 1, 1, { x: 40, y: 40 });
    expect(image).toMatchObject({ hotspotX: 0, hotspotY: 0 });
  });

  it('the arrow points with its own first pixel', () => {
    const arrow = arrowImage();
    expect([...arrow.rgba.subarray(0, 4)]).toEqual([0, 0, 0, 255]);
    expect(arrow.rgba).toHaveLength(arrow.width * arrow.height * 4);
  });
});
