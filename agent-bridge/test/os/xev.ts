// xev, read line by line: what a real X application is told about keys and buttons.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { XDisplay } from '../x-display.ts';
import { eventually } from './eventually.ts';
import { focusWindow, visibleWindows, type Run } from './window-manager.ts';

export class Xev {
  /** Keysym of each key press, in order, and of each release. */
  readonly keysyms: string[] = [];
  readonly released: string[] = [];
  /** Button of each press, in order. */
  readonly buttons: number[] = [];
  lastKeycode: number | undefined;
  readonly #process: ChildProcess;
  readonly #display: XDisplay;

  /** Opens its window and gives it the focus. */
  static async open(display: XDisplay): Promise<Xev> {
    const env = { ...process.env, DISPLAY: display.name };
    // By the line: xev's own buffer holds a pipe's output back.
    const child = spawn('stdbuf', ['-oL', 'xev', '-name', 'xev'], {
      env,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const xev = new Xev(child, display);
    await focusWindow(display, '^xev$');
    return xev;
  }

  private constructor(process: ChildProcess, display: XDisplay) {
    this.#process = process;
    this.#display = display;
    let event = '';
    createInterface(process.stdout!).on('line', (line) => {
      event = /^(\w+) event/.exec(line)?.[1] ?? event;
      const key = /keycode (\d+) \(keysym 0x[0-9a-f]+, (\w+)\)/.exec(line);
      if (key) {
        (event === 'KeyPress' ? this.keysyms : this.released).push(key[2]!);
        this.lastKeycode = Number(key[1]);
      }
      const button = /button (\d+),/.exec(line);
      if (button && event === 'ButtonPress') this.buttons.push(Number(button[1]));
    });
  }

  get presses(): number {
    return this.keysyms.length;
  }

  get releases(): number {
    return this.released.length;
  }

  /** The middle of its window, pixels of the desktop. */
  async centre(): Promise<{ xPx: number; yPx: number }> {
    const run: Run = (...command) => this.#display.run(...command);
    const at = await eventually(
      'xev window',
      async () => (await visibleWindows(run, 'name', 'xev'))[0],
    );
    return {
      xPx: at.x + Math.floor(at.width / 2),
      yPx: at.y + Math.floor(at.height / 2),
    };
  }

  async close(): Promise<void> {
    this.#process.kill();
    await once(this.#process, 'exit');
  }
}
