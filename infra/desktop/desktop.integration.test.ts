import { execFile, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { until } from '../stack/until.ts';
import { READ_ME_TITLE, SHELL_TITLE } from './desktop-apps.ts';
import { startDesktop, type Desktop, type DesktopOptions } from './desktop.ts';

const run = promisify(execFile);
const opened: Desktop[] = [];

async function open(options: DesktopOptions): Promise<Desktop> {
  const desktop = await startDesktop(options);
  opened.push(desktop);
  return desktop;
}

afterEach(async () => {
  for (const desktop of opened.splice(0)) await desktop.close();
});

/** Ids of the visible windows with this title. */
async function windows({ env }: Desktop, title: string): Promise<string[]> {
  const search = ['search', '--onlyvisible', '--name', title];
  const { stdout } = await run('xdotool', search, { env });
  return stdout.trim().split('\n');
}

/** Command lines of the X server of this display and of all that runs on it. */
function processesOn(display: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
        const isOn = environment.includes(`DISPLAY=${display}`) || command.includes(display);
        return isOn && command[0] ? [command.join(' ')] : [];
      } catch {
        return []; // gone meanwhile, or not ours to read
      }
    });
}

test('has two monitors of different size with the demo programs on them', async () => {
  const desktop = await open({ display: 60, apps: true });
  expect(desktop.display).toBe(':60');
  expect(await desktop.monitors()).toEqual([
    { name: 'DUMMY0', width: 1280, height: 720, x: 0, y: 0 },
    { name: 'DUMMY1', width: 1024, height: 768, x: 1280, y: 0 },
  ]);
  for (const title of [SHELL_TITLE, READ_ME_TITLE]) {
    expect(await windows(desktop, title)).toHaveLength(1);
  }
});

test('a monitor can be unplugged, plugged in again and change its mode', async () => {
  const desktop = await open({ display: 60 });
  await desktop.unplug('DUMMY1');
  expect((await desktop.monitors()).map(({ name }) => name)).toEqual(['DUMMY0']);

  await desktop.plug('DUMMY1', { width: 1366, height: 768 }, { x: 1280, y: 0 });
  expect(await desktop.monitors()).toContainEqual({
    name: 'DUMMY1',
    width: 1366,
    height: 768,
    x: 1280,
    y: 0,
  });

  await desktop.plug('DUMMY0', { width: 1000, height: 700 }, { x: 0, y: 0 });
  expect(await desktop.monitors()).toContainEqual({
    name: 'DUMMY0',
    width: 1000,
    height: 700,
    x: 0,
    y: 0,
  });
});

test('takes any number of monitors, up to 4K', async () => {
  const sizes = [
    { width: 3840, height: 2160 },
    { width: 800, height: 600 },
    { width: 640, height: 480 },
  ];
  const desktop = await open({ display: 60, monitors: sizes });
  expect(await desktop.monitors()).toMatchObject(sizes);
});

test('a display that is taken is refused by name', async () => {
  await open({ display: 60 });
  await expect(open({ display: 60 })).rejects.toThrow('display :60 is taken');
});

test('two desktops that start at once find a display each', async () => {
  const [one, other] = await Promise.all([open({}), open({})]);
  expect(one.display).not.toBe(other.display);
});

test('what runs on it does not see our environment', async () => {
  process.env['GC_TEST_SECRET'] = 'kept';
  try {
    const desktop = await open({ display: 60 });
    expect(desktop.env).not.toHaveProperty('GC_TEST_SECRET');
  } finally {
    delete process.env['GC_TEST_SECRET'];
  }
});

test('close leaves no process, no socket and no lock, and may be called twice', async () => {
  const desktop = await open({ display: 60, apps: true });
  expect(processesOn(':60').length).toBeGreaterThan(4);
  await Promise.all([desktop.close(), desktop.close()]);
  await until('the programs to be gone', () => processesOn(':60').length === 0, 3_000);
  expect(existsSync('/tmp/.X11-unix/X60')).toBe(false);
  expect(existsSync('/tmp/.X60-lock')).toBe(false);
});

test('nothing outlives a parent that is killed', async () => {
  const start = fileURLToPath(new URL('start.ts', import.meta.url));
  const parent = spawn(process.execPath, [start, '--json', '--display', '61'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((resolve) => parent.stdout.once('data', resolve));
  expect(processesOn(':61').length).toBeGreaterThan(4);
  parent.kill('SIGKILL');
  await until('the programs to be gone', () => processesOn(':61').length === 0, 5_000);
});
