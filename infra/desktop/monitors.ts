// Plugs monitors into a desktop's X server and unplugs them, as hardware would. Outputs of the
// dummy driver are real RANDR outputs; a server with only one output (Xvfb, an old dummy driver)
// gets RANDR 1.5 monitors drawn onto it instead, which programs see the same way.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { modeline, type Size } from './modeline.ts';

const run = promisify(execFile);
const XRANDR_TIMEOUT_MS = 10_000;
const MM_PER_INCH = 25.4;
const DPI = 96;

export type Position = { readonly x: number; readonly y: number };
/** In pixels of the whole desktop. */
export type Monitor = Size & Position & { readonly name: string };

export class Monitors {
  readonly #env: NodeJS.ProcessEnv;
  readonly #hasOutputs: boolean;

  private constructor(env: NodeJS.ProcessEnv, hasOutputs: boolean) {
    this.#env = env;
    this.#hasOutputs = hasOutputs;
  }

  /** @param env has the DISPLAY of a server that answers. */
  static async of(env: NodeJS.ProcessEnv): Promise<Monitors> {
    const probe = new Monitors(env, false);
    const outputs = await probe.#xrandr('--query');
    return new Monitors(env, /^DUMMY1 /m.test(outputs));
  }

  /** Those that are there now, in the server's order. */
  async list(): Promise<Monitor[]> {
    const text = await this.#xrandr('--listactivemonitors');
    return parseMonitors(text);
  }

  /** Plugs a monitor in, or changes the one of this name. Resolves when the server shows it. */
  async plug(name: string, size: Size, position: Position): Promise<void> {
    const { name: mode, timings } = modeline(size);
    if (!this.#hasOutputs) return this.#draw(name, size, position);
    // Both complain when it is there already, which is as good.
    await this.#xrandr('--newmode', mode, ...timings.split(' ')).catch(() => {});
    await this.#xrandr('--addmode', name, mode).catch(() => {});
    const place = `${position.x}x${position.y}`;
    await this.#xrandr('--output', name, '--mode', mode, '--pos', place);
  }

  async unplug(name: string): Promise<void> {
    if (this.#hasOutputs) await this.#xrandr('--output', name, '--off');
    else await this.#xrandr('--delmonitor', name);
  }

  async makePrimary(name: string): Promise<void> {
    if (this.#hasOutputs) await this.#xrandr('--output', name, '--primary');
  }

  async #draw(name: string, { width, height }: Size, { x, y }: Position): Promise<void> {
    const there = await this.list();
    if (there.some((monitor) => monitor.name === name)) await this.unplug(name);
    const mm = (px: number): number => Math.round((px / DPI) * MM_PER_INCH);
    const geometry = `${width}/${mm(width)}x${height}/${mm(height)}+${x}+${y}`;
    // The first takes the output, or the server would go on showing one monitor for all of it.
    const output = (await this.#xrandr('--query')).match(/^(\S+) connected/m)?.[1] ?? 'none';
    const isFirst = x === 0 && y === 0;
    await this.#xrandr('--setmonitor', name, geometry, isFirst ? output : 'none');
  }

  async #xrandr(...args: string[]): Promise<string> {
    const { stdout } = await run('xrandr', args, { env: this.#env, timeout: XRANDR_TIMEOUT_MS });
    return stdout;
  }
}

/** ` 1: +DUMMY1 1024/271x768/203+1280+0  DUMMY1` */
export function parseMonitors(text: string): Monitor[] {
  const line = /^ *\d+: \+?\*?(\S+) (\d+)\/\d+x(\d+)\/\d+\+(-?\d+)\+(-?\d+)/gm;
  return [...text.matchAll(line)].map(([, name = '', width, height, x, y]) => ({
    name,
    width: Number(width),
    height: Number(height),
    x: Number(x),
    y: Number(y),
  }));
}
