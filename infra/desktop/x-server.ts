// The X server of a desktop without hardware: Xorg with the dummy driver, or Xvfb where that cannot
// be had. Owned by Desktop. Neither needs root.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OwnedChild } from './owned-child.ts';
import type { Size } from './modeline.ts';
import { xorgConfig } from './xorg-config.ts';

/** Displays we choose from; low numbers are left to the sessions of people. */
const FIRST_DISPLAY = 70;
const LAST_DISPLAY = 399;
const START_TIMEOUT_MS = 10_000;
const LOG_TAIL_LINES = 12;

/** Without the distribution's wrapper, which asks for a console that a dummy does not need. */
const XORG = '/usr/lib/xorg/Xorg';
const DUMMY_DRIVER = '/usr/lib/xorg/modules/drivers/dummy_drv.so';
const XVFB = '/usr/bin/Xvfb';

const COMMON_ARGUMENTS = [
  ...['-nolisten', 'tcp'],
  '-noreset', // the last client leaving does not end the desktop
  ...['-s', '0'], // never blank
  ...['-dpi', '96'],
];

export type XServerOptions = {
  /** A free one is chosen when missing. */
  readonly display?: number | undefined;
  /** Of the monitors it will have; the first is there from the start. */
  readonly sizes: readonly Size[];
  /** Where its configuration goes. */
  readonly directory: string;
  readonly logDir: string;
};

export class XServer {
  readonly display: string;
  readonly #process: OwnedChild;

  private constructor(display: string, process: OwnedChild) {
    this.display = display;
    this.#process = process;
  }

  /** @throws Error that says what to do when no X server can be started. */
  static async start(options: XServerOptions): Promise<XServer> {
    const kinds = [
      ...(existsSync(XORG) && existsSync(DUMMY_DRIVER) ? [xorgCommand(options)] : []),
      ...(existsSync(XVFB) ? [xvfbCommand(options)] : []),
    ];
    if (kinds.length === 0) {
      throw new Error(
        'there is no X server to make a desktop with: install xserver-xorg-core and xserver-xorg-video-dummy (or xvfb)',
      );
    }
    let reason = '';
    for (const command of kinds) {
      const started = await startOnSomeDisplay(command, options);
      if (typeof started !== 'string') return new XServer(started.display, started.process);
      reason = started;
    }
    throw new Error(`the X server did not start: ${reason}`);
  }

  /** Resolves when the server is gone, whoever ended it. */
  get exited(): Promise<void> {
    return this.#process.exited;
  }

  /** Ends the server and with it every program on it. Idempotent. */
  close(): Promise<void> {
    return this.#process.stop();
  }
}

type Command = readonly [program: string, ...args: string[]];

function xorgCommand({ sizes, directory, logDir }: XServerOptions): Command {
  const config = join(directory, 'xorg.conf');
  writeFileSync(config, xorgConfig(sizes));
  const own = ['-config', config, '-logfile', join(logDir, 'xorg.log'), '-novtswitch', '-sharevts'];
  return [XORG, ...own, ...COMMON_ARGUMENTS];
}

/** One output that holds all monitors side by side; they are virtual then (see monitors.ts). */
function xvfbCommand({ sizes }: XServerOptions): Command {
  const width = sizes.reduce((sum, size) => sum + size.width, 0);
  const height = Math.max(...sizes.map((size) => size.height));
  return [XVFB, '-screen', '0', `${width}x${height}x24`, ...COMMON_ARGUMENTS];
}

/** @returns the server that runs, or for people why there is none. */
async function startOnSomeDisplay(
  [program, ...args]: Command,
  { display, logDir }: XServerOptions,
): Promise<{ display: string; process: OwnedChild } | string> {
  for (const number of display === undefined ? freeDisplays() : [display]) {
    const logFile = join(logDir, `x-server-${number}.log`);
    // The server writes its number to -displayfd once it answers.
    const child = OwnedChild.start(program, [`:${number}`, '-displayfd', '3', ...args], {
      env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '/' },
      logFile,
    });
    if (await answers(child)) return { display: `:${number}`, process: child };
    await child.stop();
    const log = await readFile(logFile, 'utf8');
    if (!/already (active|running)/.test(log))
      return log.trimEnd().split('\n').slice(-LOG_TAIL_LINES).join('\n');
    if (display !== undefined) return `display :${display} is taken`;
    // Somebody was faster on this one: try the next.
  }
  return `displays :${FIRST_DISPLAY} to :${LAST_DISPLAY} are all taken`;
}

async function answers(child: OwnedChild): Promise<boolean> {
  const timeout = AbortSignal.timeout(START_TIMEOUT_MS);
  return new Promise((resolve) => {
    child.fd3.once('data', () => resolve(true));
    timeout.addEventListener('abort', () => resolve(false), { once: true });
    void child.exited.then(() => resolve(false));
  });
}

/**
 * By the sockets that are open (proc(5), net/unix) rather than by files: those stay behind from
 * servers that were killed, and a starting server sweeps them away itself.
 */
function* freeDisplays(): Iterable<number> {
  const open = readFileSync('/proc/net/unix', 'utf8');
  for (let number = FIRST_DISPLAY; number <= LAST_DISPLAY; number += 1) {
    if (!new RegExp(`/tmp/\\.X11-unix/X${number}$`, 'm').test(open)) yield number;
  }
}
