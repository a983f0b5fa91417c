// The X client of a measurement, run as a process of its own as any application is:
//   node infra/bench/scenes/scene-window.ts <display> <width> <height> <scene>
// It covers the display from its first pixel, takes the keyboard, and says `ready` once it is drawn.
import { z } from 'zod';
import { MARKER_PX, markerColour, markerPlaces, type Point, type Size } from './markers.ts';
import { SCENES, type SceneName } from './scenes.ts';
import { textLine } from './text.ts';
import { XCanvas, type Surface } from './x-canvas.ts';

const PAPER = 0xffffff;
const INK = 0x202428;
const DARK = 0x101010;
const LIGHT = 0xf0f0f0;
const LINE_PX = 16;
const SCROLLED_LINES = 3;
const DRAGGED: Size = { width: 400, height: 300 };
const VIDEO: Size = { width: 640, height: 360 };
const VIDEO_EVERY_MS = 33;
const CHURN_EVERY_MS = 16;

const [display, width, height, scene] = z
  .tuple([
    z.string(),
    z.coerce.number().int(),
    z.coerce.number().int(),
    z.enum(Object.keys(SCENES)),
  ])
  .parse(process.argv.slice(2)) as [string, number, number, SceneName];
const size: Size = { width, height };
const lines = Math.ceil(height / LINE_PX);
const characters = Math.ceil(width / 6);
const canvas = new XCanvas(display, size, DARK);
const { window } = canvas;
let changes = 0;

const writeLine = (surface: Surface, line: number, row: number, ink = INK): void =>
  surface.text(textLine(line, characters), 8, row * LINE_PX + 12, ink);

function writePage(surface: Surface, firstLine: number, paper = PAPER, ink = INK): void {
  surface.fill({ x: 0, y: 0, ...size }, paper);
  for (let row = 0; row < lines; row += 1) writeLine(surface, firstLine + row, row, ink);
}

/** Last of all: what a product sends in pieces is complete when both are there. */
function mark(): void {
  for (const place of markerPlaces(size))
    window.fill({ ...place, width: MARKER_PX, height: MARKER_PX }, markerColour(changes));
  canvas.flush();
}

/** How each scene begins; what it returns happens at each act. */
const begin: Record<SceneName, () => (at: Point) => void> = {
  flip: () => {
    const paint = (): void => window.fill({ x: 0, y: 0, ...size }, changes % 2 ? LIGHT : DARK);
    paint();
    return paint;
  },
  typing: () => {
    writePage(window, 0);
    const row = Math.floor(lines / 2);
    let column = 0;
    return () => {
      const perLine = Math.floor((width - 100) / 9);
      if (column % perLine === 0)
        window.fill({ x: 0, y: row * LINE_PX, width, height: LINE_PX }, PAPER);
      const letter = String.fromCharCode(97 + (column % 26));
      window.text(letter, 40 + (column % perLine) * 9, row * LINE_PX + 12, INK);
      column += 1;
    };
  },
  scroll: () => {
    writePage(window, 0);
    let next = lines;
    return () => {
      const shift = SCROLLED_LINES * LINE_PX;
      // what the markers have covered must not be scrolled about
      window.copy(
        window,
        { x: MARKER_PX, y: shift, width: width - 2 * MARKER_PX, height: height - shift },
        { x: MARKER_PX, y: 0 },
      );
      const from = Math.floor(height / LINE_PX) - SCROLLED_LINES;
      window.fill(
        {
          x: MARKER_PX,
          y: from * LINE_PX,
          width: width - 2 * MARKER_PX,
          height: height - from * LINE_PX,
        },
        PAPER,
      );
      for (let i = 0; i < SCROLLED_LINES; i += 1)
        window.text(
          textLine(next + i, characters - 12),
          MARKER_PX + 8,
          (from + i) * LINE_PX + 12,
          INK,
        );
      next += SCROLLED_LINES;
    };
  },
  drag: () => {
    const page = canvas.aside(size);
    writePage(page, 0);
    const dragged = canvas.aside(DRAGGED);
    dragged.fill({ x: 0, y: 0, ...DRAGGED }, 0xe4e8f0);
    dragged.fill({ x: 0, y: 0, width: DRAGGED.width, height: 24 }, 0x3060a0);
    dragged.text('Properties', 8, 17, PAPER);
    for (let row = 2; row < 18; row += 1)
      dragged.text(textLine(500 + row, 52), 8, row * 16 + 8, INK);
    window.copy(page, { x: 0, y: 0, ...size }, { x: 0, y: 0 });
    let at: Point = { x: 100, y: 100 };
    window.copy(dragged, { x: 0, y: 0, ...DRAGGED }, at);
    return (pointer) => {
      window.copy(page, { ...at, ...DRAGGED }, at);
      at = { x: pointer.x - DRAGGED.width / 2, y: pointer.y - 12 };
      window.copy(dragged, { x: 0, y: 0, ...DRAGGED }, at);
    };
  },
  page: () => {
    const show = (): void => {
      const isDark = changes % 4 === 3;
      writePage(window, changes * 100, isDark ? 0x1e2127 : PAPER, isDark ? 0xd0d4dc : INK);
    };
    show();
    return show;
  },
  video: () => {
    writePage(window, 0);
    let frame = 0;
    setInterval(() => {
      frame += 1;
      drawPlasma(frame);
      canvas.flush();
    }, VIDEO_EVERY_MS);
    return () => undefined;
  },
  idle: () => {
    writePage(window, 0);
    return () => undefined;
  },
  churn: () => {
    let round = 0;
    setInterval(() => {
      round += 1;
      drawCells(round);
      canvas.flush();
    }, CHURN_EVERY_MS);
    return () => undefined;
  },
};

const act = begin[scene]();
mark();
const answer = (at: Point): void => {
  changes += 1;
  act(at);
  mark();
};
if (SCENES[scene].act === 'key') canvas.onKey(() => answer({ x: 0, y: 0 }));
if (SCENES[scene].act === 'pointer') canvas.onPointer(answer);
process.stdout.write('ready\n');

/** Smooth and moving everywhere, as a film is. */
function drawPlasma(frame: number): void {
  const cellPx = 10;
  const left = Math.floor((width - VIDEO.width) / 2);
  const top = Math.floor((height - VIDEO.height) / 2);
  const wave = (value: number): number => Math.round(127 + 110 * Math.sin(value));
  for (let y = 0; y < VIDEO.height; y += cellPx)
    for (let x = 0; x < VIDEO.width; x += cellPx) {
      const red = wave(x / 57 + frame / 9);
      const green = wave(y / 43 - frame / 11);
      const blue = wave((x + y) / 71 + frame / 7);
      const cell = { x: left + x, y: top + y, width: cellPx, height: cellPx };
      window.fill(cell, (red << 16) | (green << 8) | blue);
    }
}

/** Every cell gets another colour each time: nothing of the last picture can be kept. */
function drawCells(round: number): void {
  const columns = 32;
  const rows = 18;
  for (let row = 0; row < rows; row += 1)
    for (let column = 0; column < columns; column += 1) {
      const colour = Math.imul(row * columns + column + round * 977, 2654435761) & 0xffffff;
      const x = Math.floor((column * width) / columns);
      const y = Math.floor((row * height) / rows);
      const cell = { x, y, width: Math.ceil(width / columns), height: Math.ceil(height / rows) };
      window.fill(cell, colour);
    }
}
