// A real X server for tests and measurements: Xorg with the dummy driver, whose RANDR outputs are
// the monitors. It draws into memory, so nothing is shown anywhere. Needs root (absolute -config) and
// the Debian packages xserver-xorg-core, xserver-xorg-video-dummy and x11-xserver-utils.
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const START_DEADLINE_MS = 20_000;

/** Virtual is what all monitors together may take; VideoRam is in KiB and must hold it. */
const xorgConf = (depth: number) => `
Section "ServerFlags"
  Option "AutoAddDevices" "false"
  Option "AutoEnableDevices" "false"
EndSection
Section "Device"
  Identifier "d0"
  Driver "dummy"
  VideoRam 256000
EndSection
Section "Monitor"
  Identifier "m0"
  HorizSync 5.0-1000.0
  VertRefresh 5.0-200.0
  Modeline "1280x720" 74.5 1280 1344 1472 1664 720 723 728 748
EndSection
Section "Screen"
  Identifier "s0"
  Device "d0"
  Monitor "m0"
  DefaultDepth ${depth}
  SubSection "Display"
    Depth ${depth}
    Virtual 5120 2160
    Modes "1280x720"
  EndSubSection
EndSection
`;

export interface XMonitor {
  /** A mode the dummy driver knows: 1280x720, 1280x800, 1920x1080, 1024x768, … */
  readonly mode: string;
  readonly x: number;
  readonly y: number;
}

export interface XServerOptions {
  readonly depth?: 16 | 24;
  /** Off: as for an X server on another machine. */
  readonly sharedMemory?: boolean;
}

export class XDisplay {
  /** ":65" */
  readonly name: string;
  readonly #server: ChildProcess;
  readonly #folder: string;
  readonly #clients: ChildProcess[] = [];

  /** Starts display `:number` (the caller picks a free one) and returns when it answers. */
  static async start(
    number: number,
    monitors: readonly XMonitor[] = [],
    { depth = 24, sharedMemory = true }: XServerOptions = {},
  ): Promise<XDisplay> {
    const folder = await mkdtemp(join(tmpdir(), 'gc-x-display-'));
    const config = join(folder, 'xorg.conf');
    await writeFile(config, xorgConf(depth));
    const server = spawn(
      'Xorg',
      [
        `:${number} -config ${config} -logfile ${join(folder, 'xorg.log')} -displayfd 3`,
        '-noreset -nolisten tcp vt7 -sharevts -novtswitch',
        sharedMemory ? '+extension MIT-SHM' : '-extension MIT-SHM',
      ].flatMap((part) => part.split(' ')),
      { stdio: ['ignore', 'ignore', 'pipe', 'pipe'] },
    );
    const said: string[] = [];
    server.stderr?.on('data', (chunk: Buffer) => said.push(chunk.toString()));
    const display = new XDisplay(`:${number}`, server, folder);
    const ready = server.stdio[3];
    if (!ready) throw new Error('no display pipe');
    const gaveUp = new Promise<never>((_, reject) => {
      const fail = (why: string) => reject(new Error(`Xorg :${number} ${why}\n${said.join('')}`));
      server.once('error', (error) => fail(error.message));
      server.once('exit', (code) => fail(`ended with ${code}`));
      setTimeout(() => fail('did not answer'), START_DEADLINE_MS).unref();
    });
    gaveUp.catch(() => {});
    try {
      await Promise.race([once(ready, 'data'), gaveUp]);
      await display.setMonitors(monitors);
      return display;
    } catch (error) {
      await display.stop();
      throw error;
    }
  }

  private constructor(name: string, server: ChildProcess, folder: string) {
    this.name = name;
    this.#server = server;
    this.#folder = folder;
  }

  /** Monitor n is output DUMMYn; outputs beyond the list are switched off. Empty: leave as it is. */
  async setMonitors(monitors: readonly XMonitor[]): Promise<void> {
    if (monitors.length === 0) return;
    // an output without a monitor lists no modes until it is given one
    for (const [n, { mode }] of monitors.entries()) {
      await this.run('xrandr', '--addmode', `DUMMY${n}`, mode);
    }
    const on = monitors.flatMap(({ mode, x, y }, n) => [
      ...['--output', `DUMMY${n}`, '--mode', mode, '--pos', `${x}x${y}`],
      ...(n === 0 ? ['--primary'] : []),
    ]);
    const off = [1, 2, 3]
      .filter((n) => n >= monitors.length)
      .flatMap((n) => ['--output', `DUMMY${n}`, '--off']);
    await this.run('xrandr', ...on, ...off);
  }

  /** Runs a program on this display to its end; returns what it printed. */
  async run(program: string, ...args: string[]): Promise<string> {
    const env = { ...process.env, DISPLAY: this.name };
    return (await promisify(execFile)(program, args, { env })).stdout;
  }

  /** Starts a program on this display; it is ended by `stop()`. */
  spawn(program: string, ...args: string[]): ChildProcess {
    const env = { ...process.env, DISPLAY: this.name };
    const client = spawn(program, args, { env, stdio: 'ignore' });
    this.#clients.push(client);
    return client;
  }

  /** The server dies at once, as in a crash. */
  kill(): void {
    this.#server.kill('SIGKILL');
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.kill();
    if (this.#server.exitCode === null && this.#server.signalCode === null && this.#server.pid) {
      const ended = once(this.#server, 'exit');
      this.#server.kill();
      await ended;
    }
    await rm(this.#folder, { recursive: true, force: true });
  }
}
