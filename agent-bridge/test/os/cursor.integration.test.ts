// Shape and place of a real X server's pointer.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CursorPosition, CursorShape, CursorWatch } from '../../src/cursor/cursor.ts';
import { openX11CursorWatch } from '../../src/cursor/cursor.x11.ts';
import type { Injector } from '../../src/input/injector.ts';
import { openX11Injector } from '../../src/input/injector.x11.ts';
import { XConnection } from '../../src/x11/x-connection.ts';
import { bind } from '../../src/x11/xlib.ts';
import { XDisplay } from '../x-display.ts';
import { aWhile, eventually } from './eventually.ts';
import { freeDisplay } from './free-display.ts';
import { focusWindow, startOpenbox } from './window-manager.ts';

const ON_ROOT = { xPx: 1100, yPx: 650 };
const IN_TERMINAL = { xPx: 200, yPx: 200 };

let display: XDisplay;
let x: XConnection;
let injector: Injector;
let watch: CursorWatch;
const shapes: CursorShape[] = [];
const positions: CursorPosition[] = [];

beforeAll(async () => {
  display = await XDisplay.start(await freeDisplay(), [{ mode: '1280x720', x: 0, y: 0 }]);
  await startOpenbox(display);
  await display.run('xsetroot', '-cursor_name', 'left_ptr');
  display.spawn('xterm', '-T', 'terminal', '-geometry', '80x24+20+20');
  await focusWindow(display, '^terminal$');
});
afterAll(async () => display.stop());
beforeEach(() => {
  x = XConnection.open(display.name);
  injector = openX11Injector(x);
  injector.movePointer(ON_ROOT);
  watch = openX11CursorWatch(x, {
    onShape: (shape) => shapes.push(shape),
    onPosition: (position) => positions.push(position),
    ownPosition: () => injector.lastPointer(),
  });
  shapes.length = positions.length = 0;
});
afterEach(() => {
  watch.close();
  injector.close();
  x.close();
});

describe('shape', () => {
  it('is there from the start and changes with the window below, each shape by its serial', async () => {
    const arrow = watch.shape();
    expect(arrow.visible).toBe(true);
    expect(arrow.rgba).toHaveLength(arrow.width * arrow.height * 4);
    injector.movePointer(IN_TERMINAL);
    const beam = await eventually('the beam', () => shapes.at(-1));
    expect(beam.serial).not.toBe(arrow.serial);
    expect(Buffer.from(beam.rgba).equals(Buffer.from(arrow.rgba))).toBe(false);
    // an I-beam is narrow and points with its middle
    expect(Math.abs(beam.hotspotX - beam.width / 2)).toBeLessThanOrEqual(beam.width / 4);
    injector.movePointer(ON_ROOT);
    await eventually('the arrow again', () => shapes.at(-1)?.serial === arrow.serial);
    expect(shapes).toHaveLength(2);
    expect(shapes[1]!.rgba).toEqual(arrow.rgba);
  });

  it('is told once although the pointer moves on within the same window', async () => {
    injector.movePointer(IN_TERMINAL);
    await eventually('the beam', () => shapes.length === 1);
    for (let i = 0; i < 20; i++) injector.movePointer({ xPx: 200 + i, yPx: 200 });
    await aWhile(100);
    expect(shapes).toHaveLength(1);
  });
});

/** As applications do: an empty picture as the pointer of the window below it, here the root. */
function hidePointer(application: XConnection): void {
  const createBitmap = bind<
    (d: bigint, w: number, data: Uint8Array, x: number, y: number) => number
  >('X11', 'ulong XCreateBitmapFromData(void *d, ulong w, void *data, uint x, uint y)');
  const createCursor = bind<
    (d: bigint, s: number, m: number, f: Uint8Array, b: Uint8Array, x: number, y: number) => number
  >(
    'X11',
    'ulong XCreatePixmapCursor(void *d, ulong s, ulong m, void *f, void *b, uint x, uint y)',
  );
  const defineCursor = bind<(d: bigint, w: number, cursor: number) => number>(
    'X11',
    'int XDefineCursor(void *d, ulong w, ulong cursor)',
  );
  const root = application.rootWindow;
  application.checked('empty pointer', (d) => {
    const bitmap = createBitmap(d, root, new Uint8Array(8), 8, 8);
    const colour = new Uint8Array(16);
    defineCursor(d, root, createCursor(d, bitmap, bitmap, colour, colour, 0, 0));
  });
}

describe('place', () => {
  it('is told when something else moves the pointer, not when we do', async () => {
    injector.movePointer({ xPx: 600, yPx: 400 });
    injector.movePointer({ xPx: 610, yPx: 410 });
    await eventually('our own movement', () => watch.position().xPx === 610);
    expect(positions).toEqual([]);
    await display.run('xdotool', 'mousemove_relative', '5', '5');
    await eventually('the other', () => positions.length > 0);
    expect(positions.at(-1)).toEqual({ xPx: 615, yPx: 415 });
    await display.run('xdotool', 'mousemove_relative', '--', '-5', '-5');
    await eventually('the way back to our own last place', () => positions.at(-1)?.xPx === 610);
  });

  it('is told at most 60 times a second, and always the last one', async () => {
    const other = XConnection.open(display.name);
    const hand = openX11Injector(other);
    const sinceMs = performance.now();
    for (let i = 0; i < 300; i++) {
      hand.movePointer({ xPx: 300 + i, yPx: 300 });
      if (i % 3 === 0) await aWhile(1);
    }
    await eventually('the last place', () => positions.at(-1)?.xPx === 599);
    const seconds = (performance.now() - sinceMs) / 1000;
    expect(positions.length).toBeGreaterThan(3);
    expect(positions.length).toBeLessThanOrEqual(Math.ceil(seconds * 60) + 1);
    hand.close();
    other.close();
  });

  it('is told no more after close', async () => {
    watch.close();
    await display.run('xdotool', 'mousemove_relative', '5', '5');
    injector.movePointer(IN_TERMINAL);
    await aWhile(100);
    expect([positions, shapes]).toEqual([[], []]);
  });
});

describe('without a window manager', () => {
  let bare: XDisplay;
  let connection: XConnection;
  let lost = false;

  beforeAll(async () => {
    bare = await XDisplay.start(await freeDisplay());
    connection = XConnection.open(bare.name, { onLost: () => (lost = true) });
  });
  afterAll(async () => {
    connection.close();
    await bare.stop();
  });

  it('a hidden pointer is invisible, a shape of an ended program is a plain arrow', async () => {
    const told: CursorShape[] = [];
    const bareWatch = openX11CursorWatch(connection, {
      onShape: (shape) => told.push(shape),
      onPosition: () => {},
    });
    const application = XConnection.open(bare.name);
    hidePointer(application);
    const hidden = await eventually('the empty shape', () => told.at(-1));
    expect(hidden.visible).toBe(false);
    expect(hidden.rgba.every((byte) => byte === 0)).toBe(true);
    application.close();
    bareWatch.close();

    const arrow = await eventually('the arrow once the program has ended', () => {
      const later = openX11CursorWatch(connection, { onShape: () => {}, onPosition: () => {} });
      later.close();
      return later.shape().visible && later.shape();
    });
    expect(arrow).toMatchObject({ hotspotX: 0, hotspotY: 0, width: 12, height: 19 });
  });

  it('the death of the X server is survived', async () => {
    const orphan = openX11CursorWatch(connection, { onShape: () => {}, onPosition: () => {} });
    bare.kill();
    await eventually('the loss', () => lost);
    expect(orphan.position()).toBeDefined();
    orphan.close();
  });
});
