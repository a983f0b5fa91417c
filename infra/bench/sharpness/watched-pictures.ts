// The viewer's picture, read back from a canvas at native size, frame by frame.
import type { Page } from 'puppeteer-core';
import { fromCanvas, type Rgb } from './screen.ts';

type Recorder = {
  start(): void;
  stop(): { readonly at: number; readonly width: number; readonly height: number }[];
  pixels(n: number): string;
};

export type WatchedPicture = {
  /** Unix time of its painting, milliseconds. */
  readonly atMs: number;
  readonly rgb: Rgb;
};

/** Keeps every frame that the shown video paints while `work` goes on, the one before it first. */
export async function recordPictures(
  page: Page,
  work: () => Promise<void>,
): Promise<WatchedPicture[]> {
  await page.evaluate(installRecorder);
  await page.evaluate(() => (window as unknown as { gcRecorder: Recorder }).gcRecorder.start());
  await work();
  const taken = await page.evaluate(() =>
    (window as unknown as { gcRecorder: Recorder }).gcRecorder.stop(),
  );
  const pictures: WatchedPicture[] = [];
  for (const [n, { at, width: widthPx, height: heightPx }] of taken.entries()) {
    const pixels = await page.evaluate(
      (index) => (window as unknown as { gcRecorder: Recorder }).gcRecorder.pixels(index),
      n,
    );
    pictures.push({
      atMs: at,
      rgb: fromCanvas(Buffer.from(pixels, 'base64'), { widthPx, heightPx }),
    });
  }
  return pictures;
}

function installRecorder(): void {
  if ('gcRecorder' in window) return;
  const { gcProbe } = window as unknown as { gcProbe: { shown(): HTMLVideoElement | undefined } };
  type Taken = { readonly at: number; readonly image: ImageData };
  let taken: Taken[] = [];
  let recording = false;
  const canvas = document.createElement('canvas');
  const context = canvas.getContext('2d', { willReadFrequently: true });
  const take = (video: HTMLVideoElement): void => {
    if (!context) return;
    const { videoWidth: width, videoHeight: height } = video;
    if (canvas.width !== width || canvas.height !== height)
      Object.assign(canvas, { width, height });
    const at = performance.timeOrigin + performance.now();
    context.drawImage(video, 0, 0);
    taken.push({ at, image: context.getImageData(0, 0, width, height) });
  };
  const follow = (): void => {
    const video = gcProbe.shown();
    if (!recording || !video) return;
    take(video);
    video.requestVideoFrameCallback(follow);
  };
  const recorder: Recorder = {
    start() {
      taken = [];
      recording = true;
      follow();
    },
    stop() {
      recording = false;
      return taken.map(({ at, image: { width, height } }) => ({ at, width, height }));
    },
    pixels(n) {
      const bytes = taken[n]?.image.data ?? new Uint8ClampedArray();
      let text = '';
      for (let i = 0; i < bytes.length; i += 0x8000)
        text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
      return btoa(text);
    },
  };
  Object.defineProperty(window, 'gcRecorder', { value: recorder });
}
