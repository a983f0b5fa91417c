// Who may frame a viewer, asked of a real Chromium: the session's own origins at every level above it,
// and nobody else. The viewer is the built one, served by signaling; the session waits for its agent.
import { randomUUID } from 'node:crypto';
import type { Frame, Page } from 'puppeteer-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { browserBuildIsFresh, buildForBrowsers } from '../demo/browser-build.ts';
import { Stack } from '../stack/stack.ts';
import { until } from '../stack/until.ts';
import { startBrowser, type RunningBrowser } from './browser.ts';
import { httpHost, httpsHost, type HostPage } from './host-page.ts';

let stack: Stack;
let browser: RunningBrowser;
let allowed: HostPage;
let other: HostPage;
let secure: HostPage;
const pages: Page[] = [];

beforeAll(async () => {
  if (!browserBuildIsFresh()) await buildForBrowsers();
  stack = await Stack.start({ display: 'none', port: 0, agent: false });
  // The certificate is made by the test, and nobody vouches for it.
  browser = await startBrowser(undefined, ['--ignore-certificate-errors']);
  [allowed, other, secure] = [await httpHost(), await httpHost(), await httpsHost()];
});
afterEach(async () => {
  for (const page of pages.splice(0)) await page.close();
});
afterAll(async () => {
  await browser?.close();
  for (const host of [allowed, other, secure]) await host?.close();
  await stack?.close();
});

/** Address of a fresh session's viewer, with its code. */
async function viewerFor(embed_origins: string[]): Promise<string> {
  const { viewer } = await stack.contract.sessions.create({
    // One machine has a bounded number of open sessions.
    device_id: `framed-${randomUUID()}`,
    mode: 'unattended',
    technician: { id: 'tech-1', name: 'Ada Example' },
    embed_origins,
    wait_for_agent_s: 30,
  });
  return `${viewer.url}#code=${viewer.code}`;
}

/** The innermost page that frames something, whatever became of that. */
const heardIn = (frame: Frame): Promise<{ gc: string }[]> =>
  frame.evaluate(() => (window as unknown as { heard?: { gc: string }[] }).heard ?? []);

type Outcome = {
  /** `silent`: its script was not given to it, and it never said a word. */
  readonly outcome: 'connected' | 'refused by Chromium' | 'refused' | 'silent';
  complaint: string;
};

/** Opens it and tells what became of the viewer in it. */
async function opened(url: string): Promise<Outcome> {
  const page = await browser.browser.newPage();
  pages.push(page);
  let complaint = '';
  page.on('console', (message) => {
    if (message.type() === 'error') complaint += `${message.text()}\n`;
  });
  let scriptless = false;
  page.on('requestfailed', (request) => {
    scriptless ||= request.url().includes('/viewer/assets/');
  });
  await page.goto(url, { waitUntil: 'domcontentloaded' });
  const outcome = await until('the frame to be shown or refused', async () => {
    for (const frame of page.frames()) {
      if (frame.url().startsWith('chrome-error:')) return 'refused by Chromium' as const;
      const heard = (await heardIn(frame).catch(() => [])).map(({ gc }) => gc);
      if (heard.includes('connected')) return 'connected' as const;
      if (heard.includes('refused')) return 'refused' as const;
    }
    return scriptless ? ('silent' as const) : undefined;
  });
  return { outcome, complaint };
}

describe('a viewer in a frame', () => {
  it('of an allowed origin is shown and speaks with the page', async () => {
    const viewer = await viewerFor([allowed.origin]);
    expect(await opened(allowed.framing(viewer))).toEqual({ outcome: 'connected', complaint: '' });
  });

  it('of one of several allowed origins, too', async () => {
    const viewer = await viewerFor([allowed.origin, secure.origin]);
    expect((await opened(allowed.framing(viewer))).outcome).toBe('connected');
  });

  it('of another origin is refused by the browser', async () => {
    const viewer = await viewerFor([allowed.origin]);
    const { outcome, complaint } = await opened(other.framing(viewer));
    expect(outcome).toBe('refused by Chromium');
    expect(complaint).toContain('frame-ancestors');
  });

  it('of a session that names no origin is refused everywhere', async () => {
    const viewer = await viewerFor([]);
    expect((await opened(allowed.framing(viewer))).outcome).toBe('refused by Chromium');
  });

  it('of an allowed page inside of another one is refused: every ancestor counts', async () => {
    const viewer = await viewerFor([allowed.origin]);
    const { outcome } = await opened(other.framing(allowed.framing(viewer)));
    expect(outcome).toBe('refused by Chromium');
  });

  it('of an allowed page inside of an allowed page is shown', async () => {
    const viewer = await viewerFor([allowed.origin, other.origin]);
    expect((await opened(other.framing(allowed.framing(viewer)))).outcome).toBe('connected');
  });

  it('of a sandboxed page, whose origin is null, is refused', async () => {
    const viewer = await viewerFor([allowed.origin]);
    const { outcome } = await opened(allowed.framing(allowed.framing(viewer), 'allow-scripts'));
    expect(outcome).toBe('refused by Chromium');
  });

  it('in a sandbox without an origin of its own can not spend its code', async () => {
    const viewer = await viewerFor([allowed.origin]);
    const { outcome } = await opened(allowed.framing(viewer, 'allow-scripts'));
    expect(outcome).toBe('silent');
    expect((await opened(allowed.framing(viewer))).outcome).toBe('connected');
  });

  it('in a sandbox that leaves it its origin is shown', async () => {
    const viewer = await viewerFor([allowed.origin]);
    const sandbox = 'allow-scripts allow-same-origin';
    expect((await opened(allowed.framing(viewer, sandbox))).outcome).toBe('connected');
  });

  it('of an allowed https page is shown', async () => {
    const viewer = await viewerFor([secure.origin]);
    expect((await opened(secure.framing(viewer))).outcome).toBe('connected');
  });

  it('of the http page of an origin that is allowed over https is refused', async () => {
    const viewer = await viewerFor([allowed.origin.replace('http:', 'https:')]);
    expect((await opened(allowed.framing(viewer))).outcome).toBe('refused by Chromium');
  });

  it('of the https page of an origin that is allowed over http is refused, too', async () => {
    const viewer = await viewerFor([secure.origin.replace('https:', 'http:')]);
    expect((await opened(secure.framing(viewer))).outcome).toBe('refused by Chromium');
  });
});

describe('a viewer opened on its own', () => {
  it('is shown, leaves no cookie and no code behind, and complains of nothing', async () => {
    const page = await browser.browser.newPage();
    pages.push(page);
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    await page.goto(await viewerFor([]));
    await page.waitForFunction(() => !location.hash && document.title !== '');
    await until('the viewer to say that it waits', () =>
      page.evaluate(() => document.body.innerText.trim() !== ''),
    );
    expect(complaints).toEqual([]);
    expect(await page.cookies()).toEqual([]);
    expect(await page.evaluate(() => [localStorage.length, sessionStorage.length])).toEqual([0, 0]);
  });

  it('is out of reach of the page that opened it', async () => {
    const page = await browser.browser.newPage();
    pages.push(page);
    await page.goto(allowed.framing('about:blank'));
    const viewer = await viewerFor([allowed.origin]);
    const target = browser.browser.waitForTarget((found) => found.url().startsWith(stack.baseUrl));
    await page.evaluate((url) => {
      (window as unknown as { other: Window | null }).other = window.open(url);
    }, viewer);
    const popup = await (await target).page();
    if (!popup) throw new Error('no window was opened');
    pages.push(popup);
    expect(await popup.evaluate(() => window.opener === null)).toBe(true);
    const closed = () => (window as unknown as { other: Window | null }).other?.closed;
    await until('the opener to have lost it', () => page.evaluate(closed));
  });

  it('takes no markup from a text, whoever puts it there', async () => {
    const page = await browser.browser.newPage();
    pages.push(page);
    await page.goto(await viewerFor([]));
    const outcome = await page.evaluate(() => {
      try {
        document.createElement('div').innerHTML = '<img src=x onerror=alert(1)>';
        return 'taken';
      } catch (error) {
        return (error as Error).name;
      }
    });
    expect(outcome).toBe('TypeError');
  });
});
