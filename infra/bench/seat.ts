// A technician's place at any product: its picture in a page of the browser, with the keyboard on it.
// Measured from outside, the same way for all: from the DOM event to the animation frame in which the
// whole change is in the picture (scenes/markers.ts).
import type { Page } from 'puppeteer-core';
import { until } from '../stack/until.ts';
import { markerMiddles, type Point, type Size } from './scenes/markers.ts';

export type Seat = {
  readonly page: Page;
  /** CSS selector of the canvas or video with the picture, also within shadow roots. */
  readonly picture: string;
  /** Leaves the product as a technician does. */
  close(): Promise<void>;
};

/** One act and the change that answers it; milliseconds of the page's clock. */
export type Answer = {
  /** `timeStamp` of the DOM event. */
  readonly happenedAtMs: number;
  /** Beginning of the first animation frame in which the whole change could be seen. */
  readonly seenAtMs: number;
};

type Stopwatch = {
  /** Number of the change that is shown whole, undefined while there is none. */
  shown(): number | undefined;
  /** Starts at the next act. @returns what answers it. */
  next(): Promise<Answer>;
  /** Where a pixel of the picture is on the page. */
  place(pixel: Point): Point | undefined;
};

const ANSWER_DEADLINE_MS = 10_000;

/** Prepares the page for `measure`; resolves when the scene is whole in the picture. */
export async function sitDown({ page, picture }: Seat, size: Size): Promise<void> {
  await page.evaluate(installStopwatch, picture, markerMiddles(size), ANSWER_DEADLINE_MS);
  await until('the scene in the picture', async () => (await shown(page)) !== undefined);
}

/** @param act does one thing in the page that the scene answers. */
export async function measure({ page }: Seat, act: () => Promise<void>): Promise<Answer> {
  const answer = page.evaluate(() =>
    (window as unknown as { benchStopwatch: Stopwatch }).benchStopwatch.next(),
  );
  await page.evaluate(() => undefined); // asked in order: the stopwatch waits by now
  // told by whoever awaits it; an act that fails must not leave it unheard
  answer.catch(() => undefined);
  await act();
  return await answer;
}

export async function placeOf({ page }: Seat, pixel: Point): Promise<Point> {
  const place = await page.evaluate(
    (at) => (window as unknown as { benchStopwatch: Stopwatch }).benchStopwatch.place(at),
    pixel,
  );
  if (!place) throw new Error('there is no picture');
  return place;
}

const shown = (page: Page): Promise<number | undefined> =>
  page.evaluate(() => (window as unknown as { benchStopwatch: Stopwatch }).benchStopwatch.shown());

/** In the page. */
function installStopwatch(selector: string, middles: readonly Point[], deadlineMs: number): void {
  type Picture = HTMLCanvasElement | HTMLVideoElement;
  const find = (root: Document | ShadowRoot): Picture | undefined => {
    const found = root.querySelector<Picture>(selector);
    if (found) return found;
    for (const element of root.querySelectorAll('*')) {
      const inner = element.shadowRoot && find(element.shadowRoot);
      if (inner) return inner;
    }
    return undefined;
  };
  const sizeOf = (picture: Picture): { width: number; height: number } =>
    picture instanceof HTMLVideoElement
      ? { width: picture.videoWidth, height: picture.videoHeight }
      : picture;
  const probe = document.createElement('canvas');
  probe.width = 1;
  probe.height = 1;
  const context = probe.getContext('2d', { willReadFrequently: true });
  let picture: Picture | undefined;
  const look = (): Picture | undefined => {
    if (!picture?.isConnected) picture = find(document);
    return picture && sizeOf(picture).width > 0 ? picture : undefined;
  };
  const shown = (): number | undefined => {
    const from = look();
    if (!from || !context) return undefined;
    const counts = middles.map(({ x, y }) => {
      context.drawImage(from, x, y, 1, 1, 0, 0, 1, 1);
      const [red = 0, green = 0, blue = 0] = context.getImageData(0, 0, 1, 1).data;
      // between the two levels of a channel: in the middle of a change
      if ([red, green, blue].some((level) => level > 90 && level < 165)) return undefined;
      return (red > 127 ? 1 : 0) + (green > 127 ? 2 : 0) + (blue > 127 ? 4 : 0);
    });
    return counts.every((count) => count === counts[0]) ? counts[0] : undefined;
  };
  let actedAtMs: number | undefined;
  const remember = (event: Event): void => {
    actedAtMs ??= event.timeStamp;
  };
  for (const name of ['keydown', 'pointermove'])
    window.addEventListener(name, remember, { capture: true });
  const next = (): Promise<Answer> =>
    new Promise((resolve, reject) => {
      actedAtMs = undefined;
      const before = shown();
      const startedAtMs = performance.now();
      const frame = (): void => {
        const nowMs = performance.now();
        if (actedAtMs !== undefined) {
          const now = shown();
          if (now !== undefined && now !== before)
            return resolve({ happenedAtMs: actedAtMs, seenAtMs: nowMs });
        }
        if (nowMs - startedAtMs > deadlineMs) return reject(new Error('nothing answered'));
        requestAnimationFrame(frame);
      };
      requestAnimationFrame(frame);
    });
  const place = ({ x, y }: Point): Point | undefined => {
    const from = look();
    if (!from) return undefined;
    const { width, height } = sizeOf(from);
    const box = from.getBoundingClientRect();
    return {
      x: box.x + ((x + 0.5) / width) * box.width,
      y: box.y + ((y + 0.5) / height) * box.height,
    };
  };
  Object.defineProperty(window, 'benchStopwatch', {
    value: { shown, next, place },
    configurable: true,
  });
}
