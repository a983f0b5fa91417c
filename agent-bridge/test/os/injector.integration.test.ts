// What the X11 injector injects arrives in real X applications: keys and characters in an xterm,
// buttons and wheel in xev, pointer positions at the server. The server's keycodes are not evdev's
// (Xorg without input devices uses the xfree86 rules), so physical keys really go by name here.
import { BUTTONS, WHEEL_NOTCH } from '@guruconnect/contract/input/input-event';
import { usageOf } from '@guruconnect/contract/input/key-codes';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Injector } from '../../src/input/injector.ts';
import { openX11Injector } from '../../src/input/injector.x11.ts';
import { XConnection } from '../../src/x11/x-connection.ts';
import { readRepeatingKeys } from '../../src/x11/xkb.ts';
import { readPointer } from '../../src/x11/xfixes.ts';
import { XDisplay } from '../x-display.ts';
import { aWhile, eventually } from './eventually.ts';
import { freeDisplay } from './free-display.ts';
import { focusWindow, startOpenbox } from './window-manager.ts';
import { Xev } from './xev.ts';

const usage = (code: string): number => usageOf(code)!;

let display: XDisplay;
let folder: string;
let x: XConnection;
let injector: Injector;

beforeAll(async () => {
  display = await XDisplay.start(await freeDisplay(), [
    { mode: '1280x720', x: 0, y: 0 },
    { mode: '1280x800', x: 1280, y: 0 },
  ]);
  await startOpenbox(display); // Debian's binds Print: it is none of the keys below
  folder = await mkdtemp(join(tmpdir(), 'gc-injector-'));
});
afterAll(async () => {
  await display.stop();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(() => {
  x = XConnection.open(display.name);
  injector = openX11Injector(x);
});
afterEach(() => {
  injector.close();
  x.close();
});

function tap(...codes: string[]): void {
  for (const code of codes) injector.key(usage(code), true);
  for (const code of codes.toReversed()) injector.key(usage(code), false);
}

/** An xterm whose lines go into a file until its input ends (Control+D). */
let lineReaders = 0;
async function openLineReader(
  purpose: string,
): Promise<{ read: () => Promise<string>; close: () => Promise<void> }> {
  // a name of its own: what an earlier one wrote must not be taken for its text
  const name = `${purpose}-${++lineReaders}`;
  const path = join(folder, name);
  const xterm = spawn('xterm', ['-u8', '-T', name, '-e', `cat > ${path}`], {
    env: { ...process.env, DISPLAY: display.name, LC_ALL: 'C.UTF-8' },
    stdio: 'ignore',
  });
  await focusWindow(display, `^${name}$`);
  await eventually('the shell', () =>
    readFile(path, 'utf8').then(
      () => true,
      () => false,
    ),
  );
  return {
    read: () => readFile(path, 'utf8'),
    close: async () => {
      if (xterm.exitCode !== null) return;
      xterm.kill();
      await once(xterm, 'exit');
    },
  };
}

describe('keys', () => {
  it('type the very text into a terminal, shifted characters and all', async () => {
    const terminal = await openLineReader('keys');
    tap('KeyH');
    tap('KeyI');
    tap('Space');
    tap('ShiftLeft', 'KeyA');
    tap('ShiftRight', 'Digit1');
    tap('ShiftLeft', 'Digit2');
    tap('Minus');
    tap('ShiftLeft', 'Minus');
    tap('Backslash');
    tap('ShiftLeft', 'Backslash');
    tap('Numpad5');
    tap('NumpadAdd');
    tap('Slash');
    tap('ShiftLeft', 'Slash');
    tap('Backquote');
    tap('KeyX');
    tap('Backspace');
    tap('KeyZ');
    tap('ArrowLeft');
    tap('NumpadEnter');
    tap('Enter');
    const text = await eventually('the line', async () => {
      const got = await terminal.read();
      return got.includes('\n') ? got : undefined;
    });
    // Numpad 5 without Num Lock is "begin", an escape sequence to the shell, as is the left arrow
    expect(text.replaceAll(/\x1b\[?O?[A-Z]/g, '')).toMatch(/^hi A!@-_\\\|\+\/\?`z/);
    await terminal.close();
  });

  it('reach the key of that name although the keycodes are not those of evdev', async () => {
    const xev = await Xev.open(display);
    for (const code of [
      'ArrowUp',
      'Home',
      'Delete',
      'ControlRight',
      'AltRight',
      'MetaLeft',
      'ContextMenu',
      'F12',
      'Pause',
    ])
      tap(code);
    await eventually('all keys', () => xev.keysyms.length >= 9);
    expect(xev.keysyms).toEqual([
      'Up',
      'Home',
      'Delete',
      'Control_R',
      'Alt_R',
      'Super_L',
      'Menu',
      'F12',
      'Pause',
    ]);
    await xev.close();
  });

  it('follow the keyboard when its keycodes or layout change while the agent runs', async () => {
    const xev = await Xev.open(display);
    try {
      tap('KeyZ');
      await display.run('setxkbmap', '-keycodes', 'evdev', '-layout', 'de');
      await eventually('the layout', async () =>
        (await display.run('setxkbmap', '-query')).includes('de'),
      );
      await eventually('the new mapping', () => {
        tap('KeyZ');
        return xev.keysyms.includes('y');
      });
      await eventually('the arrow', () => {
        tap('ArrowUp'); // again until our connection has heard of the new keycodes, too
        return xev.keysyms.includes('Up');
      });
    } finally {
      await display.run('setxkbmap', '-keycodes', 'xfree86', '-layout', 'us');
      await xev.close();
    }
  });

  it('that this keyboard lacks are refused by name', () => {
    expect(injector.key(0x03, true)).toBe('unknown_key');
    expect(injector.key(usage('Lang3'), true)).toBe('unknown_key');
  });

  it('are not repeated by the server, only by the technician', async () => {
    const xev = await Xev.open(display);
    injector.key(usage('KeyA'), true);
    await aWhile(1000); // the server would start after 660 ms
    expect(xev.presses).toBe(1);
    for (let i = 0; i < 3; i++) injector.key(usage('KeyA'), true);
    await eventually('three more', () => xev.presses === 4);
    injector.key(usage('KeyA'), false);
    await eventually('the end', () => xev.releases === 4);
    const keycode = xev.lastKeycode!;
    expect(readRepeatingKeys(x)(keycode)).toBe(true);
    await xev.close();
  });

  it('go up again, last pressed first, at release-all, at close and after a killed agent', async () => {
    const xev = await Xev.open(display);
    const press = () =>
      ['ControlLeft', 'ShiftLeft', 'KeyK'].forEach((code) => injector.key(usage(code), true));
    press();
    expect(injector.releaseAll().map((input) => input.kind === 'key' && input.usage)).toEqual(
      ['KeyK', 'ShiftLeft', 'ControlLeft'].map(usage),
    );
    await eventually('release-all', () => xev.released.join() === 'K,Shift_L,Control_L');
    expect(injector.releaseAll()).toEqual([]);
    press();
    injector.close();
    await eventually('close', () => xev.released.length === 6);

    injector = openX11Injector(x);
    press();
    x.close(); // as the kernel does for a killed agent: nothing is released
    await eventually('the presses', () => xev.presses === 9);
    x = XConnection.open(display.name);
    injector = openX11Injector(x);
    await eventually('the next agent', () => xev.released.length === 9);
    await xev.close();
  });

  it('held by somebody else are not ours to release', async () => {
    expect(injector.key(usage('KeyB'), false)).toBe('injected');
    expect(injector.releaseAll()).toEqual([]);
  });
});

describe('text', () => {
  it.each([
    ['plain and foreign characters', 'äß€漢字🙂 Ünï—“q” #~\\'],
    [
      'more different characters than there are spare keycodes',
      Array.from({ length: 150 }, (_, i) => String.fromCodePoint(0x4e00 + i * 7)).join(''),
    ],
    [
      'a mixture of layout and borrowed keys',
      'Grüße, Мир! 1+1=2 {ok} [ok] Привет ελληνικά עברית العربية',
    ],
  ])('arrives exactly: %s', async (_, text) => {
    const terminal = await openLineReader('text');
    expect(injector.text(`${text}\n`)).toBe('injected');
    await eventually('the text', async () => (await terminal.read()).includes('\n'), 8000);
    expect(await terminal.read()).toBe(`${text}\n`);
    await terminal.close();
  });

  it('keeps its place among keys, however long it waits', async () => {
    const terminal = await openLineReader('order');
    const many = Array.from({ length: 80 }, (_, i) => String.fromCodePoint(0x3041 + i)).join('');
    tap('KeyA');
    injector.text(many);
    tap('KeyB');
    injector.text('ж');
    tap('Enter');
    await eventually('the line', async () => (await terminal.read()).includes('\n'), 8000);
    expect(await terminal.read()).toBe(`a${many}bж\n`);
    await terminal.close();
  });

  it('is not changed by Caps Lock or by modifiers the technician holds, and changes neither', async () => {
    const terminal = await openLineReader('locks');
    tap('CapsLock');
    await eventually('the lamp', () => injector.lockState()?.capsLock);
    injector.key(usage('ShiftLeft'), true);
    injector.text('aBcß1');
    expect(injector.lockState()?.capsLock).toBe(true);
    tap('KeyQ'); // Shift + Caps Lock: small
    injector.key(usage('ShiftLeft'), false);
    tap('KeyQ'); // Caps Lock: capital
    tap('CapsLock');
    tap('Enter');
    await eventually('the line', async () => (await terminal.read()).includes('\n'));
    expect(await terminal.read()).toBe('aBcß1qQ\n');
    await eventually('the lamp', () => injector.lockState()?.capsLock === false);
    await terminal.close();
  });

  it('leaves the keyboard as it was', async () => {
    const before = await display.run('xmodmap', '-pke');
    injector.text('漢字');
    await eventually('the binding', async () => (await display.run('xmodmap', '-pke')) !== before);
    injector.close();
    await eventually(
      'the old keyboard',
      async () => (await display.run('xmodmap', '-pke')) === before,
    );
  });

  it('that is too much at once is refused, and what waits is dropped by release-all', () => {
    const many = Array.from({ length: 1000 }, (_, i) => String.fromCodePoint(0x4e00 + i)).join('');
    expect(injector.text(many)).toBe('injected');
    expect(injector.text(many)).toBe('injected');
    expect(injector.text(many)).toBe('injected');
    expect(injector.text(many)).toBe('injected');
    expect(injector.text(many)).toBe('text_backlog');
    injector.releaseAll();
    expect(injector.text(many)).toBe('injected');
  });
});

describe('pointer', () => {
  it.each([
    [0, 0],
    [1279, 719],
    [1280, 0],
    [1281, 17],
    [2559, 799],
    [1900, 400],
  ])('stands exactly at %i,%i', (xPx, yPx) => {
    expect(injector.movePointer({ xPx, yPx })).toBe('injected');
    expect(readPointer(x)).toEqual({ xPx, yPx });
    expect(injector.lastPointer()).toEqual({ xPx, yPx });
  });

  it('presses each button and turns the wheel by notches, fractions added up', async () => {
    const xev = await Xev.open(display);
    injector.movePointer(await xev.centre());
    for (const button of Object.values(BUTTONS)) {
      injector.pointerButton(button, true);
      injector.pointerButton(button, false);
    }
    expect(injector.pointerButton(9, true)).toBe('unknown_key');
    await eventually('the buttons', () => xev.buttons.length === 5);
    expect(xev.buttons).toEqual([1, 2, 3, 8, 9]);
    injector.wheel(0, WHEEL_NOTCH);
    injector.wheel(0, -WHEEL_NOTCH);
    injector.wheel(-WHEEL_NOTCH, 0);
    injector.wheel(WHEEL_NOTCH, 0);
    for (let i = 0; i < 8; i++) injector.wheel(0, WHEEL_NOTCH / 4);
    await eventually('the wheel', () => xev.buttons.length === 11);
    expect(xev.buttons.slice(5)).toEqual([5, 4, 6, 7, 5, 5]);
    await xev.close();
  });

  it('keeps working while another program grabs the server', async () => {
    const grabber = XConnection.open(display.name);
    const { bind } = await import('../../src/x11/xlib.ts');
    const grab = bind<(d: bigint) => number>('X11', 'int XGrabServer(void *d)');
    grabber.checked('grab', (d) => grab(d));
    injector.movePointer({ xPx: 33, yPx: 44 });
    expect(readPointer(x)).toEqual({ xPx: 33, yPx: 44 });
    grabber.close();
  });
});

describe('the end', () => {
  it('refuses after close, and after the display went away, without throwing', async () => {
    injector.close();
    expect(injector.key(usage('KeyA'), true)).toBe('closed');
    const doomed = await XDisplay.start(await freeDisplay());
    let lost = false;
    const connection = XConnection.open(doomed.name, { onLost: () => (lost = true) });
    const orphan = openX11Injector(connection);
    orphan.key(usage('KeyA'), true);
    doomed.kill();
    await eventually('the loss', () => lost);
    expect(orphan.movePointer({ xPx: 1, yPx: 1 })).toBe('display_lost');
    expect(orphan.text('ж')).toBe('display_lost');
    expect(orphan.lockState()).toBeUndefined();
    expect(orphan.releaseAll()).toHaveLength(1);
    orphan.close();
    connection.close();
    await doomed.stop();
  });
});
