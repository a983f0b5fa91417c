// MeshCentral with its defaults: server, database and agent on this machine, a device opened by a login
// link, its desktop connected. Everything it keeps lies in the run's own folder.
import { execFile } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { randomBytes } from 'node:crypto';
import type { Browser } from 'puppeteer-core';
import { OwnedChild } from '../../desktop/owned-child.ts';
import { freePort } from '../../stack/ports.ts';
import { until } from '../../stack/until.ts';
import type { Seat } from '../seat.ts';
import type { Contender, ContenderOptions, ContenderSpec } from './contender.ts';
import { moduleFolder } from './software.ts';

const VERSION = '1.1.55';
const ADMIN = 'admin';
const START_DEADLINE_MS = 60_000;
const COMMAND_TIMEOUT_MS = 60_000;

export const MESHCENTRAL: ContenderSpec = {
  name: 'meshcentral',
  label: `MeshCentral ${VERSION}`,
  packages: [],
  modules: [`meshcentral@${VERSION}`],
  start: (options) => startMeshCentral(options),
};

const run = promisify(execFile);
const program = (file: string): string => join(moduleFolder('meshcentral'), file);

async function startMeshCentral(options: ContenderOptions): Promise<Contender> {
  const home = join(options.directory, 'meshcentral');
  const port = await freePort();
  const password = randomBytes(12).toString('base64url');
  const paths = writeConfig(home, port);
  // The commands work on the database itself, so before the server is up.
  const command = async (...args: string[]): Promise<string> => {
    const words = [program('meshcentral.js'), ...paths, ...args];
    return (await run(process.execPath, words, { cwd: home, timeout: COMMAND_TIMEOUT_MS })).stdout;
  };
  await command('--createaccount', ADMIN, '--pass', password, '--email', 'bench@example.test');
  await command('--adminaccount', ADMIN);
  const login = (await command('--logintoken', `user//${ADMIN}`)).trim().split('\n').at(-1) ?? '';

  await using opened = new AsyncDisposableStack();
  const logFile = join(options.directory, 'meshcentral.log');
  const server = OwnedChild.start(process.execPath, [program('meshcentral.js'), ...paths], {
    env: process.env,
    cwd: home,
    logFile,
  });
  opened.defer(() => server.stop());
  const url = `https://127.0.0.1:${port}`;
  await until('MeshCentral', () => fetchText(`${url}/health.ashx`), START_DEADLINE_MS);
  const ctrl = async (...args: string[]): Promise<string> => {
    const account = ['--url', `wss://127.0.0.1:${port}`, '--loginuser', ADMIN];
    const words = [program('meshctrl.js'), ...args, ...account, '--loginpass', password];
    const env = { ...process.env, NODE_TLS_REJECT_UNAUTHORIZED: '0' };
    return (await run(process.execPath, words, { env, timeout: COMMAND_TIMEOUT_MS })).stdout;
  };
  const group = /mesh\/\/\S+/.exec(await ctrl('AddDeviceGroup', '--name', 'bench'))?.[0];
  if (!group) throw new Error('MeshCentral made no device group');
  const settings = await fetchText(
    `${url}/meshsettings?id=${encodeURIComponent(group.slice('mesh//'.length))}`,
  );
  const agent = startAgent(home, settings, options.display, logFile);
  opened.defer(() => agent.stop());
  const device = await until(
    'the MeshCentral agent',
    async () => onlineDevice(await ctrl('ListDevices', '--json')),
    START_DEADLINE_MS,
  );
  const webPort = await options.reach(port);
  const owned = opened.move();
  // Its page does not decode `gotonode`.
  const query = `login=${encodeURIComponent(login)}&gotonode=${device}&viewmode=11&hide=15`;
  return {
    display: options.display,
    sitDown: (browser) => sitDown(browser, `https://127.0.0.1:${webPort}/?${query}`),
    close: () => owned.disposeAsync(),
  };
}

/** @returns arguments that keep everything in `home`. */
function writeConfig(home: string, port: number): string[] {
  const data = join(home, 'data');
  const files = join(home, 'files');
  mkdirSync(data, { recursive: true });
  mkdirSync(files, { recursive: true });
  const config = {
    settings: {
      cert: '127.0.0.1',
      WANonly: true,
      port,
      portBind: '127.0.0.1',
      redirPort: 0,
      mpsPort: 0,
      selfUpdate: false,
      allowLoginToken: true,
      // its login limits would count each block of trials
      maxInvalidLogin: false,
    },
    domains: { '': { title: 'bench', newAccounts: false } },
  };
  writeFileSync(join(data, 'config.json'), JSON.stringify(config));
  return ['--datapath', data, '--filespath', files];
}

function startAgent(home: string, settings: string, display: string, logFile: string): OwnedChild {
  const folder = join(home, 'agent');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'meshagent');
  copyFileSync(program('agents/meshagent_x86-64'), file);
  chmodSync(file, 0o700);
  writeFileSync(join(folder, 'meshagent.msh'), settings);
  const env = { ...process.env, DISPLAY: display };
  return OwnedChild.start(file, ['connect'], { env, cwd: folder, logFile });
}

function onlineDevice(json: string): string | undefined {
  const devices = JSON.parse(json) as { _id?: string; conn?: number }[];
  return devices
    .find(({ conn }) => (conn ?? 0) > 0)
    ?._id?.split('/')
    .at(-1);
}

async function sitDown(browser: Browser, url: string): Promise<Seat> {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  await page.goto(url, { waitUntil: 'domcontentloaded' });
  await page.waitForSelector('#connectbutton1', { timeout: START_DEADLINE_MS });
  await until('the device to be reachable', () =>
    page.evaluate(() => {
      const button = document.querySelector<HTMLInputElement>('#connectbutton1');
      if (!button || button.disabled) return false;
      button.click();
      return true;
    }),
  );
  await until('the desktop of MeshCentral', () =>
    page.evaluate(() => {
      const desktop = document.querySelector<HTMLCanvasElement>('#Desk');
      return desktop !== null && desktop.width > 700;
    }),
  );
  return { page, picture: '#Desk', close: () => context.close() };
}

/** Its certificate is of its own making. */
function fetchText(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get(url, { rejectUnauthorized: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => (text += part));
      response.on('end', () =>
        response.statusCode === 200
          ? resolve(text)
          : reject(new Error(`${url} answered ${response.statusCode}`)),
      );
    }).on('error', reject);
  });
}
