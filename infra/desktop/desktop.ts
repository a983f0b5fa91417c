// A desktop of our own for the demo and the tests: an X server with as many monitors as wanted,
// a window manager and, if wanted, real programs. Ends without a trace, also when we are killed.
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { until } from '../stack/until.ts';
import { demoApps } from './desktop-apps.ts';
import type { Size } from './modeline.ts';
import { Monitors, type Monitor, type Position } from './monitors.ts';
import { OwnedChild } from './owned-child.ts';
import { wallpaper, WALLPAPER_COLOURS } from './wallpaper.ts';
import { XServer } from './x-server.ts';

const run = promisify(execFile);
const TOOL_TIMEOUT_MS = 10_000;

/** Different sizes, so that whoever mixes them up is found out. */
export const DEFAULT_MONITORS: readonly Size[] = [
  { width: 1280, height: 720 },
  { width: 1024, height: 768 },
];

const ASSETS = fileURLToPath(new URL('.', import.meta.url));

export type DesktopOptions = {
  /** Number of the X display; a free one when missing. */
  readonly display?: number;
  /** In pixels, from left to right, named DUMMY0, DUMMY1, … */
  readonly monitors?: readonly Size[];
  /** Whether the programs of the demo run on it. Without them it is empty and still. */
  readonly apps?: boolean;
  /** Where the logs go and stay; a temporary folder that goes with the desktop when missing. */
  readonly logDir?: string;
};

/** @throws Error that says what is missing or which display is taken. Nothing is left running. */
export async function startDesktop(options: DesktopOptions = {}): Promise<Desktop> {
  const desktop = await Desktop.start(options);
  return desktop;
}

export class Desktop {
  /** `:79`. */
  readonly display: string;
  /** For programs that are to run on it: a small environment, nothing of ours in it. */
  readonly env: NodeJS.ProcessEnv;
  readonly #monitors: Monitors;
  readonly #server: XServer;
  readonly #directory: string;
  readonly #logDir: string;
  readonly #children: OwnedChild[] = [];
  #closing: Promise<void> | undefined;

  private constructor(
    server: XServer,
    env: NodeJS.ProcessEnv,
    monitors: Monitors,
    directory: string,
    logDir: string,
  ) {
    this.display = server.display;
    this.env = env;
    this.#server = server;
    this.#monitors = monitors;
    this.#directory = directory;
    this.#logDir = logDir;
  }

  /** @internal use startDesktop */
  static async start(options: DesktopOptions): Promise<Desktop> {
    const sizes = options.monitors ?? DEFAULT_MONITORS;
    const directory = await mkdtemp(join(tmpdir(), 'guruconnect-desktop-'));
    const logDir = options.logDir ?? directory;
    mkdirSync(logDir, { recursive: true });
    let server: XServer | undefined;
    let desktop: Desktop | undefined;
    try {
      server = await XServer.start({ display: options.display, sizes, directory, logDir });
      const env = desktopEnvironment(server.display, directory);
      desktop = new Desktop(server, env, await Monitors.of(env), directory, logDir);
      await desktop.#plugAll(sizes);
      await desktop.#startWindowManager();
      await desktop.#decorate();
      if (options.apps) await desktop.#startApps();
      return desktop;
    } catch (error) {
      await (desktop ?? server)?.close();
      await rm(directory, { recursive: true, force: true });
      throw error;
    }
  }

  /** The monitors that are plugged in now. */
  monitors(): Promise<Monitor[]> {
    return this.#monitors.list();
  }

  /** Plugs a monitor in, or gives the one of this name another mode or place. */
  plug(name: string, mode: Size, position: Position): Promise<void> {
    return this.#monitors.plug(name, mode, position);
  }

  unplug(name: string): Promise<void> {
    return this.#monitors.unplug(name);
  }

  /** Resolves when the X server has ended, by close() or by itself. */
  get ended(): Promise<void> {
    return this.#server.exited;
  }

  /** Ends every program and the X server. Idempotent; resolves when all are gone. */
  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  async #end(): Promise<void> {
    await Promise.all(this.#children.map((child) => child.stop()));
    await this.#server.close();
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #plugAll(sizes: readonly Size[]): Promise<void> {
    let x = 0;
    for (const [index, size] of sizes.entries()) {
      await this.#monitors.plug(`DUMMY${index}`, size, { x, y: 0 });
      x += size.width;
    }
    await this.#monitors.makePrimary('DUMMY0');
  }

  async #startWindowManager(): Promise<void> {
    const themes = join(this.#directory, 'themes', 'GuruConnect');
    cpSync(join(ASSETS, 'openbox', 'theme'), themes, { recursive: true });
    const config = join(this.#directory, 'config', 'openbox');
    cpSync(join(ASSETS, 'openbox'), config, { recursive: true });
    this.#spawn('openbox', ['--config-file', join(config, 'rc.xml')]);
    await until(
      'the window manager',
      async () => {
        const property = await this.#tool('xprop', '-root', '_NET_SUPPORTING_WM_CHECK');
        return property.includes('window id');
      },
      TOOL_TIMEOUT_MS,
    );
  }

  async #decorate(): Promise<void> {
    const bitmap = join(this.#directory, 'wallpaper.xbm');
    writeFileSync(bitmap, wallpaper(await this.monitors()));
    const { background, foreground } = WALLPAPER_COLOURS;
    const colours = ['-bg', background, '-fg', foreground];
    await this.#tool('xsetroot', '-cursor_name', 'left_ptr', '-bitmap', bitmap, ...colours);
    await this.#tool('xrdb', '-merge', join(ASSETS, 'xresources'));
  }

  /** One after the other, each once the window of the one before is there. */
  async #startApps(): Promise<void> {
    for (const { program, args, title } of demoApps(await this.monitors(), ASSETS)) {
      const before = await this.#countWindows();
      this.#spawn(program, args);
      const shown = async (): Promise<boolean> => (await this.#countWindows()) > before;
      await until(`the window "${title}"`, shown, TOOL_TIMEOUT_MS);
    }
  }

  async #countWindows(): Promise<number> {
    const list = await this.#tool('xprop', '-root', '_NET_CLIENT_LIST');
    return list.match(/0x/g)?.length ?? 0;
  }

  #spawn(program: string, args: readonly string[]): void {
    const logFile = join(this.#logDir, `${program}.log`);
    this.#children.push(
      OwnedChild.start(program, args, { env: this.env, cwd: homedir(), logFile }),
    );
  }

  async #tool(program: string, ...args: string[]): Promise<string> {
    const { stdout } = await run(program, args, { env: this.env, timeout: TOOL_TIMEOUT_MS });
    return stdout;
  }
}

/** Nothing of our own environment but what programs cannot do without: it may hold secrets. */
function desktopEnvironment(display: string, directory: string): NodeJS.ProcessEnv {
  return {
    DISPLAY: display,
    PATH: process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin',
    HOME: homedir(),
    LANG: 'C.UTF-8',
    SHELL: '/bin/bash',
    LESSHISTFILE: '-',
    HISTFILE: '',
    XDG_CONFIG_HOME: join(directory, 'config'),
    XDG_DATA_HOME: directory, // openbox finds its theme below
    XDG_CACHE_HOME: join(directory, 'cache'),
  };
}
