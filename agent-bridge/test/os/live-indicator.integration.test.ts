// The strip on a real screen: it stays, it stops, and what it says is what the technicians do.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { LiveIndicator, StopKind } from '../../src/consent/live-indicator.ts';
import { openX11LiveIndicator } from '../../src/consent/live-indicator.x11.ts';
import { XConnection } from '../../src/x11/x-connection.ts';
import { XWindow } from '../../src/x11/x-window.ts';
import { bind } from '../../src/x11/xlib.ts';
import { XDisplay } from '../x-display.ts';
import { eventually } from './eventually.ts';
import { freeDisplay } from './free-display.ts';
import { startOpenbox, visibleWindows, type WindowOnScreen } from './window-manager.ts';

const SCREEN = { x: 0, y: 0, width: 1280, height: 720, scale: 1 };
const ANA = { name: 'Ana Petrović', activity: 'controlling' } as const;
const STRIP_HEIGHT = 34;

let display: XDisplay;
let x: XConnection;
let indicator: LiveIndicator;
const stops: StopKind[] = [];

beforeAll(async () => {
  display = await XDisplay.start(await freeDisplay(), [{ mode: '1280x720', x: 0, y: 0 }]);
  await startOpenbox(display);
});
afterAll(async () => display.stop());
beforeEach(() => {
  stops.length = 0;
  x = XConnection.open(display.name);
  indicator = openX11LiveIndicator(x, {
    onStop: (kind) => stops.push(kind),
    screen: () => SCREEN,
    allowSyntheticInput: true,
  });
});
afterEach(() => {
  indicator.close();
  x.close();
});

const strips = (): Promise<WindowOnScreen[]> =>
  visibleWindows((...command) => display.run(...command), 'class', 'guruconnect-indicator');

const theStrip = () =>
  eventually('one strip', async () => {
    const all = await strips();
    return all.length === 1 && all[0];
  });

describe('the strip', () => {
  it('is small, at the top in the middle, and gone after hide', async () => {
    expect(indicator.show([ANA])).toBe('shown');
    const strip = await theStrip();
    expect(strip).toMatchObject({ y: 0, height: STRIP_HEIGHT });
    expect(strip.width).toBeLessThan(SCREEN.width / 2);
    expect(Math.abs(strip.x + strip.width / 2 - SCREEN.width / 2)).toBeLessThanOrEqual(1);
    indicator.hide();
    await eventually('none', async () => (await strips()).length === 0);
  });

  it('fits its words: nobody is left out of the count', async () => {
    indicator.show([ANA]);
    const one = await theStrip();
    indicator.show([ANA, { name: 'Bob', activity: 'viewing' }]);
    await eventually('a wider one', async () => (await theStrip()).width > one.width);
  });

  it('comes back when it is unmapped, destroyed or covered', async () => {
    indicator.show([ANA]);
    const first = await theStrip();
    await display.run('xdotool', 'windowunmap', first.id);
    await theStrip();
    const killer = XConnection.open(display.name);
    const destroy = bind<(d: bigint, w: number) => number>(
      'X11',
      'int XDestroyWindow(void *d, ulong w)',
    );
    killer.checked('destroy', (d) => destroy(d, Number(first.id)));
    const second = await eventually('another', async () => {
      const strip = await theStrip();
      return strip.id !== first.id && strip;
    });
    const cover = new XWindow(killer, {
      box: { x: 0, y: 0, width: 1280, height: 100 },
      title: 'cover',
      wmClass: 'cover',
      unmanaged: true,
      eventMask: 0,
    });
    cover.show();
    killer.flush();
    await eventually('on top again', async () => {
      const under = await display.run(
        'xdotool',
        'mousemove',
        String(second.x + 40),
        '17',
        'getmouselocation',
        '--shell',
      );
      return under.includes(`WINDOW=${second.id}`);
    });
    cover.close();
    killer.close();
  });

  it('can be dragged, but not off the screen', async () => {
    indicator.show([ANA]);
    const strip = await theStrip();
    const grip = [String(strip.x + 60), '17'];
    await display.run(
      'xdotool',
      'mousemove',
      ...grip,
      'mousedown',
      '1',
      'mousemove',
      '300',
      '400',
      'mouseup',
      '1',
    );
    await eventually('the new place', async () => (await theStrip()).y > 300);
    const moved = await theStrip();
    await display.run(
      'xdotool',
      'mousemove',
      String(moved.x + 60),
      String(moved.y + 17),
      'mousedown',
      '1',
      'mousemove',
      '1279',
      '719',
      'mouseup',
      '1',
    );
    const corner = await eventually('the corner', async () => {
      const now = await theStrip();
      return now.x > moved.x && now;
    });
    expect(corner.x + corner.width).toBeLessThanOrEqual(SCREEN.width);
    expect(corner.y + corner.height).toBeLessThanOrEqual(SCREEN.height);
    expect(stops).toEqual([]);
  });
});

describe('stopping', () => {
  it('by the button', async () => {
    indicator.show([ANA]);
    const strip = await theStrip();
    await display.run(
      'xdotool',
      'mousemove',
      String(strip.x + strip.width - 35),
      '17',
      'click',
      '1',
    );
    await eventually('the stop', () => stops.join() === 'button');
  });

  it('by the hotkey, whichever window has the focus, once for each press', async () => {
    indicator.show([ANA]);
    await theStrip();
    await display.run('xdotool', 'key', 'ctrl+alt+shift+Escape');
    await eventually('the stop', () => stops.join() === 'hotkey');
    await display.run('xdotool', 'key', 'ctrl+alt+shift+Escape');
    await eventually('the second', () => stops.join() === 'hotkey,hotkey');
  });

  it('takes the whole combination, and nothing after hide', async () => {
    indicator.show([ANA]);
    await theStrip();
    for (const part of ['Escape', 'ctrl+Escape', 'ctrl+shift+Escape', 'ctrl+alt+shift+q'])
      await display.run('xdotool', 'key', part);
    indicator.hide();
    await display.run('xdotool', 'key', 'ctrl+alt+shift+Escape');
    indicator.show([ANA]);
    await display.run('xdotool', 'key', 'ctrl+alt+shift+Escape');
    await eventually('the only one', () => stops.length > 0);
    expect(stops).toEqual(['hotkey']);
  });
});

it('is unavailable once the display is lost, and says so', async () => {
  const doomed = await XDisplay.start(await freeDisplay());
  let lost = false;
  const connection = XConnection.open(doomed.name, { onLost: () => (lost = true) });
  const orphan = openX11LiveIndicator(connection, { onStop: () => {}, screen: () => SCREEN });
  expect(orphan.show([ANA])).toBe('shown');
  doomed.kill();
  await eventually('the loss', () => lost);
  expect(orphan.show([ANA])).toBe('unavailable');
  orphan.close();
  connection.close();
  await doomed.stop();
});
