// The technician's input, whoever injects it, answers no prompt and stops or hides no indicator; a
// person's hands do, even while the technician holds keys down. On Xvfb, whose own keyboard and mouse
// stand for hardware.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { usageOf } from '@guruconnect/contract/input/key-codes';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openX11LiveIndicator } from '../../src/consent/live-indicator.x11.ts';
import { ARMING_MS } from '../../src/consent/prompt.ts';
import { openX11ConsentPrompt } from '../../src/consent/prompt.x11.ts';
import { openX11CursorWatch } from '../../src/cursor/cursor.x11.ts';
import type { Injector } from '../../src/input/injector.ts';
import { openX11Injector } from '../../src/input/injector.x11.ts';
import { XConnection } from '../../src/x11/x-connection.ts';
import { aWhile, eventually } from './eventually.ts';
import { freeDisplay } from './free-display.ts';
import { PersonAtXvfb } from './person.ts';
import { visibleWindows, type WindowOnScreen } from './window-manager.ts';

const SCREEN = { x: 0, y: 0, width: 1280, height: 720, scale: 1 };

let person: PersonAtXvfb;
let x: XConnection;
let injector: Injector;

beforeAll(async () => {
  person = await PersonAtXvfb.start(await freeDisplay());
});
afterAll(async () => person.leave());
beforeEach(() => {
  x = XConnection.open(person.name);
  injector = openX11Injector(x);
});
afterEach(() => {
  injector.close();
  x.close();
});

const run = async (program: string, ...args: string[]): Promise<string> => {
  const env = { ...process.env, DISPLAY: person.name };
  return (await promisify(execFile)(program, args, { env })).stdout;
};

const windowOf = (wmClass: string): Promise<WindowOnScreen> =>
  eventually(wmClass, async () => (await visibleWindows(run, 'class', wmClass))[0]);

function inject(...codes: string[]): void {
  for (const code of codes) injector.key(usageOf(code)!, true);
  for (const code of codes.toReversed()) injector.key(usageOf(code)!, false);
}

describe('the consent prompt', () => {
  const ask = (timeoutMs: number) => {
    const prompt = openX11ConsentPrompt(x, { screen: () => SCREEN });
    const answer = prompt.ask({
      technician: { name: 'Mallory' },
      grants: ['view', 'control'],
      timeoutMs,
    });
    return { prompt, answer };
  };
  const allowButton = async () => {
    const at = await windowOf('guruconnect-consent');
    return { xPx: at.x + at.width - 80, yPx: at.y + at.height - 37 };
  };

  it('is answered neither by our injector nor by any other program that injects', async () => {
    const { prompt, answer } = ask(2500);
    const allow = await allowButton();
    await aWhile(ARMING_MS + 200);
    injector.movePointer(allow);
    injector.pointerButton(0, true);
    injector.pointerButton(0, false);
    inject('AltLeft', 'KeyA');
    inject('Tab');
    inject('Space');
    inject('Enter');
    await run(
      'xdotool',
      'mousemove',
      String(allow.xPx),
      String(allow.yPx),
      'click',
      '1',
      'key',
      'alt+a',
      'key',
      'Return',
    );
    expect((await answer).answer).toBe('timed_out');
    prompt.close();
  });

  it('is answered by a person’s mouse and by a person’s keyboard', async () => {
    const byMouse = ask(5000);
    const allow = await allowButton();
    await aWhile(ARMING_MS + 200);
    person.click(allow.xPx, allow.yPx);
    expect((await byMouse.answer).answer).toBe('granted');

    const byKeyboard = ask(5000);
    await allowButton();
    await aWhile(ARMING_MS + 200);
    person.press('RTRN');
    expect((await byKeyboard.answer).answer).toBe('denied');
    byMouse.prompt.close();
    byKeyboard.prompt.close();
  });
});

describe('the live indicator', () => {
  it('is not stopped, moved or driven by injected input', async () => {
    const stops: string[] = [];
    const indicator = openX11LiveIndicator(x, {
      onStop: (kind) => stops.push(kind),
      screen: () => SCREEN,
    });
    indicator.show([{ name: 'Mallory', activity: 'controlling' }]);
    const at = await windowOf('guruconnect-indicator');
    injector.movePointer({ xPx: at.x + at.width - 35, yPx: 17 });
    injector.pointerButton(0, true);
    injector.pointerButton(0, false);
    inject('ControlLeft', 'AltLeft', 'ShiftLeft', 'Escape');
    injector.movePointer({ xPx: at.x + 40, yPx: 17 });
    injector.pointerButton(0, true);
    injector.movePointer({ xPx: 100, yPx: 600 });
    injector.pointerButton(0, false);
    await aWhile(300);
    expect(stops).toEqual([]);
    expect(await windowOf('guruconnect-indicator')).toEqual(at);
    indicator.close();
  });

  it('is stopped by a person’s hotkey at once, even while injected keys are held down', async () => {
    const stopped = Promise.withResolvers<number>();
    const indicator = openX11LiveIndicator(x, {
      onStop: () => stopped.resolve(performance.now()),
      screen: () => SCREEN,
    });
    indicator.show([{ name: 'Mallory', activity: 'controlling' }]);
    await windowOf('guruconnect-indicator');
    for (const code of ['MetaLeft', 'AltRight', 'KeyX', 'CapsLock'])
      injector.key(usageOf(code)!, true);
    const pressedAtMs = performance.now();
    person.press('LCTL', 'LALT', 'LFSH', 'ESC');
    expect((await stopped.promise) - pressedAtMs).toBeLessThan(100);
    injector.releaseAll();
    indicator.close();
  });

  it('is stopped by a person’s click', async () => {
    const stops: string[] = [];
    const indicator = openX11LiveIndicator(x, {
      onStop: (kind) => stops.push(kind),
      screen: () => SCREEN,
    });
    indicator.show([{ name: 'Ana', activity: 'viewing' }]);
    const at = await windowOf('guruconnect-indicator');
    person.click(at.x + at.width - 35, 17);
    await eventually('the stop', () => stops.join() === 'button');
    indicator.close();
  });

  it('modifiers injected by the technician do not complete a person’s Escape', async () => {
    const stops: string[] = [];
    const indicator = openX11LiveIndicator(x, {
      onStop: (kind) => stops.push(kind),
      screen: () => SCREEN,
    });
    indicator.show([{ name: 'Ana', activity: 'controlling' }]);
    for (const code of ['ControlLeft', 'AltLeft', 'ShiftLeft']) injector.key(usageOf(code)!, true);
    person.press('ESC');
    await aWhile(200);
    expect(stops).toEqual([]);
    indicator.close();
  });
});

it('the pointer moved by a person’s mouse is told, ours is not', async () => {
  const told: unknown[] = [];
  const watch = openX11CursorWatch(x, {
    onShape: () => {},
    onPosition: (position) => told.push(position),
    ownPosition: () => injector.lastPointer(),
  });
  injector.movePointer({ xPx: 500, yPx: 500 });
  await eventually('our own', () => watch.position().xPx === 500);
  person.moveTo(640, 200);
  await eventually('the person’s', () => told.length > 0);
  expect(told).toEqual([{ xPx: 640, yPx: 200 }]);
  watch.close();
});
