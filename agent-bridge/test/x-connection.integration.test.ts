import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { XConnection } from '../src/x11/x-connection.ts';
import type { XError, XProtocolError } from '../src/x11/x-error.ts';
import { XEventType } from '../src/x11/x-event.ts';
import { bind, lazy, xlib, type DisplayPointer, type Xid } from '../src/x11/xlib.ts';
import { until, watchFor } from './deadline.ts';
import { XDisplay } from './x-display.ts';

const NUMBER = 65;
const NO_SUCH_WINDOW = 0x1234567;
const BadWindow = 3;
const PropertyChangeMask = 1 << 22;

const x = lazy(() => ({
  XMapWindow: bind<(d: DisplayPointer, window: Xid) => number>(
    'X11',
    'int XMapWindow(void *d, ulong window)',
  ),
}));

let server: XDisplay;
const open: XConnection[] = [];
function connect(options: Parameters<typeof XConnection.open>[1] = {}): XConnection {
  const connection = XConnection.open(server.name, options);
  open.push(connection);
  return connection;
}

beforeEach(async () => {
  server = await XDisplay.start(NUMBER);
});
afterEach(async () => {
  for (const connection of open.splice(0)) connection.close();
  await server.stop();
});

describe('a connection to an X server', () => {
  it('refuses a display that is not there with a coded error', () => {
    expect(() => XConnection.open(':6553')).toThrow(
      expect.objectContaining({ code: 'display_unreachable' }),
    );
  });

  it('delivers events that arrive by themselves', async () => {
    const connection = connect();
    let heard = 0;
    connection.on(XEventType.PropertyNotify, () => heard++);
    xlib().XSelectInput(connection.display, connection.rootWindow, PropertyChangeMask);
    connection.flush();
    await server.run('xprop', '-root', '-f', 'GC_TEST', '8s', '-set', 'GC_TEST', 'one');
    await until('the property event', () => heard > 0);
  });

  it('delivers events that Xlib read while it waited for a reply to something else', async () => {
    const connection = connect();
    let heard = 0;
    connection.on(XEventType.PropertyNotify, () => heard++);
    xlib().XSelectInput(connection.display, connection.rootWindow, PropertyChangeMask);
    xlib().XSync(connection.display, 0);
    await server.run('xprop', '-root', '-f', 'GC_TEST', '8s', '-set', 'GC_TEST', 'two');
    // the event is in the socket: this round trip takes it out, the socket never becomes readable
    xlib().XSync(connection.display, 0);
    await until('the property event', () => heard > 0);
  });

  it('waits without a thread of the pool: more connections than threads leave files readable', async () => {
    for (let n = 0; n < 10; n++) connect();
    await watchFor(50);
    await expect(readFile(import.meta.filename, 'utf8')).resolves.toContain('without a thread');
  });

  it('stops delivering to who no longer listens', async () => {
    const connection = connect();
    const heard: string[] = [];
    const stop = connection.on(XEventType.PropertyNotify, () => heard.push('stopped'));
    connection.on(XEventType.PropertyNotify, () => heard.push('listening'));
    stop();
    xlib().XSelectInput(connection.display, connection.rootWindow, PropertyChangeMask);
    connection.flush();
    await server.run('xprop', '-root', '-f', 'GC_TEST', '8s', '-set', 'GC_TEST', 'three');
    await until('the property event', () => heard.length > 0);
    expect(heard).not.toContain('stopped');
  });

  it('survives a protocol error and tells it to its owner', async () => {
    const errors: XProtocolError[] = [];
    const connection = connect({ onProtocolError: (error) => errors.push(error) });
    x().XMapWindow(connection.display, NO_SUCH_WINDOW);
    await until('the error', () => errors.length > 0);
    expect(errors[0]).toMatchObject({ errorCode: BadWindow, resourceId: NO_SUCH_WINDOW });
  });

  it('tells the error of one connection to that one only', async () => {
    const innocent: XProtocolError[] = [];
    connect({ onProtocolError: (error) => innocent.push(error) });
    const errors: XProtocolError[] = [];
    const guilty = connect({ onProtocolError: (error) => errors.push(error) });
    x().XMapWindow(guilty.display, NO_SUCH_WINDOW);
    await until('the error', () => errors.length > 0);
    expect(innocent).toEqual([]);
  });

  it('turns errors of checked calls into exceptions, and only those', () => {
    const errors: XProtocolError[] = [];
    const connection = connect({ onProtocolError: (error) => errors.push(error) });
    x().XMapWindow(connection.display, NO_SUCH_WINDOW); // not checked: not blamed on the next
    expect(connection.checked('root window', () => 'fine')).toBe('fine');
    expect(errors).toHaveLength(1);
    expect(() =>
      connection.checked('map', (display) => x().XMapWindow(display, NO_SUCH_WINDOW)),
    ).toThrow(expect.objectContaining({ code: 'display_request_refused' }));
    expect(errors).toHaveLength(1);
  });

  it('is told once that the server died, refuses further calls and closes in peace', async () => {
    const lost: XError[] = [];
    const connection = connect({ onLost: (error) => lost.push(error) });
    server.kill();
    await until('the loss', () => lost.length > 0);
    expect(lost[0]?.code).toBe('display_lost');
    expect(() => connection.display).toThrow(expect.objectContaining({ code: 'display_lost' }));
    connection.close();
    connection.close();
    expect(lost).toHaveLength(1);
  });

  it('survives a server that dies in the middle of its calls', async () => {
    const connection = connect();
    server.kill();
    const calls = () => {
      for (;;) xlib().XSync(connection.display, 0);
    };
    await server.stop();
    expect(calls).toThrow(expect.objectContaining({ code: 'display_lost' }));
  });

  it('refuses calls after its owner closed it', () => {
    const connection = connect();
    connection.close();
    expect(() => connection.display).toThrow(expect.objectContaining({ code: 'display_closed' }));
  });
});
