// The viewer as a technician meets it: the page in a real Chromium, found by what it shows and says
// (roles, names, the picture), never by its code.
import type { Browser, Page } from 'puppeteer-core';
import { until } from '../stack/until.ts';

export type Invitation = { readonly url: string; readonly code: string };
export type Point = { readonly x: number; readonly y: number };
export type Rgb = readonly [number, number, number];

type Picture = {
  readonly width: number;
  readonly height: number;
  readonly box: {
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
  };
};

/** Put into every page before its own scripts: reads the shown picture through shadow roots. */
export function installProbe(): void {
  const deep = (root: Document | ShadowRoot): HTMLVideoElement[] => [
    ...root.querySelectorAll('video'),
    ...[...root.querySelectorAll('*')].flatMap((element) =>
      element.shadowRoot ? deep(element.shadowRoot) : [],
    ),
  ];
  const shown = (): HTMLVideoElement | undefined =>
    deep(document).find((video) => video.dataset['shown'] === 'true' && video.videoWidth > 0);
  const canvas = document.createElement('canvas');
  canvas.width = 1;
  canvas.height = 1;
  const context = canvas.getContext('2d', { willReadFrequently: true });
  const probe = {
    /** Page clock when the first frame was painted; 0 before. */
    firstFrameAt: 0,
    /** While true the page hears nothing of signaling. */
    deaf: false,
    shown,
    picture: () => {
      const video = shown();
      if (!video) return undefined;
      const { x, y, width, height } = video.getBoundingClientRect();
      return { width: video.videoWidth, height: video.videoHeight, box: { x, y, width, height } };
    },
    pixel: (x: number, y: number) => {
      const video = shown();
      if (!video || !context) return undefined;
      context.drawImage(video, x, y, 1, 1, 0, 0, 1, 1);
      return [...context.getImageData(0, 0, 1, 1).data.slice(0, 3)];
    },
    /** Frames handed to the compositor in `ms`. */
    countFrames: (ms: number) =>
      new Promise<number>((resolve) => {
        const video = shown();
        if (!video) return void resolve(0);
        let frames = 0;
        let stop = false;
        const count = (): void => {
          if (stop) return;
          frames += 1;
          video.requestVideoFrameCallback(count);
        };
        video.requestVideoFrameCallback(count);
        setTimeout(() => {
          stop = true;
          resolve(frames);
        }, ms);
      }),
  };
  // A viewer that does not hear signaling for a while, as on a stalled network: messages that come
  // meanwhile are lost to it. Media and data channels go on.
  const heard = Object.getOwnPropertyDescriptor(WebSocket.prototype, 'onmessage');
  Object.defineProperty(WebSocket.prototype, 'onmessage', {
    ...heard,
    set(this: WebSocket, listener: (event: MessageEvent) => void) {
      heard?.set?.call(this, (event: MessageEvent) => {
        if (!probe.deaf) listener.call(this, event);
      });
    },
  });
  const awaitFirstFrame = (): void => {
    const video = shown();
    if (!video) return void requestAnimationFrame(awaitFirstFrame);
    probe.firstFrameAt = performance.now();
  };
  awaitFirstFrame();
  Object.defineProperty(window, 'gcProbe', { value: probe });
}

export type Probe = {
  readonly firstFrameAt: number;
  deaf: boolean;
  shown(): HTMLVideoElement | undefined;
  picture(): Picture | undefined;
  pixel(x: number, y: number): number[] | undefined;
  countFrames(ms: number): Promise<number>;
};

export class ViewerPage {
  readonly page: Page;
  /** What the page's console and uncaught errors said; a test may look at it. */
  readonly complaints: string[] = [];

  private constructor(page: Page) {
    this.page = page;
    page.on('pageerror', (error) => this.complaints.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') this.complaints.push(message.text());
    });
  }

  /** @param prepare run in the page before its own scripts. */
  static async open(
    browser: Browser,
    invitation: Invitation,
    ...prepare: (() => void)[]
  ): Promise<ViewerPage> {
    return this.openUrl(browser, `${invitation.url}#code=${invitation.code}`, ...prepare);
  }

  static async openUrl(
    browser: Browser,
    url: string,
    ...prepare: (() => void)[]
  ): Promise<ViewerPage> {
    const page = await browser.newPage();
    const viewer = new ViewerPage(page);
    for (const script of [installProbe, ...prepare]) await page.evaluateOnNewDocument(script);
    await page.goto(url, { waitUntil: 'domcontentloaded' });
    return viewer;
  }

  /** What the page says of its state to everybody, screen readers included. */
  async status(): Promise<string> {
    const element = await this.page.$('::-p-aria([role="status"])');
    return (await element?.evaluate((node) => node.textContent?.trim() ?? '')) ?? '';
  }

  async saying(words: RegExp, deadlineMs = 20_000): Promise<string> {
    return until(
      `the viewer to say ${words}`,
      async () => {
        const text = await this.page.evaluate(() => {
          const all = (root: Document | ShadowRoot): string =>
            [...root.querySelectorAll('*')]
              .map((element) =>
                element.shadowRoot
                  ? all(element.shadowRoot)
                  : element.children.length === 0
                    ? (element.textContent ?? '')
                    : '',
              )
              .join(' ');
          return all(document);
        });
        return words.test(text) ? text : undefined;
      },
      deadlineMs,
    );
  }

  /** Resolves when a picture is shown. */
  async picture(deadlineMs = 20_000): Promise<Picture> {
    return until(
      'a picture in the viewer',
      () => this.page.evaluate(() => (window as unknown as { gcProbe: Probe }).gcProbe.picture()),
      deadlineMs,
    );
  }

  async hasPicture(): Promise<boolean> {
    return (
      (await this.page.evaluate(() =>
        (window as unknown as { gcProbe: Probe }).gcProbe.picture(),
      )) !== undefined
    );
  }

  pixel(at: Point): Promise<Rgb | undefined> {
    return this.page.evaluate(
      (x, y) => (window as unknown as { gcProbe: Probe }).gcProbe.pixel(x, y) as Rgb | undefined,
      at.x,
      at.y,
    );
  }

  /** Waits until the picture shows (about) this colour there: 4:2:0 and quantisation blur colours. */
  async showsColour(at: Point, colour: Rgb, tolerance = 24): Promise<void> {
    let seen: Rgb | undefined;
    await until(`colour ${colour.join()} at ${at.x},${at.y}`, async () => {
      seen = await this.pixel(at);
      return seen?.every((value, i) => Math.abs(value - (colour[i] ?? 0)) <= tolerance);
    }).catch((error: unknown) => {
      throw new Error(`${(error as Error).message}; last seen ${seen?.join() ?? 'nothing'}`);
    });
  }

  frames(ms: number): Promise<number> {
    return this.page.evaluate(
      (duration) => (window as unknown as { gcProbe: Probe }).gcProbe.countFrames(duration),
      ms,
    );
  }

  /** From now on (or until `false`) the page hears nothing of signaling. */
  deaf(value: boolean): Promise<void> {
    return this.page.evaluate((now) => {
      (window as unknown as { gcProbe: Probe }).gcProbe.deaf = now;
    }, value);
  }

  async monitorButtons(): Promise<string[]> {
    const buttons = await this.page.$$('::-p-aria([role="button"])');
    const names = await Promise.all(
      buttons.map((button) =>
        button.evaluate(
          (node) => node.getAttribute('aria-label') ?? node.textContent?.trim() ?? '',
        ),
      ),
    );
    return names.filter((name) => /^Monitor \d+$/.test(name));
  }

  async press(name: string): Promise<void> {
    const button = await until(
      `the button "${name}"`,
      async () => (await this.page.$(`::-p-aria([name="${name}"][role="button"])`)) ?? undefined,
    );
    await button.click();
  }

  /** Place in the page of the middle of a pixel of the shown monitor. */
  async place(pixel: Point): Promise<Point> {
    const { width, height, box } = await this.picture();
    const factor = Math.min(box.width / width, box.height / height);
    return {
      x: box.x + (box.width - width * factor) / 2 + (pixel.x + 0.5) * factor,
      y: box.y + (box.height - height * factor) / 2 + (pixel.y + 0.5) * factor,
    };
  }

  async click(pixel: Point): Promise<void> {
    const at = await this.place(pixel);
    await this.page.mouse.click(at.x, at.y);
  }

  async drag(from: Point, to: Point): Promise<void> {
    const start = await this.place(from);
    const end = await this.place(to);
    await this.page.mouse.move(start.x, start.y);
    await this.page.mouse.down();
    await this.page.mouse.move(end.x, end.y, { steps: 12 });
    await this.page.mouse.up();
  }

  async close(): Promise<void> {
    await this.page.close();
  }
}
