// <guru-session> on a page of another origin, loaded by its script tag from signaling, around the
// real viewer of a real desktop. The page is the one of README.md's "Embed it", as it is printed.
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { GuruSession } from '@guruconnect/contract/element/guru-session';
import { CreatedSession } from '@guruconnect/contract/http/v1/sessions';
import { until } from '../stack/until.ts';
import { Product } from './product.ts';
import { installProbe, type Probe, type ViewerPage } from './viewer-page.ts';

const run = promisify(execFile);
const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
const chapter = /^## Embed it$([^]*?)^## /m.exec(readme)?.[1] ?? '';
const printed = (language: string): string =>
  new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\`$`, 'm').exec(chapter)?.[1] ?? '';

const SHELL = 'GuruConnect demo – shell';
const scratch = join(tmpdir(), `guruconnect-embedded-${process.pid}`);
/** What a technician takes for "at once"; the conversation gives up only after 15 seconds. */
const PROMPT_MS = 5_000;

/** Kept by the page for the test to look at; put there before its own scripts. */
type Told = { readonly type: string; readonly detail: Record<string, unknown> };
type HostWindow = { readonly told: Told[]; readonly locks: string[] };

function listen(): void {
  const told: { type: string; detail: unknown }[] = [];
  const locks: string[] = [];
  Object.assign(window, { told, locks });
  for (const name of ['connected', 'state', 'event', 'topology', 'input', 'error'])
    document.addEventListener(
      `gc-${name}`,
      ({ detail }: CustomEventInit) => {
        const error = (detail as { error?: unknown }).error;
        told.push({
          type: name,
          detail: error instanceof Error ? { ...error, message: error.message } : detail,
        });
      },
      // The element's events do not bubble.
      { capture: true },
    );
  const { keyboard } = navigator as Navigator & {
    keyboard?: { lock(): Promise<void>; unlock(): void };
  };
  if (!keyboard) return;
  const { lock, unlock } = keyboard;
  keyboard.lock = async () => {
    await lock.call(keyboard);
    locks.push('lock');
  };
  keyboard.unlock = () => {
    unlock.call(keyboard);
    locks.push('unlock');
  };
}

let product: Product;
let rmm: Server;
let origin: string;
let sessionId: string;
/** Of the running test. */
const sessions: string[] = [];
/** More for the session the page asks for next. */
let wish: { grants?: ('view' | 'control')[]; embed_origins?: string[] } = {};

/** The request of README.md, by curl, with the addresses of this machine. */
async function createAsPrinted(): Promise<CreatedSession> {
  const line = printed('sh')
    .replace('pc-42', product.stack.deviceId)
    .replace('attended', 'unattended')
    .replace('https://rmm.example', origin);
  const { stdout } = await run('bash', ['-eu', '-c', line], {
    env: { ...process.env, GC: product.stack.baseUrl, KEY: product.stack.integratorKey },
  });
  const answer: unknown = JSON.parse(stdout);
  const created = CreatedSession.safeParse(answer);
  if (!created.success) throw new Error(`the curl line of README.md was answered ${stdout}`);
  return created.data;
}

beforeAll(async () => {
  product = await Product.start({ apps: true });
  rmm = createServer((request, response) => {
    if (request.method === 'GET') {
      const page = printed('html').replaceAll('https://gc.example', product.stack.baseUrl);
      response
        .writeHead(200, { 'content-type': 'text/html; charset=utf-8' })
        .end(`<!doctype html><title>RMM</title><body>${page}<button>Full</button>`);
      return;
    }
    const creating = Object.keys(wish).length === 0 ? createAsPrinted() : product.session(wish);
    void creating.then(({ id, viewer }) => {
      sessionId = id;
      sessions.push(id);
      response.writeHead(201, { 'content-type': 'application/json' }).end(JSON.stringify(viewer));
    });
  });
  // Another host name than signaling's: for the browser another site, with a process of its own.
  await new Promise<void>((resolve) => rmm.listen(0, '127.0.0.1', resolve));
  origin = `http://localhost:${(rmm.address() as AddressInfo).port}`;
});
afterAll(async () => {
  await product?.close();
  rmm?.closeAllConnections();
  rmm?.close();
  rmSync(scratch, { force: true });
});

type Page = ViewerPage['page'];
let page: Page;
beforeEach(() => {
  wish = {};
});
afterEach(async () => {
  await page.close();
  // A device has few sessions at a time; what was ended already may be ended again.
  for (const session_id of sessions.splice(0))
    await product.stack.contract.sessions.end({ session_id });
});

async function open(): Promise<void> {
  page = await product.browser.newPage();
  await page.evaluateOnNewDocument(installProbe);
  await page.evaluateOnNewDocument(listen);
  await page.goto(`${origin}/`, { waitUntil: 'domcontentloaded' });
}
const told = (type: string): Promise<Told['detail'][]> =>
  page.evaluate(
    (wanted) =>
      (window as unknown as HostWindow).told
        .filter((each) => each.type === wanted)
        .map(({ detail }) => detail),
    type,
  );
const hears = (type: string, fits: (detail: Told['detail']) => boolean): Promise<Told['detail']> =>
  until(`the page to hear ${type}`, async () => (await told(type)).find(fits), 20_000);
/** A command of the element: `done`, or the code of its refusal. */
const command = (name: keyof GuruSession, ...words: unknown[]): Promise<string> =>
  page.evaluate(
    (method, given) => {
      const element = document.querySelector('guru-session') as unknown as Record<
        string,
        (...words: unknown[]) => Promise<void>
      >;
      return (
        element[method]?.(...given).then(
          () => 'done',
          (error: { code: string }) => error.code,
        ) ?? 'no such command'
      );
    },
    name,
    words,
  );
const live = async (): Promise<void> => {
  await open();
  await hears('state', ({ state }) => state === 'live');
  await hears('input', ({ enabled }) => enabled === true);
};
const viewersNow = async (): Promise<number> =>
  (await product.stack.contract.viewers.list({ session_id: sessionId })).viewers.length;
const viewerFrame = () => page.frames().find((each) => each.url().includes('/viewer/'));
/** Of the picture that is shown in the frame, as it was decoded. */
const pictureWidth = async (): Promise<number | undefined> =>
  viewerFrame()?.evaluate(() => (window as unknown as { gcProbe: Probe }).gcProbe.picture()?.width);

describe('the page of README.md', () => {
  it('shows the desktop, and hears the journal with the seq of the events API', async () => {
    await live();
    expect(await told('connected')).toMatchObject([{ session_id: sessionId, version: 1 }]);
    const { events } = await product.stack.contract.sessions.events({ session_id: sessionId });
    await until('every event', async () => (await told('event')).length >= events.length);
    const heard = (await told('event')).map(({ event }) => event);
    expect(heard.slice(0, events.length)).toEqual(events);
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_event, i) => i + 1));
    expect(events.map(({ type }) => type)).toContain('session.live');
    expect((await told('topology')).at(-1)).toMatchObject({
      topology: { monitors: [{ width: 1280 }, { width: 1024 }] },
    });
  });

  it('types into the remote shell: control asked for, keys sent, each carried out', async () => {
    await live();
    const shell = await product.x.windowPlace(await product.x.window(SHELL));
    await product.x.xdotool(
      'mousemove',
      String(shell.x + 200),
      String(shell.y + 200),
      'click',
      '1',
    );
    expect(await command('requestControl')).toBe('done');
    // From here on what is typed on this page goes to the machine. (The keyboard reaches a frame of
    // another process a moment after the focus; nobody types that fast.)
    await viewerFrame()?.evaluate(() => {
      addEventListener('keydown', () => (document.title = 'has the keyboard'), { capture: true });
    });
    await until('the keyboard in the frame', async () => {
      // not Shift: five of them switch sticky keys on where AccessX is enabled
      await page.keyboard.press('Control');
      return viewerFrame()?.evaluate(() => document.title === 'has the keyboard');
    });
    // On a busy machine a frame that has just got the keyboard may miss a key: then the line is
    // cleared and typed anew, as a person would.
    await until('the file the shell writes', async () => {
      expect(await command('sendKeys', ['ControlLeft', 'KeyU'])).toBe('done');
      await page.keyboard.type(`echo over > ${scratch}`);
      expect(await command('sendKeys', ['Enter'])).toBe('done');
      return until('its effect', () => existsSync(scratch), 3_000).catch(() => false);
    });
    for (const code of ['KeyL', 'KeyS']) expect(await command('sendKeys', [code])).toBe('done');
    expect(await command('sendKeys', ['ControlLeft', 'KeyU'])).toBe('done');
    expect(await command('sendKeys', ['NoSuchKey'])).toBe('invalid_request');
    await until('what was typed', () => readFileSync(scratch, 'utf8') === 'over\n');
  });

  it('shows another monitor', async () => {
    await open();
    await hears('state', ({ state }) => state === 'live');
    const topology = (await told('topology')).at(-1)?.['topology'] as {
      monitors: { monitor_id: number; width: number }[];
    };
    const second = topology.monitors.find(({ width }) => width === 1024);
    expect(await command('selectMonitor', second?.monitor_id)).toBe('done');
    await hears('topology', (each) => each['selected_monitor_id'] === second?.monitor_id);
    await until('its picture', async () => (await pictureWidth()) === 1024);
    expect(await command('selectMonitor', 99)).toBe('invalid_request');
  });

  it('goes full screen and holds the keyboard for the viewer', async () => {
    await live();
    await page.evaluate(() => {
      const button = document.querySelector('button');
      if (button) button.onclick = () => void document.querySelector('guru-session')?.fullscreen();
    });
    await page.click('button');
    const locks = (): Promise<string[]> =>
      page.evaluate(() => (window as unknown as HostWindow).locks);
    await until('the keyboard lock', async () => (await locks()).length === 1);
    const full = await page.evaluate(() => {
      const element = document.querySelector('guru-session');
      return document.fullscreenElement === element && document.activeElement === element;
    });
    expect(full).toBe(true);
    await page.evaluate(() => document.exitFullscreen());
    await until('the keyboard to be free', async () => (await locks()).length === 2);
    expect(await locks()).toEqual(['lock', 'unlock']);
  });

  it('lets go of the session: disconnected, and removed, the viewer is gone for everybody', async () => {
    await live();
    await until('one viewer', async () => (await viewersNow()) === 1);
    await page.evaluate(() => document.querySelector('guru-session')?.disconnect());
    await until('no viewer', async () => (await viewersNow()) === 0);
    const session = await product.stack.contract.sessions.read({ session_id: sessionId });
    expect(session.state).toBe('live');

    await live();
    await until('one viewer', async () => (await viewersNow()) === 1);
    await page.evaluate(() => document.querySelector('guru-session')?.remove());
    await until('no viewer', async () => (await viewersNow()) === 0);
  });

  it('ends the session for everybody', async () => {
    await live();
    expect(await command('endSession')).toBe('done');
    await hears('state', (each) => each['end_reason'] === 'technician_ended');
    const session = await product.stack.contract.sessions.read({ session_id: sessionId });
    expect(session).toMatchObject({ state: 'ended', end_reason: 'technician_ended' });
  });

  it('may not take control that was not granted', async () => {
    wish = { grants: ['view'], embed_origins: [origin] };
    await open();
    await hears('state', ({ state }) => state === 'live');
    expect(await command('requestControl')).toBe('grant_missing');
    expect(await command('sendKeys', ['KeyA'])).toBe('grant_missing');
  });
});

describe('a page that may not show the viewer', () => {
  it('learns so within moments when its origin is not among the allowed ones', async () => {
    wish = { embed_origins: ['https://another.example'] };
    const startedMs = performance.now();
    await open();
    await hears('error', (error) => error['code'] === 'embed_refused');
    expect(performance.now() - startedMs).toBeLessThan(PROMPT_MS);
    expect(await told('connected')).toEqual([]);
    expect(await told('event')).toEqual([]);
  });

  it('learns so within moments when its code was used before', async () => {
    await live();
    const { id, viewer } = await product.session({ embed_origins: [origin] });
    sessions.push(id);
    expect(await command('connect', viewer)).toBe('done');
    const startedMs = performance.now();
    expect(await command('connect', viewer)).toBe('embed_refused');
    expect(performance.now() - startedMs).toBeLessThan(PROMPT_MS);
  });
});
