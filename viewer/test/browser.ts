// A real Chromium with a fresh profile, and the page's picture as a test can read it.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import puppeteer, { type Browser, type Page } from 'puppeteer-core';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--autoplay-policy=no-user-gesture-required',
];

export async function startBrowser(): Promise<{ browser: Browser; close(): Promise<void> }> {
  const executablePath = process.env['GC_CHROMIUM'] ?? '/usr/bin/chromium';
  if (!existsSync(executablePath))
    throw new Error('no Chromium found: install the package "chromium", or set GC_CHROMIUM');
  const userDataDir = mkdtempSync(join(tmpdir(), 'gc-viewer-chromium-'));
  const browser = await puppeteer.launch({ executablePath, userDataDir, args: FLAGS });
  return {
    browser,
    close: async () => {
      await browser.close();
      rmSync(userDataDir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Everything the page complained about: errors, warnings about its policy, uncaught ones. */
export function complaintsOf(page: Page): string[] {
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error' || /content security policy/i.test(message.text()))
      complaints.push(message.text());
  });
  return complaints;
}

export async function until<T>(
  what: string,
  probe: () => Promise<T | undefined | false> | T | undefined | false,
  deadlineMs = 15_000,
): Promise<T> {
  const deadline = Date.now() + deadlineMs;
  for (;;) {
    const value = await probe();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > deadline) throw new Error(`waited ${deadlineMs} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export type ShownPicture = {
  readonly video: { width: number; height: number };
  readonly box: { x: number; y: number; width: number; height: number };
  /** Colour in the middle of the picture. */
  readonly colour: [number, number, number];
  /** Videos in the page, the shown one included. */
  readonly videos: number;
};

/** What the viewer shows now, read from the page; undefined without a picture. */
export const shownPicture = (page: Page): Promise<ShownPicture | undefined> =>
  page.evaluate(() => {
    const video = document.querySelector<HTMLVideoElement>('video[data-shown]');
    if (!video || video.videoWidth === 0) return undefined;
    const canvas = new OffscreenCanvas(1, 1);
    const context = canvas.getContext('2d');
    context?.drawImage(video, video.videoWidth / 2, video.videoHeight / 2, 1, 1, 0, 0, 1, 1);
    const [r = 0, g = 0, b = 0] = context?.getImageData(0, 0, 1, 1).data ?? [];
    const { x, y, width, height } = video.getBoundingClientRect();
    return {
      video: { width: video.videoWidth, height: video.videoHeight },
      box: { x, y, width, height },
      colour: [r, g, b] as [number, number, number],
      videos: document.querySelectorAll('video').length,
    };
  });

export const statusOf = (page: Page): Promise<string> =>
  page.$eval('.state [role="status"]', (node) => node.textContent?.trim() ?? '');
