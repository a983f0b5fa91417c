import { expect, test } from 'vitest';
import { wallpaper } from './wallpaper.ts';

const left = { name: 'DUMMY0', x: 0, y: 0, width: 100, height: 60 };
const right = { name: 'DUMMY1', x: 100, y: 0, width: 80, height: 90 };

function bitAt(bitmap: string, x: number, y: number): number {
  const bytes = [...bitmap.matchAll(/0x([0-9a-f]{2})/g)].map(([, hex = '0']) => parseInt(hex, 16));
  return ((bytes[y * Math.ceil(180 / 8) + (x >> 3)] ?? 0) >> (x & 7)) & 1;
}

test('covers all monitors', () => {
  const bitmap = wallpaper([left, right]);
  expect(bitmap).toContain('#define desktop_width 180');
  expect(bitmap).toContain('#define desktop_height 90');
  expect([...bitmap.matchAll(/0x/g)]).toHaveLength(Math.ceil(180 / 8) * 90);
});

test('gives neighbouring monitors different grounds', () => {
  const bitmap = wallpaper([left, right]);
  const middleOfLowerEdge = [bitAt(bitmap, 50, 59), bitAt(bitmap, 140, 89)];
  expect(new Set(middleOfLowerEdge).size).toBe(2);
});
