// A real Chromium, headless, with a fresh profile that goes with it.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import puppeteer, { type Browser } from 'puppeteer-core';

const CANDIDATES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

const FLAGS = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--autoplay-policy=no-user-gesture-required',
  // Hidden or occluded pages must not be slowed down: several viewers run at once.
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding',
];

export type RunningBrowser = { readonly browser: Browser; close(): Promise<void> };

/** @throws Error that says what to install when there is no Chromium. */
export async function startBrowser(
  window = { width: 1400, height: 900 },
  flags: readonly string[] = [],
): Promise<RunningBrowser> {
  const executablePath = process.env['GC_CHROMIUM'] ?? CANDIDATES.find((path) => existsSync(path));
  if (!executablePath)
    throw new Error(
      'no Chromium found: install the package "chromium", or set GC_CHROMIUM to its path',
    );
  const userDataDir = mkdtempSync(join(tmpdir(), 'guruconnect-chromium-'));
  // Chromium's sandbox refuses to run as root; CI does.
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const browser = await puppeteer.launch({
    executablePath,
    userDataDir,
    args: [...FLAGS, ...flags, ...sandbox, `--window-size=${window.width},${window.height}`],
    defaultViewport: window,
  });
  return {
    browser,
    async close() {
      await browser.close();
      rmSync(userDataDir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
