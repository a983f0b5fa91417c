// noVNC with the two VNC servers that people use on X: TigerVNC, which is an X server itself and hears
// every drawing call, and x11vnc, which looks at another one as we do.
import { join } from 'node:path';
import type { Browser } from 'puppeteer-core';
import { OwnedChild } from '../../desktop/owned-child.ts';
import { freePort } from '../../stack/ports.ts';
import { until } from '../../stack/until.ts';
import type { Seat } from '../seat.ts';
import { acceptsConnections } from './accepts-connections.ts';
import type { Contender, ContenderOptions, ContenderSpec } from './contender.ts';
import { freeDisplay } from './free-display.ts';
import { NOVNC, WS, startNoVnc } from './novnc-server.ts';

const MODULES = [NOVNC, WS];

export const TIGERVNC: ContenderSpec = {
  name: 'tigervnc',
  label: 'noVNC 1.7 + TigerVNC',
  packages: ['tigervnc-standalone-server'],
  modules: MODULES,
  start: async (options) => {
    const display = freeDisplay();
    const { width, height } = options.size;
    const geometry = ['-geometry', `${width}x${height}`, '-depth', '24'];
    return await startVnc(options, display, (port) => [
      'Xtigervnc',
      [display, ...geometry, '-rfbport', String(port), '-localhost', '-SecurityTypes', 'None'],
    ]);
  },
};

const x11vnc = (name: string, label: string, tuning: readonly string[]): ContenderSpec => ({
  name,
  label,
  packages: ['x11vnc'],
  modules: MODULES,
  start: (options) =>
    startVnc(options, options.display, (port) => [
      'x11vnc',
      [
        ...['-display', options.display, '-rfbport', String(port), '-localhost', '-nopw'],
        ...['-forever', '-shared', '-quiet', '-noipv6', ...tuning],
      ],
    ]),
});

export const X11VNC = x11vnc('x11vnc', 'noVNC 1.7 + x11vnc', []);
/** Looks and sends as often as it can: what its manual offers against latency. */
export const X11VNC_TUNED = x11vnc('x11vnc_tuned', 'noVNC 1.7 + x11vnc -wait 5 -defer 5', [
  ...['-wait', '5', '-defer', '5', '-nonap'],
]);

async function startVnc(
  { directory, reach }: ContenderOptions,
  display: string,
  command: (port: number) => [program: string, args: string[]],
): Promise<Contender> {
  await using opened = new AsyncDisposableStack();
  const port = await freePort();
  const [program, args] = command(port);
  const logFile = join(directory, `${program}.log`);
  const server = OwnedChild.start(program, args, { env: process.env, logFile });
  opened.defer(() => server.stop());
  await until(program, async () => {
    if (!server.running) throw new Error(`${program} ended; see ${logFile}`);
    return await acceptsConnections(port);
  });
  const web = await startNoVnc(port);
  opened.defer(() => web.close());
  const webPort = await reach(web.port);
  const owned = opened.move();
  return {
    display,
    sitDown: (browser) => sitDown(browser, webPort),
    close: () => owned.disposeAsync(),
  };
}

async function sitDown(browser: Browser, port: number): Promise<Seat> {
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${port}/`);
  await until('noVNC to connect', async () => (await page.title()) === 'connected');
  return { page, picture: '#screen canvas', close: () => page.close() };
}
