import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { X11ScreenCapture } from '../src/media/capture.x11.ts';
import type { Picture, ScreenArea } from '../src/media/frame.ts';
import { BAND_ROWS, RowBands } from '../src/media/row-bands.ts';
import { until, watchFor } from './deadline.ts';
import { XDisplay } from './x-display.ts';
import { XPainter } from './x-painter.ts';

const NUMBER = 66;
const FIRST: ScreenArea = { x: 0, y: 0, widthPx: 1280, heightPx: 720 };
const SECOND: ScreenArea = { x: 1280, y: 0, widthPx: 1024, heightPx: 768 };
const MONITORS = [
  { mode: '1280x720', x: 0, y: 0 },
  { mode: '1024x768', x: 1280, y: 0 },
];

/** A capture with the picture it fills and what it said. */
class Watcher {
  readonly capture: X11ScreenCapture;
  readonly picture: Picture;
  changes = 0;

  constructor(displayName: string, area: ScreenArea) {
    this.capture = X11ScreenCapture.open({ displayName, area, onLost: () => {} });
    const { widthPx, heightPx } = area;
    const strideBytes = widthPx * 4;
    const pixels = Buffer.alloc(strideBytes * heightPx);
    this.picture = { widthPx, heightPx, strideBytes, pixels };
    this.capture.start(() => this.changes++);
  }

  /** The rows that changed since the last call, as [top, rows]. */
  grab(): [number, number][] {
    const changed = new RowBands(this.picture.heightPx);
    this.capture.grab(this.picture, changed);
    const runs: [number, number][] = [];
    changed.forEachRun((top, rows) => runs.push([top, rows]));
    return runs;
  }

  /** 0xRRGGBB of one pixel as last grabbed. */
  colourAt(x: number, y: number): number {
    return this.picture.pixels.readUInt32LE(y * this.picture.strideBytes + x * 4) & 0xffffff;
  }

  /** Grabs what the start reported, so that only what comes now counts. */
  async settle(): Promise<void> {
    await until('the first word', () => this.changes > 0);
    this.grab();
    this.changes = 0;
  }
}

describe.each([
  ['through shared memory', true],
  ['over the socket, as from another machine', false],
])('capturing a monitor %s', (_, sharedMemory) => {
  let server: XDisplay;
  let painter: XPainter;
  let watcher: Watcher;
  beforeAll(async () => {
    server = await XDisplay.start(NUMBER, MONITORS, { sharedMemory });
    painter = new XPainter(server.name);
  });
  afterAll(async () => {
    painter.close();
    await server.stop();
  });
  beforeEach(() => painter.fill(0, 0, 3000, 1000, 0x000000));
  afterEach(() => watcher.capture.close());

  it('sees what is drawn, where it is drawn, and nothing else', async () => {
    watcher = new Watcher(server.name, FIRST);
    await watcher.settle();
    painter.fill(100, 3 * BAND_ROWS + 5, 40, 10, 0x12ab9f);
    await until('word of the change', () => watcher.changes > 0);
    expect(watcher.grab()).toEqual([[3 * BAND_ROWS, BAND_ROWS]]);
    expect(watcher.colourAt(100, 3 * BAND_ROWS + 5)).toBe(0x12ab9f);
    expect(watcher.colourAt(139, 3 * BAND_ROWS + 14)).toBe(0x12ab9f);
    expect(watcher.colourAt(99, 3 * BAND_ROWS + 5)).toBe(0);
    expect(watcher.colourAt(140, 3 * BAND_ROWS + 14)).toBe(0);
  });

  it('sees the pixels of its own monitor at their place there', async () => {
    watcher = new Watcher(server.name, SECOND);
    await watcher.settle();
    painter.fill(1280 + 7, 700, 20, 68, 0xff0000);
    await until('word of the change', () => watcher.changes > 0);
    watcher.grab();
    expect(watcher.colourAt(6, 767)).toBe(0);
    expect(watcher.colourAt(7, 767)).toBe(0xff0000);
    expect(watcher.colourAt(26, 700)).toBe(0xff0000);
    expect(watcher.colourAt(27, 700)).toBe(0);
  });

  it('finds nothing when another monitor changed', async () => {
    watcher = new Watcher(server.name, SECOND);
    await watcher.settle();
    painter.fill(0, 0, 1280, 720, 0x00ff00);
    await until('word of the change', () => watcher.changes > 0);
    expect(watcher.grab()).toEqual([]);
  });

  it('finds nothing when the same pixels were painted again', async () => {
    watcher = new Watcher(server.name, FIRST);
    painter.fill(0, 0, 1280, 720, 0x336699);
    await watcher.settle();
    painter.fill(0, 0, 1280, 720, 0x336699);
    await until('word of the change', () => watcher.changes > 0);
    expect(watcher.grab()).toEqual([]);
  });

  it('says once that there is something, however much is drawn until it is asked', async () => {
    watcher = new Watcher(server.name, FIRST);
    await watcher.settle();
    for (let n = 0; n < 500; n++) painter.fill(n, n, 3, 3, n + 1);
    await watchFor(100);
    expect(watcher.changes).toBe(1);
    expect(watcher.grab()).toEqual([[0, 16 * BAND_ROWS]]);
    painter.fill(0, 0, 5, 5, 0xffffff);
    await until('word of the next change', () => watcher.changes === 2);
  });

  it('says nothing while nobody wants to know, and sees all of it afterwards', async () => {
    watcher = new Watcher(server.name, FIRST);
    await watcher.settle();
    watcher.capture.stop();
    painter.fill(10, 10, 5, 5, 0xffffff);
    painter.fill(10, 400, 5, 5, 0xffffff);
    await watchFor(100);
    expect(watcher.changes).toBe(0);
    watcher.capture.start(() => watcher.changes++);
    expect(watcher.grab()).toEqual([
      [0, BAND_ROWS],
      [12 * BAND_ROWS, BAND_ROWS],
    ]);
  });

  it('leaves no memory behind over thousands of grabs', async () => {
    watcher = new Watcher(server.name, FIRST);
    await watcher.settle();
    const grabMany = (count: number) => {
      for (let n = 0; n < count; n++) {
        painter.fill(n % 1000, (n * 7) % 700, 30, 20, n);
        watcher.grab();
      }
    };
    grabMany(500);
    const before = process.memoryUsage().rss;
    grabMany(3_000);
    expect((process.memoryUsage().rss - before) / 1e6).toBeLessThan(25);
  });

  it('refuses an area that is not on the screen, with a code', () => {
    watcher = new Watcher(server.name, FIRST);
    const area = { ...FIRST, x: 2000 };
    expect(() =>
      X11ScreenCapture.open({ displayName: server.name, area, onLost: () => {} }),
    ).toThrow(expect.objectContaining({ code: 'display_unsupported' }));
  });

  it('says with a code that its area has left the screen', async () => {
    watcher = new Watcher(server.name, SECOND);
    await watcher.settle();
    try {
      await server.setMonitors(MONITORS.slice(0, 1));
      expect(() => {
        watcher.capture.start(() => {});
        watcher.grab();
      }).toThrow(expect.objectContaining({ code: 'display_unsupported' }));
    } finally {
      await server.setMonitors(MONITORS);
    }
  });
});

describe('a screen that is not 32-bit BGRX', () => {
  it('is refused with a code', async () => {
    const server = await XDisplay.start(NUMBER, [], { depth: 16 });
    try {
      expect(() =>
        X11ScreenCapture.open({ displayName: server.name, area: FIRST, onLost: () => {} }),
      ).toThrow(expect.objectContaining({ code: 'display_unsupported' }));
    } finally {
      await server.stop();
    }
  });
});
