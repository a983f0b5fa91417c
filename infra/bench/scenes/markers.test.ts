import { describe, expect, it } from 'vitest';
import { COLOURS, MARKER_PX, markerColour, markerMiddles } from './markers.ts';

const channels = (colour: number): number[] => [16, 8, 0].map((shift) => (colour >> shift) & 0xff);

describe('markers', () => {
  it('count changes in colours that are far from each other in at least one channel', () => {
    const colours = Array.from({ length: COLOURS }, (_, n) => channels(markerColour(n)));
    for (const [i, one] of colours.entries())
      for (const other of colours.slice(i + 1))
        expect(
          Math.max(...one.map((level, c) => Math.abs(level - (other[c] ?? 0)))),
        ).toBeGreaterThan(180);
  });

  it.each([
    { width: 1280, height: 720 },
    { width: 1920, height: 1080 },
  ])('lie within a screen of $width x $height', (size) => {
    for (const { x, y } of markerMiddles(size)) {
      expect(x).toBeGreaterThanOrEqual(MARKER_PX / 2);
      expect(x).toBeLessThanOrEqual(size.width - MARKER_PX / 2);
      expect(y).toBeLessThanOrEqual(size.height - MARKER_PX / 2);
    }
  });
});
