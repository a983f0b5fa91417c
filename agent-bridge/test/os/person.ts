// A person's hands for tests. Xvfb has a keyboard and a mouse of its own beside the XTEST devices;
// XTEST's device requests press *their* keys, and the server then names them as the source, exactly as
// with hardware. xdotool and our injector, in contrast, come from the XTEST devices.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readKeyNames } from '../../src/x11/xkb.ts';
import { XConnection } from '../../src/x11/x-connection.ts';
import { bind, lazy, type DisplayPointer } from '../../src/x11/xlib.ts';

const xi = lazy(() => ({
  XOpenDevice: bind<(d: DisplayPointer, id: number) => bigint | null>(
    'Xi',
    'void *XOpenDevice(void *d, ulong id)',
  ),
  XTestFakeDeviceKeyEvent: bind<
    (d: DisplayPointer, dev: bigint, key: number, down: 0 | 1, axes: null, n: 0, delay: 0) => number
  >(
    'Xtst',
    'int XTestFakeDeviceKeyEvent(void *d, void *dev, uint key, int down, void *axes, int n, ulong delay)',
  ),
  XTestFakeDeviceButtonEvent: bind<
    (d: DisplayPointer, dev: bigint, b: number, down: 0 | 1, axes: null, n: 0, delay: 0) => number
  >(
    'Xtst',
    'int XTestFakeDeviceButtonEvent(void *d, void *dev, uint b, int down, void *axes, int n, ulong delay)',
  ),
  XTestFakeDeviceMotionEvent: bind<
    (
      d: DisplayPointer,
      dev: bigint,
      relative: 0 | 1,
      first: number,
      axes: Int32Array,
      n: number,
      delay: 0,
    ) => number
  >(
    'Xtst',
    'int XTestFakeDeviceMotionEvent(void *d, void *dev, int rel, int first, void *axes, int n, ulong delay)',
  ),
}));

/** An Xvfb display and its user. */
export class PersonAtXvfb {
  readonly name: string;
  readonly #server: ChildProcess;
  readonly #x: XConnection;
  readonly #keyboard: bigint;
  readonly #mouse: bigint;

  static async start(number: number): Promise<PersonAtXvfb> {
    const server = spawn(
      'Xvfb',
      `:${number} -screen 0 1280x720x24 -nolisten tcp -displayfd 3`.split(' '),
      { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] },
    );
    await once(server.stdio[3]!, 'data');
    return new PersonAtXvfb(`:${number}`, server);
  }

  private constructor(name: string, server: ChildProcess) {
    this.name = name;
    this.#server = server;
    this.#x = XConnection.open(name);
    // Ids 2-5 are the core and XTEST devices of every server; Xvfb's own come next.
    this.#mouse = xi().XOpenDevice(this.#x.display, 6)!;
    this.#keyboard = xi().XOpenDevice(this.#x.display, 7)!;
  }

  /** Moves the mouse there and clicks the left button. */
  click(xPx: number, yPx: number): void {
    this.moveTo(xPx, yPx);
    this.button(true);
    this.button(false);
  }

  moveTo(xPx: number, yPx: number): void {
    const axes = Int32Array.of(xPx, yPx);
    xi().XTestFakeDeviceMotionEvent(this.#x.display, this.#mouse, 0, 0, axes, 2, 0);
    this.#x.flush();
  }

  button(down: boolean): void {
    const { XTestFakeDeviceButtonEvent } = xi();
    XTestFakeDeviceButtonEvent(this.#x.display, this.#mouse, 1, down ? 1 : 0, null, 0, 0);
    this.#x.flush();
  }

  /** Presses the keys in order and releases them in reverse; XKB key names. */
  press(...keyNames: string[]): void {
    const keycodeByName = readKeyNames(this.#x);
    const keycodes = keyNames.map((name) => keycodeByName.get(name)!);
    for (const keycode of keycodes) this.#key(keycode, true);
    for (const keycode of keycodes.toReversed()) this.#key(keycode, false);
    this.#x.flush();
  }

  async leave(): Promise<void> {
    this.#x.close();
    const ended = once(this.#server, 'exit');
    this.#server.kill();
    await ended;
  }

  #key(keycode: number, down: boolean): void {
    const { XTestFakeDeviceKeyEvent } = xi();
    XTestFakeDeviceKeyEvent(this.#x.display, this.#keyboard, keycode, down ? 1 : 0, null, 0, 0);
  }
}
