import { expect, test } from 'vitest';
import { parseMonitors } from './monitors.ts';

test('reads what xrandr lists, primary or not, also left of the origin', () => {
  const text = `Monitors: 3
 0: +*DUMMY0 1280/338x720/190+0+0  DUMMY0
 1: +DUMMY1 1024/270x768/203+1280+0  DUMMY1
 2: virtual 800/211x600/158+-800+40
`;
  expect(parseMonitors(text)).toEqual([
    { name: 'DUMMY0', width: 1280, height: 720, x: 0, y: 0 },
    { name: 'DUMMY1', width: 1024, height: 768, x: 1280, y: 0 },
    { name: 'virtual', width: 800, height: 600, x: -800, y: 40 },
  ]);
});

test('reads a server without monitors', () => {
  expect(parseMonitors('Monitors: 0\n')).toEqual([]);
});
