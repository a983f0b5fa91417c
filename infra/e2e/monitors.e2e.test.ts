// Several monitors, as a technician has them in front of them: one and the others small, all at once,
// one in a window of its own; each in the rendition that this browser can decode.
import { spawn, type ChildProcess } from 'node:child_process';
import type { Page } from 'puppeteer-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../stack/until.ts';
import { Product } from './product.ts';
import {
  forgetFullChroma,
  profileShown,
  receivedStreams,
  watchConnections,
} from './received-streams.ts';
import type { Point, Rgb } from './viewer-page.ts';
import { ViewerPage } from './viewer-page.ts';

const RED: Rgb = [224, 16, 16];
const BLUE: Rgb = [16, 32, 224];
/** The second monitor is 1024x768 at 1280,0. */
const SECOND_X = 1280;

let product: Product;
let viewer: ViewerPage;
const painted: ChildProcess[] = [];

/** A terminal of one colour on the second monitor, over everything that is there. */
function paintSecond([red, green, blue]: Rgb): void {
  painted.push(
    spawn(
      'xterm',
      [
        '-geometry',
        '100x40+1400+60',
        '-bg',
        `#${hex(red)}${hex(green)}${hex(blue)}`,
        '-e',
        'sleep 300',
      ],
      { env: { ...process.env, DISPLAY: product.desktop.display }, stdio: 'ignore' },
    ),
  );
}
const hex = (value: number): string => value.toString(16).padStart(2, '0');

const near = (seen: readonly number[] | undefined, wanted: Rgb): boolean =>
  seen !== undefined && wanted.every((value, i) => Math.abs(value - (seen[i] ?? -999)) < 40);

/** The colour of a video's pixel; the point as a share of its size. */
function colourIn(page: Page, selector: string, share: Point): Promise<number[] | undefined> {
  return page.evaluate(
    (css, { x, y }) => {
      const video = document.querySelector<HTMLVideoElement>(css);
      if (!video || video.videoWidth === 0) return undefined;
      const canvas = document.createElement('canvas');
      canvas.width = canvas.height = 1;
      const context = canvas.getContext('2d');
      const at = [x * video.videoWidth, y * video.videoHeight] as const;
      context?.drawImage(video, ...at, 1, 1, 0, 0, 1, 1);
      return context && [...context.getImageData(0, 0, 1, 1).data.slice(0, 3)];
    },
    selector,
    share,
  ) as Promise<number[] | undefined>;
}

/** Where a point of a monitor is on the page that shows it in this video. */
async function placeIn(page: Page, selector: string, share: Point): Promise<Point> {
  const box = await page.$eval(selector, (video) => {
    const { x, y, width, height } = video.getBoundingClientRect();
    return { x, y, width, height };
  });
  return { x: box.x + share.x * box.width, y: box.y + share.y * box.height };
}

/** Of the desk: the pixel that a share of a monitor means. */
const pixelOf = (share: Point, monitor: { x: number; width: number; height: number }): Point => ({
  x: monitor.x + Math.floor(share.x * monitor.width),
  y: Math.floor(share.y * monitor.height),
});
const FIRST_MONITOR = { x: 0, width: 1280, height: 720 };
const SECOND_MONITOR = { x: SECOND_X, width: 1024, height: 768 };

async function pointerAt(wanted: Point): Promise<void> {
  await until(`the pointer at ${wanted.x},${wanted.y}`, async () => {
    const { x, y } = await product.x.pointer();
    // A tile is smaller than its monitor: a pixel of it is a few of the monitor's.
    return Math.abs(x - wanted.x) <= 3 && Math.abs(y - wanted.y) <= 3;
  });
}

const isPressed = (name: string): Promise<boolean> =>
  viewer.page
    .$eval(`::-p-aria([name="${name}"][role="button"])`, (button) => button.ariaPressed === 'true')
    .catch(() => false);

async function open(...prepare: (() => void)[]): Promise<ViewerPage> {
  const { viewer: invitation } = await product.session();
  return await openWith(invitation, ...prepare);
}

const openWith = (
  invitation: Parameters<typeof ViewerPage.open>[1],
  ...prepare: (() => void)[]
): Promise<ViewerPage> => ViewerPage.open(product.browser, invitation, ...prepare);

beforeAll(async () => {
  product = await Product.start({ apps: false });
  viewer = await open(watchConnections);
  await viewer.picture();
});

afterEach(() => {
  for (const program of painted.splice(0)) program.kill();
});
afterAll(() => product.close());

const THUMBNAIL = 'video[data-thumbnail]';

describe('the other monitors', () => {
  it('are small live pictures beside the one that is worked with', async () => {
    await viewer.page.waitForSelector(THUMBNAIL);
    for (const colour of [RED, BLUE]) {
      paintSecond(colour);
      let seen: number[] | undefined;
      await until(`a thumbnail with ${colour.join()}`, async () => {
        seen = await colourIn(viewer.page, THUMBNAIL, { x: 0.35, y: 0.4 });
        return near(seen, colour);
      }).catch((error: unknown) => {
        throw new Error(`${String(error)}; last seen ${seen?.join()}`);
      });
    }
  });

  it('cost little, and nothing once they are hidden', async () => {
    const small = async (): Promise<{ bytes: number; frames: number }> => {
      const stream = (await receivedStreams(viewer.page)).find(({ width }) => width < 400);
      return { bytes: stream?.bytes ?? 0, frames: stream?.framesDecoded ?? 0 };
    };
    const flicker = setInterval(() => paintSecond(Math.random() < 0.5 ? RED : BLUE), 700);
    const before = await small();
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    clearInterval(flicker);
    const after = await small();
    expect(after.frames - before.frames).toBeGreaterThan(3);
    expect(after.frames - before.frames).toBeLessThanOrEqual(13);
    expect(((after.bytes - before.bytes) * 8) / 5).toBeLessThan(50_000);
    await viewer.press('Thumbnails');
    await until('no strip', async () => (await viewer.page.$('.strip')) === null);
    await until('nothing more of it', async () => {
      const from = await small();
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      return (await small()).bytes === from.bytes;
    });
    await viewer.press('Thumbnails');
    await until('it again', async () => (await small()).frames > after.frames);
  });

  it('are a click away, and the one left becomes small', async () => {
    await viewer.press('Switch to Monitor 2');
    await until('the second monitor', async () => (await viewer.picture()).width === 1024);
    await viewer.press('Switch to Monitor 1');
    await until('the first monitor', async () => (await viewer.picture()).width === 1280);
  });
});

describe('all monitors at once', () => {
  it('lie side by side as on the desk, and a click lands on the one that was clicked', async () => {
    await viewer.press('All monitors');
    const tile = (id: number): string => `[data-tile="${id}"] video[data-shown]`;
    const ids = await until('two tiles with pictures', async () => {
      const found = await viewer.page.$$eval('[data-tile]', (tiles) =>
        tiles
          .filter((tile) => tile.querySelector('video[data-shown]'))
          .map((tile) => Number((tile as HTMLElement).dataset['tile'])),
      );
      return found.length === 2 ? found : undefined;
    });
    const [first = 0, second = 0] = ids;
    const clicks = [
      [second, { x: 0.25, y: 0.5 }, SECOND_MONITOR],
      [first, { x: 0.75, y: 0.5 }, FIRST_MONITOR],
      [second, { x: 0.75, y: 0.25 }, SECOND_MONITOR],
    ] as const;
    for (const [id, share, monitor] of clicks) {
      const at = await placeIn(viewer.page, tile(id), share);
      await viewer.page.mouse.click(at.x, at.y);
      await pointerAt(pixelOf(share, monitor));
    }
    // Only hovered: each movement is of the monitor it happens over.
    for (const [id, share, monitor] of clicks) {
      const at = await placeIn(viewer.page, tile(id), share);
      await viewer.page.mouse.move(at.x, at.y);
      await pointerAt(pixelOf(share, monitor));
    }
    expect(await isPressed('All monitors')).toBe(true);
    expect(await viewer.page.$('.strip')).toBeNull();
  });

  it('and back, the monitor acted on last is the one that is shown', async () => {
    await viewer.press('All monitors');
    await until('the second monitor alone', async () => (await viewer.picture()).width === 1024);
    await viewer.press('Monitor 1');
    await until('the first monitor', async () => (await viewer.picture()).width === 1280);
  });
});

describe('a monitor in a window of its own', () => {
  it('is shown there, takes input there, and goes with the window', async () => {
    await viewer.press('Monitor 2');
    await until('the second monitor', async () => (await viewer.picture()).width === 1024);
    const opened = product.browser.waitForTarget(
      (target) => target.opener() === viewer.page.target(),
      { timeout: 10_000 },
    );
    await viewer.press('Open in a window');
    const popup = await (await opened).page();
    if (!popup) throw new Error('the window has no page');
    await viewer.press('Monitor 1');
    await until('the first monitor', async () => (await viewer.picture()).width === 1280);
    paintSecond(RED);
    await until('the second monitor in the window', async () =>
      near(await colourIn(popup, 'video[data-shown]', { x: 0.35, y: 0.4 }), RED),
    );
    const share = { x: 0.5, y: 0.75 };
    const there = await placeIn(popup, 'video[data-shown]', share);
    await popup.mouse.click(there.x, there.y);
    await pointerAt(pixelOf(share, SECOND_MONITOR));
    // The page itself goes on with the other one.
    await viewer.click({ x: 640, y: 300 });
    await pointerAt({ x: 640, y: 300 });
    expect(await popup.title()).toMatch(/^Monitor 2/);
    await popup.close();
    await viewer.click({ x: 200, y: 500 });
    await pointerAt({ x: 200, y: 500 });
  });
});

describe('the rendition', () => {
  it('is 4:4:4 in a Chromium, and stays it beside a viewer that decodes only 4:2:0', async () => {
    await viewer.press('Monitor 1');
    const shown = ({ page }: ViewerPage) => profileShown(page, 1280);
    expect(await until('its stream', () => shown(viewer))).toMatch(/^f400/);
    const session = await product.session();
    const first = await openWith(session.viewer, watchConnections);
    await first.picture();
    const further = await product.stack.contract.viewerCodes.create({
      session_id: session.id,
      technician: { id: 'tech-2', name: 'Bo Example' },
      grants: ['view'],
    });
    const second = await openWith(further, watchConnections, forgetFullChroma);
    await second.picture();
    expect(await until('its stream', () => shown(second))).toMatch(/^42/);
    expect(await until('its stream', () => shown(first))).toMatch(/^f400/);
    await second.close();
    await first.close();
  });

  it('never made the page complain', () => {
    expect(viewer.complaints).toEqual([]);
  });
});
