// The X programs of the tests: what a person at the endpoint, or their hardware, would do.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

export class XTools {
  readonly #env: NodeJS.ProcessEnv;

  constructor(display: string) {
    this.#env = { ...process.env, DISPLAY: display };
  }

  async run(program: string, ...args: string[]): Promise<string> {
    const { stdout } = await run(program, args, { env: this.#env, timeout: 15_000 });
    return stdout.trim();
  }

  xdotool(...args: string[]): Promise<string> {
    return this.run('xdotool', ...args);
  }

  /** Window id by title, waiting until it is there and visible. */
  async window(title: string): Promise<string> {
    const found = await this.xdotool('search', '--sync', '--onlyvisible', '--name', title);
    return found.split('\n')[0] ?? '';
  }

  /** Of its content, without the frame. (xdotool's own answer counts the frame twice.) */
  async windowPlace(id: string): Promise<{ x: number; y: number; width: number; height: number }> {
    const text = await this.run('xwininfo', '-id', id);
    const value = (name: string): number =>
      Number(new RegExp(`^ *${name}: *(-?\\d+)$`, 'm').exec(text)?.[1]);
    return {
      x: value('Absolute upper-left X'),
      y: value('Absolute upper-left Y'),
      width: value('Width'),
      height: value('Height'),
    };
  }

  async pointer(): Promise<{ x: number; y: number }> {
    const text = await this.xdotool('getmouselocation', '--shell');
    const value = (name: string): number =>
      Number(new RegExp(`^${name}=(-?\\d+)$`, 'm').exec(text)?.[1]);
    return { x: value('X'), y: value('Y') };
  }
}
