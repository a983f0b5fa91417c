// An X client that shows what people read: 9-point text (12 pixels at 96 dpi), antialiased, in three
// columns: dark on light, coloured on light, light and coloured on dark. Orders come as lines:
//   node infra/bench/sharpness/text-page.ts <display> <x> <y> <width> <height>
//   page N    another page, all of it at once
//   scroll    three lines up, new ones below
//   type      one more character on the last line
//   patches   no text: the colours of PATCHES side by side
// Each is answered with a line when the X server has drawn it.
import { createInterface } from 'node:readline';
import { Raster } from '@guruconnect/agent-bridge/x11/raster';
import { XConnection } from '@guruconnect/agent-bridge/x11/x-connection';
import { XWindow, type PlacedText } from '@guruconnect/agent-bridge/x11/x-window';
import { FontStack } from '@guruconnect/agent-bridge/x11/xft';
import { xlib } from '@guruconnect/agent-bridge/x11/xlib';
import { PATCHES } from './open-text-page.ts';

const SIZE_PX = 12;
const LINE_PX = 15;
const SCROLLED_LINES = 3;
const WORDS =
  'agent bridge codec delay encoder frame grant input journal key latency media monitor network over packet quality remote screen session text track update viewer window 127.0.0.1 {} => error(404); #include'.split(
    ' ',
  );

const COLUMNS: readonly { readonly paper: number; readonly inks: readonly number[] }[] = [
  { paper: 0xffffff, inks: [0x000000, 0x000000, 0x333333] },
  { paper: 0xffffff, inks: [0x0000ee, 0xd00000, 0x007a00, 0xc06000, 0xa000a0] },
  { paper: 0x1e1e1e, inks: [0xd4d4d4, 0x569cd6, 0x4ec9b0, 0xce9178, 0xff5050, 0x5c5cff] },
];

const [display = '', ...box] = process.argv.slice(2);
const [left = 0, top = 0, width = 1280, height = 720] = box.map(Number);
const connection = XConnection.open(display, { onLost: () => process.exit(0) });
const fonts = new FontStack(connection, { sizePx: SIZE_PX, bold: false });
const window = new XWindow(connection, {
  box: { x: left, y: top, width, height },
  title: 'guruconnect-text-page',
  wmClass: 'guruconnect-bench',
  unmanaged: true,
  eventMask: 0,
});
const lines = Math.floor((height - 4) / LINE_PX);
const columnWidth = Math.floor(width / COLUMNS.length);
const paper = new Raster(width, height);
for (const [n, column] of COLUMNS.entries()) {
  const last = n === COLUMNS.length - 1;
  const box = { x: n * columnWidth, y: 0, width: last ? width : columnWidth, height };
  paper.fillBox(box, 0, column.paper);
}

let firstLine = 0;
let typed = '';

/** The same words for the same line, for ever; lines of any page follow each other. */
function lineOf(number: number, column: number): string {
  let state = Math.imul(number * COLUMNS.length + column + 1, 2654435761) >>> 0;
  let line = '';
  while (line.length < 200) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    line += `${WORDS[(state >>> 8) % WORDS.length] ?? ''} `;
  }
  return line;
}

function fitting(text: string, maxPx: number): string {
  let end = Math.floor(maxPx / 5);
  while (end > 0 && fonts.widthPx(text.slice(0, end)) > maxPx) end -= 1;
  return text.slice(0, end);
}

function paint(): void {
  const texts: PlacedText[] = [];
  for (let row = 0; row < lines; row += 1) {
    for (const [n, { inks }] of COLUMNS.entries()) {
      const number = firstLine + row;
      const isTyped = row === lines - 1 && n === 0;
      texts.push({
        text: isTyped ? typed : fitting(lineOf(number, n), columnWidth - 12),
        fonts,
        x: n * columnWidth + 6,
        baselineY: 2 + row * LINE_PX + SIZE_PX,
        colour: inks[number % inks.length] ?? 0,
      });
    }
  }
  window.paint(paper, texts);
}

function paintPatches(): void {
  const patches = new Raster(width, height);
  const patchWidth = width / PATCHES.length;
  for (const [n, colour] of PATCHES.entries())
    patches.fillBox({ x: n * patchWidth, y: 0, width: patchWidth, height }, 0, colour);
  window.paint(patches, []);
}

function obey(order: string): void {
  const [verb, argument] = order.split(' ');
  if (verb === 'page') firstLine = Number(argument) * 1000;
  else if (verb === 'scroll') firstLine += SCROLLED_LINES;
  else if (verb === 'type') typed = `${typed}${WORDS[typed.length % WORDS.length]?.[0] ?? ''}`;
  if (verb === 'patches') paintPatches();
  else paint();
  const y = verb === 'type' ? 2 + (lines - 1) * LINE_PX : 0;
  window.present({ x: 0, y, width: verb === 'type' ? columnWidth : width, height: height - y });
  xlib().XSync(connection.display, 0);
  process.stdout.write(`${order}\n`);
}

window.show();
xlib().XSync(connection.display, 0);
obey('page 0');
createInterface(process.stdin)
  .on('line', obey)
  .on('close', () => process.exit(0));
