// An X client for measurements: a window that repaints itself at every key press (`flip`), or
// wholly every N milliseconds (`animate`). Run as a process of its own, as any application is:
//   node infra/bench/flip-window.ts <display> <x> <y> <width> <height> flip
//   node infra/bench/flip-window.ts <display> <x> <y> <width> <height> animate <everyMs>
import { XConnection } from '@guruconnect/agent-bridge/x11/x-connection';
import { bind, type DisplayPointer, type Xid } from '@guruconnect/agent-bridge/x11/xlib';

const KEY_PRESS = 2;
const KEY_PRESS_MASK = 1;
const EXPOSURE_MASK = 1 << 15;
const BLACK = 0x101010;
const WHITE = 0xf0f0f0;

const [
  displayName = '',
  xText = '0',
  yText = '0',
  widthText = '100',
  heightText = '100',
  mode = 'flip',
  everyText = '16',
] = process.argv.slice(2);
const width = Number(widthText);
const height = Number(heightText);

type D = DisplayPointer;
const x = {
  createWindow: bind<
    (
      d: D,
      parent: Xid,
      x: number,
      y: number,
      w: number,
      h: number,
      border: number,
      b: number,
      bg: number,
    ) => Xid
  >(
    'X11',
    'ulong XCreateSimpleWindow(void *d, ulong parent, int x, int y, uint w, uint h, uint bw, ulong border, ulong bg)',
  ),
  changeAttributes: bind<(d: D, w: Xid, mask: number, attributes: Uint8Array) => number>(
    'X11',
    'int XChangeWindowAttributes(void *d, ulong w, ulong mask, void *attributes)',
  ),
  mapRaised: bind<(d: D, w: Xid) => number>('X11', 'int XMapRaised(void *d, ulong w)'),
  selectInput: bind<(d: D, w: Xid, mask: number) => number>(
    'X11',
    'int XSelectInput(void *d, ulong w, long mask)',
  ),
  focus: bind<(d: D, w: Xid, revert: number, time: number) => number>(
    'X11',
    'int XSetInputFocus(void *d, ulong w, int revert, ulong time)',
  ),
  setBackground: bind<(d: D, w: Xid, pixel: number) => number>(
    'X11',
    'int XSetWindowBackground(void *d, ulong w, ulong pixel)',
  ),
  clear: bind<(d: D, w: Xid) => number>('X11', 'int XClearWindow(void *d, ulong w)'),
  createGc: bind<(d: D, w: Xid, mask: number, values: null) => bigint>(
    'X11',
    'void *XCreateGC(void *d, ulong w, ulong mask, void *values)',
  ),
  foreground: bind<(d: D, gc: bigint, pixel: number) => number>(
    'X11',
    'int XSetForeground(void *d, void *gc, ulong pixel)',
  ),
  fill: bind<
    (d: D, w: Xid, gc: bigint, x: number, y: number, width: number, height: number) => number
  >('X11', 'int XFillRectangle(void *d, ulong w, void *gc, int x, int y, uint width, uint height)'),
  sync: bind<(d: D, discard: number) => number>('X11', 'int XSync(void *d, int discard)'),
  storeName: bind<(d: D, w: Xid, name: string) => number>(
    'X11',
    'int XStoreName(void *d, ulong w, str name)',
  ),
};

const connection = XConnection.open(displayName, { onLost: () => process.exit(0) });
const window = x.createWindow(
  connection.display,
  connection.rootWindow,
  Number(xText),
  Number(yText),
  width,
  height,
  0,
  0,
  BLACK,
);
// XSetWindowAttributes (LP64): override_redirect is the int at offset 88; CWOverrideRedirect = 1<<9.
const attributes = Buffer.alloc(112);
attributes.writeInt32LE(1, 88);
x.changeAttributes(connection.display, window, 1 << 9, attributes);
x.storeName(connection.display, window, 'guruconnect-bench');
x.selectInput(connection.display, window, KEY_PRESS_MASK | EXPOSURE_MASK);
x.mapRaised(connection.display, window);
x.sync(connection.display, 0);
x.focus(connection.display, window, 2, 0);
x.sync(connection.display, 0);

if (mode === 'flip') {
  let white = false;
  connection.on(KEY_PRESS, () => {
    white = !white;
    x.setBackground(connection.display, window, white ? WHITE : BLACK);
    x.clear(connection.display, window);
    connection.flush();
  });
} else {
  const gc = x.createGc(connection.display, window, 0, null);
  const columns = 32;
  const rows = 18;
  let round = 0;
  setInterval(() => {
    round += 1;
    for (let row = 0; row < rows; row += 1) {
      for (let column = 0; column < columns; column += 1) {
        // Every cell gets another colour each time: nothing of the last picture can be kept.
        const value = Math.imul(row * columns + column + round * 977, 2654435761) & 0xffffff;
        x.foreground(connection.display, gc, value);
        const cellX = Math.floor((column * width) / columns);
        const cellY = Math.floor((row * height) / rows);
        x.fill(
          connection.display,
          window,
          gc,
          cellX,
          cellY,
          Math.ceil(width / columns),
          Math.ceil(height / rows),
        );
      }
    }
    connection.flush();
  }, Number(everyText));
}
process.send?.({ ready: true });
process.stdout.write('ready\n');
