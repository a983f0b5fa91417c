// The embed SDK as it is delivered, in a real Chromium, against a viewer page on another origin.
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startBrowser, type RunningBrowser } from '../../../infra/e2e/browser.ts';
import { elementBundle } from '../../test/bundle.ts';
import { FAKE_VIEWER, servePages, type WebPages } from '../../test/fake-viewer.ts';
import { EmbedCommand } from '../embed/embed-messages.ts';
import type * as Sdk from './index.ts';

type Tab = Awaited<ReturnType<RunningBrowser['browser']['newPage']>>;
type Frame = ReturnType<Tab['mainFrame']>;
type Told = { readonly type: string; readonly detail: unknown };

// What the host page's own script and the fake viewer keep for the test to look at.
declare const sdk: typeof Sdk;
declare const told: Told[];
declare const locks: string[];
declare const fake: {
  readonly heard: unknown[];
  readonly connects: { readonly origin: string; readonly data: unknown }[];
  readonly code: string | null;
  say(message: unknown): void;
};

const MAX_GZIP_BYTES = 10 * 1024;
const SESSION_ID = 'ses_01m8rf12e0h7jabye05xx38nan';

const hostPage = (viewerOrigin: string): string => `<!doctype html><title>RMM</title>
<meta http-equiv="content-security-policy" content="default-src 'none'; script-src 'self'; frame-src ${viewerOrigin}">
<body><guru-session></guru-session><button>full</button><script type="module" src="/host.js"></script>`;

const HOST_SCRIPT = `
import * as sdk from '/guru-session.js';
const element = document.querySelector('guru-session');
const told = [];
for (const type of ['connected', 'state', 'event', 'topology', 'input', 'error'])
  element.addEventListener('gc-' + type, (event) => {
    const { error } = event.detail;
    told.push({ type, detail: error instanceof Error ? { code: error.code, message: error.message } : event.detail });
  });
const locks = [];
navigator.keyboard.lock = async () => void locks.push('lock');
navigator.keyboard.unlock = () => void locks.push('unlock');
document.querySelector('button').onclick = () => element.fullscreen();
Object.assign(globalThis, { sdk, told, locks });
`;

describe('the bundle', () => {
  it('is small, whole, and without zod', async () => {
    const code = await elementBundle();
    const bytes = gzipSync(code, { level: 9 }).length;
    expect(bytes).toBeLessThanOrEqual(MAX_GZIP_BYTES);
    expect(code).not.toMatch(/^\s*import\b|\bimport\(/m);
    expect(code).not.toContain('ZodError');
  });
});

describe('<guru-session>', () => {
  let browser: RunningBrowser;
  let host: WebPages;
  let viewers: WebPages;
  let strangers: WebPages;
  let tab: Tab;

  beforeAll(async () => {
    const bundle = await elementBundle();
    const script = { type: 'text/javascript' };
    // Another site for the browser, not only another port: the frame gets its own process.
    viewers = await servePages('localhost', (path) =>
      path === '/moved'
        ? {
            type: 'text/html',
            body: `<script>location.href = '${strangers.origin}/viewer'</script>`,
          }
        : path === '/forbidden'
          ? { ...FAKE_VIEWER, headers: { 'content-security-policy': "frame-ancestors 'none'" } }
          : path === '/viewer'
            ? FAKE_VIEWER
            : undefined,
    );
    strangers = await servePages('127.0.0.1', () => FAKE_VIEWER);
    host = await servePages('127.0.0.1', (path) => {
      const body = hostPage(`${viewers.origin} ${strangers.origin}`);
      if (path === '/') return { type: 'text/html', body };
      if (path === '/small')
        return { type: 'text/html', body, headers: { 'permissions-policy': 'fullscreen=()' } };
      if (path === '/host.js') return { ...script, body: HOST_SCRIPT };
      if (path === '/guru-session.js') return { ...script, body: bundle };
      return undefined;
    });
    browser = await startBrowser();
  });
  afterAll(async () => {
    await browser.close();
    await Promise.all([host.close(), viewers.close(), strangers.close()]);
  });
  beforeEach(async () => {
    await tab?.close();
    tab = await browser.browser.newPage();
    await tab.goto(`${host.origin}/`);
    await tab.waitForFunction(() => 'sdk' in globalThis);
  });

  const url = (query = ''): string => `${viewers.origin}/viewer${query}`;
  /** Connects the element; the outcome, or the code of the refusal. */
  const connect = (invitation: unknown): Promise<unknown> =>
    tab.evaluate(
      (given) =>
        document
          .querySelector('guru-session')!
          .connect(given as never)
          .catch((error: Sdk.EmbedError) => error.code),
      invitation,
    );
  const viewerFrame = async (): Promise<Frame> => {
    const frame = tab.frames().find((each) => each.url().includes('/viewer'));
    if (!frame)
      throw new Error(
        `no viewer among ${tab
          .frames()
          .map((f) => f.url())
          .join(' ')}`,
      );
    await frame.waitForFunction(() => 'fake' in globalThis);
    return frame;
  };
  const heard = async (): Promise<unknown[]> => (await viewerFrame()).evaluate(() => fake.heard);
  const say = async (...messages: unknown[]): Promise<void> =>
    (await viewerFrame()).evaluate((all) => {
      for (const message of all) fake.say(message);
    }, messages);
  const waitForTold = (count: number): Promise<unknown> =>
    tab.waitForFunction((n) => told.length >= n, {}, count);
  const toldSoFar = (): Promise<Told[]> => tab.evaluate(() => told);

  it('frames the viewer with its code, without a referrer, and hears that it is there', async () => {
    await expect(connect({ url: url(), code: 'a&b c' })).resolves.toMatchObject({
      gc: 'connected',
      session_id: SESSION_ID,
    });
    const frame = await viewerFrame();
    expect(await frame.evaluate(() => [fake.code, document.referrer])).toEqual(['a&b c', '']);
    expect(await frame.evaluate(() => fake.connects)).toEqual([
      { origin: host.origin, data: { gc: 'connect', version: 1 } },
    ]);
    const state = await tab.evaluate(() => {
      const element = document.querySelector('guru-session')!;
      const { width, height } = element
        .shadowRoot!.querySelector('iframe')!
        .getBoundingClientRect();
      return {
        state: element.state,
        id: element.sessionId,
        width,
        height,
        own: element.clientWidth,
      };
    });
    // The size is proof of the style sheet under a policy that allows no inline style.
    expect(state).toMatchObject({
      state: 'joining',
      id: SESSION_ID,
      width: state.own,
      height: 240,
    });
  });

  it('lets the viewer use what it needs and nothing else', async () => {
    await connect({ url: url(), code: 'c' });
    const allowed = await (
      await viewerFrame()
    ).evaluate(() =>
      (
        document as Document & { featurePolicy: { allowedFeatures(): string[] } }
      ).featurePolicy.allowedFeatures(),
    );
    expect(allowed).toEqual(
      expect.arrayContaining([
        ...['autoplay', 'clipboard-read', 'clipboard-write', 'fullscreen', 'local-network-access'],
      ]),
    );
    for (const feature of ['camera', 'microphone', 'display-capture', 'geolocation', 'usb'])
      expect(allowed).not.toContain(feature);
  });

  it('passes on what the viewer says as events, in order, and ignores what it can not read', async () => {
    await connect({ url: url(), code: 'c' });
    const topology = {
      topology_epoch: 2,
      monitors: [
        ...[1, 2].map((id) => ({
          monitor_id: id,
          name: `D${id}`,
          x: 0,
          y: 0,
          width: 9,
          height: 9,
        })),
      ].map((monitor) => ({ ...monitor, scale: 1, primary: false })),
    };
    const journaled = { session_id: SESSION_ID, type: 'session.live', at: '2026-12-01T09:30:00Z' };
    await say(
      { gc: 'state', state: 'live' },
      { gc: 'event', event: { ...journaled, seq: 8, data: {} } },
      'rubbish',
      { gc: 'tomorrow' },
      { gc: 'topology', topology: 'none' },
      { gc: 'topology', topology, selected_monitor_id: 2 },
      { gc: 'input', enabled: true },
      { gc: 'state', state: 'ended', end_reason: 'technician_ended' },
    );
    await waitForTold(6);
    expect((await toldSoFar()).map(({ type }) => type)).toEqual([
      ...['connected', 'state', 'event', 'topology', 'input', 'state'],
    ]);
    expect((await toldSoFar())[2]?.detail).toEqual({ event: { ...journaled, seq: 8, data: {} } });
    expect(
      await tab.evaluate(() => {
        const { state, selectedMonitorId, topology } = document.querySelector('guru-session')!;
        return [state, selectedMonitorId, topology?.monitors.length];
      }),
    ).toEqual(['ended', 2, 2]);
  });

  it('gives commands that the schema takes, and resolves when they are done', async () => {
    await connect({ url: url('?obey'), code: 'c' });
    await tab.evaluate(async () => {
      const element = document.querySelector('guru-session')!;
      await element.selectMonitor(2);
      await element.setLayout('grid');
      await element.sendKeys(['ControlLeft', 'AltLeft', 'Delete']);
      await element.focus();
      await element.requestControl();
      await element.endSession();
    });
    const commands = await heard();
    expect(commands.map((command) => EmbedCommand.parse(command).gc)).toEqual([
      ...['select_monitor', 'set_layout', 'send_keys', 'focus', 'request_control', 'end_session'],
    ]);
    expect(new Set(commands.map((command) => (command as { id: number }).id)).size).toBe(6);
    expect(await tab.evaluate(() => document.activeElement?.tagName)).toBe('GURU-SESSION');
  });

  it("refuses a command with the viewer's code, each its own", async () => {
    await connect({ url: url(), code: 'c' });
    const both = tab.evaluate(() => {
      const element = document.querySelector('guru-session')!;
      const code = (error: Sdk.EmbedError): unknown => [error.code, error.message];
      return Promise.all([
        element.selectMonitor(9).then(() => 'done', code),
        element.sendKeys(['KeyA']).then(() => 'done', code),
      ]);
    });
    const frame = await viewerFrame();
    await frame.waitForFunction(() => fake.heard.length === 2);
    const error = { code: 'grant_missing', detail: 'view only', retryable: false };
    await say({ gc: 'done', id: 99 }, { gc: 'done', id: 2, error }, { gc: 'done', id: 1 });
    expect(await both).toEqual(['done', ['grant_missing', 'view only']]);
  });

  it('takes no command while no viewer is connected, and lets none hang', async () => {
    const outcome = (): Promise<unknown> =>
      tab.evaluate(() =>
        document
          .querySelector('guru-session')!
          .endSession()
          .catch((error: Sdk.EmbedError) => error.code),
      );
    expect(await outcome()).toBe('illegal_transition');
    await connect({ url: url(), code: 'c' });
    const pending = outcome();
    await (await viewerFrame()).waitForFunction(() => fake.heard.length === 1);
    await tab.evaluate(() => document.querySelector('guru-session')!.disconnect());
    expect(await pending).toBe('illegal_transition');
    expect(await tab.evaluate(() => document.querySelector('guru-session')!.state)).toBeUndefined();
  });

  it('gives up on a command nobody answers', async () => {
    const refusal = await tab.evaluate(async (viewerUrl) => {
      const viewer = new sdk.EmbeddedViewer({
        parent: document.body,
        invitation: { url: viewerUrl, code: 'c' },
        onEvent: () => undefined,
        commandTimeoutMs: 50,
      });
      await viewer.connected;
      return viewer.command({ gc: 'focus' }).catch((error: Sdk.EmbedError) => error.message);
    }, url());
    expect(refusal).toBe('no answer to focus within 50 ms');
  });

  /** An embedded viewer with a short patience: what it is refused with. */
  const refusalOf = (viewerUrl: string): Promise<unknown> =>
    tab.evaluate(
      (given) =>
        new sdk.EmbeddedViewer({
          parent: document.body,
          invitation: { url: given, code: 'c' },
          onEvent: () => undefined,
          connectTimeoutMs: 5000,
        }).connected.catch((error: Sdk.EmbedError) => `${error.code}: ${error.message}`),
      viewerUrl,
    );

  it('never speaks to a page of another origin that its frame was led to', async () => {
    // "Did not appear": the stranger's "ready" was not even heard.
    expect(await refusalOf(`${viewers.origin}/moved`)).toMatch(/^embed_refused: .* did not load/);
    const frame = tab.frames().find((each) => each.url().startsWith(strangers.origin));
    expect(await frame?.evaluate(() => fake.connects)).toEqual([]);
  });

  it('never speaks to another frame, though it is of the right origin', async () => {
    await tab.evaluate(
      (viewerUrl) =>
        new Promise((resolve) => {
          const other = document.createElement('iframe');
          other.id = 'other';
          other.src = viewerUrl;
          other.onload = resolve;
          document.body.append(other);
        }),
      url('?other'),
    );
    const other = tab.frames().find((each) => each.url().endsWith('?other'));
    const refusal = refusalOf(`${viewers.origin}/nobody`);
    // It says "ready" now, while somebody waits for exactly that.
    await tab.waitForFunction(() => document.querySelectorAll('iframe').length === 2);
    await other?.evaluate(() => parent.postMessage({ gc: 'ready', versions: [1] }, '*'));
    expect(await refusal).toMatch(/^embed_refused: .* did not load/);
    expect(await other?.evaluate(() => fake.connects)).toEqual([]);
  });

  it.each([
    ['that closes the door', '?refuse', 'embed_refused: the viewer does not speak to this page'],
    ['of another version', '?versions=2,3', 'unknown_message: the viewer speaks version 2, 3'],
    ['that never answers', '?silent', 'timeout: the viewer did not answer within 5000 ms'],
  ])('tells of a viewer %s', async (_what, query, words) => {
    expect(await refusalOf(url(query))).toContain(words);
  });

  it('tells within moments that the browser does not show the viewer here', async () => {
    const startedMs = performance.now();
    // A session that other origins may frame: the browser loads an error page instead.
    expect(await refusalOf(`${viewers.origin}/forbidden`)).toContain(
      `embed_refused: the viewer did not load: is ${host.origin} among`,
    );
    expect(performance.now() - startedMs).toBeLessThan(4_000);
  });

  it('waits for a viewer that has greeted and is slow to start', async () => {
    expect(await refusalOf(url('?slow'))).toMatchObject({ gc: 'connected' });
  });

  it('tells of a viewer that is gone', async () => {
    await connect({ url: url(), code: 'c' });
    const frame = await viewerFrame();
    await frame.evaluate(() => location.reload());
    await waitForTold(2);
    expect((await toldSoFar())[1]).toMatchObject({ type: 'error', detail: { code: 'timeout' } });
  });

  it.each([
    ['nothing', undefined],
    ['no url', { code: 'c' }],
    ['no code', { url: 'https://gc.example/viewer/x' }],
    ['a script', { url: 'javascript:alert(1)', code: 'c' }],
  ])('takes no invitation with %s', async (_what, invitation) => {
    expect(await connect(invitation)).toBe('invalid_request');
  });

  it('is not connected where it is not shown', async () => {
    expect(
      await tab.evaluate(
        (given) =>
          document
            .createElement('guru-session')
            .connect(given)
            .catch((error: Sdk.EmbedError) => error.code),
        { url: url(), code: 'c' },
      ),
    ).toBe('illegal_transition');
  });

  it('shows the newest invitation only', async () => {
    await connect({ url: url('?first'), code: 'c' });
    await connect({ url: url('?second'), code: 'c' });
    const shown = tab.frames().map((frame) => new URL(frame.url()).search);
    expect(shown).toEqual(['', '?second']);
  });

  it('keeps its viewer while it is moved, and lets it go when it is removed', async () => {
    await connect({ url: url(), code: 'c' });
    await tab.evaluate(() => {
      const place = document.body.appendChild(document.createElement('div'));
      place.moveBefore(document.querySelector('guru-session')!, null);
    });
    await say({ gc: 'state', state: 'live' });
    await waitForTold(2);
    await tab.evaluate(() => document.querySelector('guru-session')!.remove());
    await tab.waitForFunction(() => window.length === 0);
    expect(tab.frames()).toHaveLength(1);
  });

  it('goes full screen and holds the keyboard, whoever asked for it', async () => {
    await connect({ url: url(), code: 'c' });
    const isFull = (): Promise<boolean> =>
      tab.evaluate(() => document.fullscreenElement === document.querySelector('guru-session'));
    await tab.click('body > button');
    await tab.waitForFunction(() => locks.length === 1);
    expect(await isFull()).toBe(true);
    await tab.evaluate(() => document.exitFullscreen());
    await tab.waitForFunction(() => locks.length === 2);
    await (await viewerFrame()).click('button');
    await tab.waitForFunction(() => locks.length === 3);
    expect(await isFull()).toBe(true);
    expect(await tab.evaluate(() => locks)).toEqual(['lock', 'unlock', 'lock']);
  });

  it('tells when full screen was refused', async () => {
    await tab.goto(`${host.origin}/small`);
    await tab.waitForFunction(() => 'sdk' in globalThis);
    expect(
      await tab.evaluate(() =>
        document
          .querySelector('guru-session')!
          .fullscreen()
          .catch((error: Sdk.EmbedError) => error.code),
      ),
    ).toBe('illegal_transition');
  });
});
