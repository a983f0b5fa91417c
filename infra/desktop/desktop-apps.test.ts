import fc from 'fast-check';
import { expect, test } from 'vitest';
import { demoApps, READ_ME_TITLE, SHELL_TITLE } from './desktop-apps.ts';

const TITLE_BAR_PX = 28;

/** What a program's -geometry means in pixels, title bar included. */
function place(args: readonly string[], isTerminal: boolean) {
  const geometry = args[args.indexOf('-geometry') + 1] ?? '';
  const [width = 0, height = 0, x = 0, y = 0] = geometry.split(/[x+]/).map(Number);
  const pixels = isTerminal
    ? { width: width * 9 + 20, height: height * 17 + 20 }
    : { width, height };
  return { left: x, top: y, right: x + pixels.width, bottom: y + pixels.height + TITLE_BAR_PX };
}

const size = fc.record({
  width: fc.integer({ min: 640, max: 3840 }),
  height: fc.integer({ min: 480, max: 2160 }),
});

test('every window lies inside the monitor it is meant for', () => {
  fc.assert(
    fc.property(size, size, (left, right) => {
      const first = { name: 'DUMMY0', x: 0, y: 0, ...left };
      const second = { name: 'DUMMY1', x: left.width, y: 0, ...right };
      for (const { title, program, args } of demoApps([first, second], '/assets')) {
        const monitor = title === SHELL_TITLE || title === 'Clock' ? first : second;
        const window = place(args, program === 'xterm');
        expect(window.left).toBeGreaterThanOrEqual(monitor.x);
        expect(window.right).toBeLessThanOrEqual(monitor.x + monitor.width);
        expect(window.bottom).toBeLessThanOrEqual(monitor.y + monitor.height);
      }
    }),
  );
});

test('the shell starts last, so that it has the keyboard', () => {
  const monitor = { name: 'DUMMY0', x: 0, y: 0, width: 1280, height: 720 };
  expect(demoApps([monitor], '/assets').at(-1)?.title).toBe(SHELL_TITLE);
});

test('one monitor gets the shell and the text', () => {
  const monitor = { name: 'DUMMY0', x: 0, y: 0, width: 1280, height: 720 };
  const titles = demoApps([monitor], '/assets').map(({ title }) => title);
  expect(titles).toContain(SHELL_TITLE);
  expect(titles).toContain(READ_ME_TITLE);
});
