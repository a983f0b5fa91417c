// Monitors of real X servers come, go, move and change size while the agent looks on.
import type { Topology } from '@guruconnect/contract/monitor';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Displays } from '../../src/displays/displays.ts';
import { SETTLE_MAX_MS } from '../../src/displays/displays.ts';
import { openX11Displays } from '../../src/displays/displays.x11.ts';
import { XConnection } from '../../src/x11/x-connection.ts';
import { XDisplay } from '../x-display.ts';
import { aWhile, eventually } from './eventually.ts';
import { freeDisplay } from './free-display.ts';

const LEFT = { mode: '1280x720', x: 0, y: 0 };
const RIGHT = { mode: '1280x800', x: 1280, y: 0 };

describe('displays on a real X server', () => {
  let display: XDisplay;
  let x: XConnection;
  let displays: Displays;
  const heard: Topology[] = [];

  beforeAll(async () => {
    display = await XDisplay.start(await freeDisplay(), [LEFT]);
  });
  afterAll(async () => display.stop());
  afterEach(() => {
    displays.close();
    x.close();
    heard.length = 0;
  });

  async function open(...monitors: { mode: string; x: number; y: number }[]): Promise<void> {
    await display.setMonitors(monitors);
    x = XConnection.open(display.name);
    displays = openX11Displays(x);
    displays.onChange((topology) => heard.push(topology));
  }

  const shapes = (topology: Topology) =>
    topology.monitors.map(({ name, x, y, width, height }) => [name, x, y, width, height]);

  it('knows both monitors, their places and the primary one at once', async () => {
    await open(LEFT, RIGHT);
    expect(displays.current()).toEqual({
      topology_epoch: 1,
      monitors: [
        {
          monitor_id: 1,
          name: 'DUMMY0',
          x: 0,
          y: 0,
          width: 1280,
          height: 720,
          scale: 1,
          primary: true,
        },
        {
          monitor_id: 2,
          name: 'DUMMY1',
          x: 1280,
          y: 0,
          width: 1280,
          height: 800,
          scale: 1,
          primary: false,
        },
      ],
    });
  });

  it('sees a monitor unplugged and plugged in again, as the same monitor, one epoch each', async () => {
    await open(LEFT, RIGHT);
    await display.run('xrandr', '--output', 'DUMMY1', '--off');
    await eventually('the unplugging', () => heard.length === 1);
    expect(heard[0]).toMatchObject({ topology_epoch: 2, monitors: [{ monitor_id: 1 }] });

    await display.run('xrandr', '--output', 'DUMMY1', '--mode', '1280x800', '--right-of', 'DUMMY0');
    await eventually('the plugging', () => heard.length === 2);
    expect(heard[1]).toMatchObject({
      topology_epoch: 3,
      monitors: [{ monitor_id: 1 }, { monitor_id: 2 }],
    });
    expect(displays.current()).toBe(heard[1]);
  });

  it('never gives the id of a monitor that went to another one', async () => {
    await open(LEFT, RIGHT);
    await display.run('xrandr', '--addmode', 'DUMMY2', '1024x768');
    await display.run(
      'xrandr',
      '--output',
      'DUMMY1',
      '--off',
      '--output',
      'DUMMY2',
      '--mode',
      '1024x768',
      '--right-of',
      'DUMMY0',
    );
    const topology = await eventually('the exchange', () => heard.at(-1));
    expect(topology.monitors.map((monitor) => monitor.monitor_id)).toEqual([1, 3]);
  });

  it('sees a monitor moved, resized and made primary', async () => {
    await open(LEFT, RIGHT);
    await display.run('xrandr', '--output', 'DUMMY1', '--pos', '1280x200');
    await eventually('the move', () => heard.length === 1);
    await display.run('xrandr', '--addmode', 'DUMMY1', '1920x1080');
    await display.run('xrandr', '--output', 'DUMMY1', '--mode', '1920x1080');
    await eventually('the resize', () => heard.length === 2);
    await display.run('xrandr', '--output', 'DUMMY1', '--primary');
    await eventually('the new primary', () => heard.length === 3);
    expect(heard.map((topology) => topology.topology_epoch)).toEqual([2, 3, 4]);
    expect(shapes(heard[0]!)[1]).toEqual(['DUMMY1', 1280, 200, 1280, 800]);
    expect(shapes(heard[1]!)[1]).toEqual(['DUMMY1', 1280, 200, 1920, 1080]);
    expect(heard[2]!.monitors.map((monitor) => monitor.primary)).toEqual([false, true]);
  });

  it('tells one topology for a change of many outputs at once, soon', async () => {
    await open(LEFT, RIGHT);
    await display.run('xrandr', '--addmode', 'DUMMY0', '1920x1080');
    await display.run(
      'xrandr',
      '--output',
      'DUMMY0',
      '--mode',
      '1920x1080',
      '--pos',
      '0x0',
      '--output',
      'DUMMY1',
      '--pos',
      '1920x0',
    );
    const sinceMs = performance.now();
    await eventually('the change', () => heard.length > 0);
    expect(performance.now() - sinceMs).toBeLessThan(SETTLE_MAX_MS + 50);
    await aWhile(2 * SETTLE_MAX_MS);
    expect(heard).toHaveLength(1);
    expect(shapes(heard[0]!)).toEqual([
      ['DUMMY0', 0, 0, 1920, 1080],
      ['DUMMY1', 1920, 0, 1280, 800],
    ]);
  });

  it('counts two outputs that show the same picture as one monitor', async () => {
    await open(LEFT, RIGHT);
    await display.run('xrandr', '--addmode', 'DUMMY1', '1280x720');
    await display.run('xrandr', '--output', 'DUMMY1', '--mode', '1280x720', '--same-as', 'DUMMY0');
    const topology = await eventually('the mirror', () => heard.at(-1));
    expect(shapes(topology)).toEqual([['DUMMY0', 0, 0, 1280, 720]]);
  });

  it('says nothing after close', async () => {
    await open(LEFT, RIGHT);
    displays.close();
    await display.run('xrandr', '--output', 'DUMMY1', '--off');
    await aWhile(2 * SETTLE_MAX_MS);
    expect(heard).toEqual([]);
  });

  it('survives the death of the X server', async () => {
    const doomed = await XDisplay.start(await freeDisplay(), [LEFT]);
    let lost = false;
    x = XConnection.open(doomed.name, { onLost: () => (lost = true) });
    displays = openX11Displays(x);
    doomed.kill();
    await eventually('the loss', () => lost);
    expect(displays.current().monitors).toHaveLength(1);
    await doomed.stop();
  });
});

describe('virtual monitors (xrandr --setmonitor on a server with one output)', () => {
  it('appear, are told apart and go again', async () => {
    const name = `:${await freeDisplay()}`;
    const server = spawn(
      'Xvfb',
      [name, '-screen', '0', '1600x600x24', '-nolisten', 'tcp', '-displayfd', '3'],
      {
        stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
      },
    );
    await once(server.stdio[3]!, 'data');
    const x = XConnection.open(name);
    const displays = openX11Displays(x);
    try {
      expect(displays.current().monitors).toHaveLength(1);
      const heard: Topology[] = [];
      displays.onChange((topology) => heard.push(topology));
      const env = { ...process.env, DISPLAY: name };
      const xrandr = (...args: string[]) =>
        once(spawn('xrandr', args, { env, stdio: 'ignore' }), 'exit');
      await xrandr('--setmonitor', 'left', '800/200x600/150+0+0', 'screen');
      await xrandr('--setmonitor', 'right', '800/200x600/150+800+0', 'none');
      await eventually('both', () => heard.at(-1)?.monitors.length === 2);
      expect(displays.current().monitors.map(({ name, x, width }) => [name, x, width])).toEqual([
        ['left', 0, 800],
        ['right', 800, 800],
      ]);
      const epoch = displays.current().topology_epoch;
      await xrandr('--delmonitor', 'right');
      await eventually('one less', () => heard.at(-1)?.monitors.length === 1);
      expect(displays.current().topology_epoch).toBe(epoch + 1);
    } finally {
      displays.close();
      x.close();
      server.kill();
      await once(server, 'exit');
    }
  });
});
