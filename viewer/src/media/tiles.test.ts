import { describe, expect, it } from 'vitest';
import type { Monitor } from '@guruconnect/contract/monitor';
import { TILE_GAP_PX, tiles } from './tiles.ts';

const monitor = (monitor_id: number, x: number, y: number, w: number, h: number): Monitor => ({
  monitor_id,
  name: `M${monitor_id}`,
  x,
  y,
  width: w,
  height: h,
  scale: 1,
  primary: monitor_id === 1,
});
const BOX = { width: 1000, height: 600 };

describe('monitors in tiles', () => {
  it('lie as on the desk: order, proportions, and nothing outside or over another', () => {
    const desk = [
      monitor(1, 0, 0, 1920, 1080),
      monitor(2, 1920, -300, 1080, 1920),
      monitor(3, -1280, 200, 1280, 720),
    ];
    const placed = tiles(desk, BOX);
    const rects = desk.map(({ monitor_id }) => placed.get(monitor_id));
    for (const rect of rects) {
      if (!rect) throw new Error('a monitor has no place');
      expect(rect.x).toBeGreaterThanOrEqual(0);
      expect(rect.y).toBeGreaterThanOrEqual(0);
      expect(rect.x + rect.width).toBeLessThanOrEqual(BOX.width);
      expect(rect.y + rect.height).toBeLessThanOrEqual(BOX.height);
    }
    const [one, two, three] = rects as [DOMRect, DOMRect, DOMRect];
    expect(Math.abs(three.x + three.width + TILE_GAP_PX - one.x)).toBeLessThanOrEqual(1);
    expect(Math.abs(one.x + one.width + TILE_GAP_PX - two.x)).toBeLessThanOrEqual(1);
    expect(two.y).toBeLessThan(one.y);
    expect((one.width + TILE_GAP_PX) / (one.height + TILE_GAP_PX)).toBeCloseTo(16 / 9, 1);
  });

  it('one monitor fills the box as far as its shape allows', () => {
    const rect = tiles([monitor(4, 500, 500, 100, 50)], BOX).get(4);
    expect(rect).toMatchObject({ x: 9, width: 982 });
  });

  it('none, and a box of nothing, are no trouble', () => {
    expect(tiles([], BOX).size).toBe(0);
    expect(tiles([monitor(1, 0, 0, 10, 10)], { width: 0, height: 0 }).get(1)).toMatchObject({
      width: 1,
      height: 1,
    });
  });
});
