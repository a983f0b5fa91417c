// What a real X server knows of somebody being there.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { X11Endpoint } from '../../src/consent/endpoint-state.x11.ts';
import { XConnection } from '../../src/x11/x-connection.ts';
import { openX11Injector } from '../../src/input/injector.x11.ts';
import { XDisplay } from '../x-display.ts';
import { eventually } from './eventually.ts';
import { freeDisplay } from './free-display.ts';

let display: XDisplay;
beforeAll(async () => {
  display = await XDisplay.start(await freeDisplay(), [{ mode: '1280x720', x: 0, y: 0 }]);
});
afterAll(async () => display.stop());

it('a machine that nobody touches becomes idle, and active with the next touch', async () => {
  const x = XConnection.open(display.name);
  const injector = openX11Injector(x);
  try {
    expect(new X11Endpoint(x).state()).toBe('active');
    const soonIdle = new X11Endpoint(x, 1_000);
    await eventually('it to be idle', () => soonIdle.state() === 'idle');
    injector.movePointer({ xPx: 10, yPx: 20 });
    await eventually('it to be active', () => soonIdle.state() === 'active');
  } finally {
    injector.close();
    x.close();
  }
});
