import type { Rendition } from '@guruconnect/contract/rendition';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { H264_PROFILE_LEVEL_ID } from '../src/media/encoder.h264.ts';
import { nowUs, toTimestamp90kHz, type EncodedFrame, type ScreenArea } from '../src/media/frame.ts';
import { InputMark } from '../src/media/input-mark.ts';
import type { CaptureSource } from '../src/media/monitor-worker-messages.ts';
import {
  MonitorStream,
  type MonitorStreamOptions,
  type MonitorStreamState,
} from '../src/media/monitor-stream.ts';
import { until, watchFor } from './deadline.ts';
import { everyRendition } from './targets.ts';
import { H264Decoder, profileLevelId, type DecodedPicture } from './h264-decoder.ts';
import { XDisplay } from './x-display.ts';
import { XPainter } from './x-painter.ts';

const NUMBER = 67;
const FIRST: ScreenArea = { x: 0, y: 0, widthPx: 1280, heightPx: 720 };
const SECOND: ScreenArea = { x: 1280, y: 0, widthPx: 1024, heightPx: 768 };
const MONITORS = [
  { mode: '1280x720', x: 0, y: 0 },
  { mode: '1024x768', x: 1280, y: 0 },
];
const TARGET = { maxBitrateBps: 8_000_000, maxFps: 60 };
const TINY_BYTES = 200;
/** Of 255: what limited range and a good quantiser may cost. */
const COLOUR_TOLERANCE = 6;

/** A stream with its viewer: keeps frames, decodes each in order, as a browser would. */
class Watching {
  readonly stream: MonitorStream;
  readonly frames: EncodedFrame[] = [];
  readonly states: MonitorStreamState[] = [];
  readonly inputMark = new InputMark();
  picture: DecodedPicture | undefined;
  readonly #decoder = new H264Decoder();

  readonly rendition: Rendition;

  constructor(source: CaptureSource, options: Partial<MonitorStreamOptions> = {}) {
    this.rendition = options.warm ?? 'standard';
    this.stream = new MonitorStream({
      source,
      warm: this.rendition,
      encoders: ['x264'],
      targets: everyRendition(TARGET),
      inputMark: this.inputMark,
      onFrame: (frame) => {
        this.frames.push(frame);
        this.picture = this.#decoder.decode(frame.data);
      },
      onState: (state) => this.states.push(state),
      ...options,
    });
  }

  static screen(area: ScreenArea, options: Partial<MonitorStreamOptions> = {}): Watching {
    return new Watching({ kind: 'x11', displayName: `:${NUMBER}`, area }, options);
  }

  /** Watches until the picture is refined: from then on only repeats come by themselves. */
  async settle(): Promise<void> {
    this.stream.setWatched(this.rendition, true);
    await this.refined();
  }

  async refined(from = 0): Promise<void> {
    await until(
      'a refined picture',
      () => {
        const last = this.frames.slice(from).at(-1);
        return last?.cause === 'repeat' && last.data.length < TINY_BYTES;
      },
      20_000,
    );
  }

  shows(x: number, y: number, colour: number): boolean {
    const [r, g, b] = this.picture?.rgbAt(x, y) ?? [-99, -99, -99];
    return [r - (colour >> 16), g - ((colour >> 8) & 0xff), b - (colour & 0xff)].every(
      (difference) => Math.abs(difference) <= COLOUR_TOLERANCE,
    );
  }

  async close(): Promise<void> {
    await this.stream.close();
    this.#decoder.close();
  }
}

let server: XDisplay;
let painter: XPainter;
let watching: Watching;

beforeAll(async () => {
  server = await XDisplay.start(NUMBER, MONITORS);
  painter = new XPainter(server.name);
});
afterAll(async () => {
  painter.close();
  await server.stop();
});
beforeEach(() => painter.fill(0, 0, 3000, 1000, 0x204060));
afterEach(() => watching.close());

describe('a watched monitor', () => {
  it('begins with a key frame that shows the screen', async () => {
    painter.fill(300, 200, 60, 60, 0xd03010);
    watching = Watching.screen(FIRST);
    watching.stream.setWatched(watching.rendition, true);
    await until('a frame', () => watching.frames.length > 0);
    expect(watching.frames[0]).toMatchObject({
      keyframe: true,
      widthPx: 1280,
      heightPx: 720,
      codedWidthPx: 1280,
      codedHeightPx: 720,
    });
    expect(watching.picture).toMatchObject({ widthPx: 1280, heightPx: 720 });
    expect(watching.picture?.isSignalledAsScreen).toBe(true);
    expect(watching.shows(330, 230, 0xd03010)).toBe(true);
    expect(watching.shows(280, 230, 0x204060)).toBe(true);
  });

  it('sends at most one tiny frame a second while nothing changes', async () => {
    watching = Watching.screen(FIRST);
    await watching.settle();
    const from = watching.frames.length;
    await watchFor(3_200);
    const still = watching.frames.slice(from);
    expect(still.length).toBeGreaterThanOrEqual(3);
    expect(still.length).toBeLessThanOrEqual(4);
    for (const { data, cause } of still) {
      expect(cause).toBe('repeat');
      expect(data.length).toBeLessThan(TINY_BYTES);
    }
  });

  it.each([
    ['in one band', 64, 400, 120, 8],
    ['across bands', 500, 90, 30, 200],
    ['at the very edge', 1270, 700, 10, 20],
    ['everywhere', 0, 0, 1280, 720],
  ])('shows what is drawn %s, in its colour and at its place', async (_, x, y, width, height) => {
    watching = Watching.screen(FIRST);
    await watching.settle();
    painter.fill(x, y, width, height, 0x20c050);
    await until('the change', () => watching.shows(x + (width >> 1), y + (height >> 1), 0x20c050));
    // after refinement every pixel is the one on the screen, also beside what changed
    await watching.refined();
    for (let py = 3; py < 720; py += 17) {
      for (let px = 3; px < 1280; px += 17) {
        const isInside = px >= x && px < x + width && py >= y && py < y + height;
        // 4:2:0 mixes the colours of neighbouring pixels
        const isNearEdge =
          Math.min(Math.abs(px - x), Math.abs(px - x - width)) < 2 ||
          Math.min(Math.abs(py - y), Math.abs(py - y - height)) < 2;
        if (!isNearEdge && !watching.shows(px, py, isInside ? 0x20c050 : 0x204060)) {
          expect.fail(`wrong colour at ${px},${py}: ${watching.picture?.rgbAt(px, py)}`);
        }
      }
    }
  });

  it('sends its own part of the desktop and stays quiet when another part changes', async () => {
    watching = Watching.screen(SECOND);
    await watching.settle();
    painter.fill(1280 + 20, 40, 50, 50, 0xffd000);
    await until('the change', () => watching.shows(45, 65, 0xffd000));
    await watching.refined();
    const from = watching.frames.length;
    for (let n = 0; n < 20; n++) painter.fill(0, 0, 1280, 720, n * 1000);
    await watchFor(400);
    expect(watching.frames.slice(from).filter(({ cause }) => cause !== 'repeat')).toEqual([]);
  });

  it('answers a key frame request with its next frame, at once', async () => {
    watching = Watching.screen(FIRST);
    await watching.settle();
    for (let n = 0; n < 3; n++) {
      const from = watching.frames.length;
      const askedAtUs = nowUs();
      watching.stream.requestKeyframe(watching.rendition);
      const next = await until('a frame', () => watching.frames[from]);
      expect(next.keyframe).toBe(true);
      expect(next.captureTimeUs - askedAtUs).toBeLessThan(120_000);
    }
  });

  it('follows a screen that changes all the time, newest picture first, never a backlog', async () => {
    watching = Watching.screen(FIRST);
    await watching.settle();
    const from = watching.frames.length;
    const endsAt = performance.now() + 2_000;
    let colour = 1;
    while (performance.now() < endsAt) {
      painter.fill(0, 0, 1280, 720, (colour += 0x030507) & 0xffffff);
      await watchFor(16);
    }
    const last = colour & 0xffffff;
    await until('the last picture', () => watching.shows(640, 360, last), 500);
    // each fill is new as a whole and flat: a key frame
    const frames = watching.frames.slice(from).filter(({ cause }) => /change|keyframe/.test(cause));
    expect(frames.some(({ keyframe }) => keyframe)).toBe(true);
    expect(frames.length).toBeGreaterThan(60);
    expect(frames.length).toBeLessThanOrEqual(125);
  });

  it('stamps frames with rising 90 kHz times of their capture', async () => {
    watching = Watching.screen(FIRST);
    await watching.settle();
    let before = 0;
    for (const frame of watching.frames) {
      expect(frame.timestamp90kHz).toBe(toTimestamp90kHz(frame.captureTimeUs));
      expect(frame.captureTimeUs).toBeGreaterThan(before);
      before = frame.captureTimeUs;
    }
  });

  it('says which input a frame answers', async () => {
    watching = Watching.screen(FIRST);
    await watching.settle();
    expect(watching.frames.at(-1)?.lastInputSeq).toBe(0);
    watching.inputMark.write(41, nowUs());
    painter.fill(0, 0, 100, 100, 0xffffff);
    await until('the change', () => watching.shows(50, 50, 0xffffff));
    const answer = watching.frames.find(({ lastInputSeq }) => lastInputSeq === 41);
    expect(answer?.cause).toBe('change');
    expect(answer?.inputToCaptureUs).toBeGreaterThan(0);
    expect(answer?.inputToCaptureUs).toBeLessThan(200_000);
  });

  it('keeps to its bit rate: a new page at 1 Mbit/s takes no frame above 100 ms of it', async () => {
    watching = Watching.screen(FIRST, {
      targets: everyRendition({ maxBitrateBps: 1_000_000, maxFps: 60 }),
    });
    await watching.settle();
    const from = watching.frames.length;
    for (let y = 0; y < 720; y += 6) {
      for (let x = y % 5; x < 1280; x += 9) painter.queueFill(x, y, 5, 4, x * y * 31);
    }
    painter.show();
    await watching.refined(from);
    const frames = watching.frames.slice(from);
    for (const { data } of frames) expect(data.length).toBeLessThan(12_500 * 1.15);
    const first = frames[0]?.captureTimeUs ?? 0;
    const seconds = ((frames.at(-1)?.captureTimeUs ?? 0) - first) / 1e6;
    const bits = frames.reduce((sum, { data }) => sum + data.length * 8, 0);
    expect(bits).toBeLessThan(1_000_000 * (seconds + 0.3));
  });
});

describe('a monitor nobody watches', () => {
  it('sends nothing, whatever happens on it', async () => {
    watching = Watching.screen(FIRST);
    await until('the encoder', () => watching.states.at(-1)?.name === 'running');
    painter.fill(0, 0, 1280, 720, 0xffffff);
    watching.stream.requestKeyframe(watching.rendition);
    await watchFor(1_300);
    expect(watching.frames).toEqual([]);
  });

  it('falls silent at once and comes back with a key frame of what is there now', async () => {
    watching = Watching.screen(FIRST);
    await watching.settle();
    watching.stream.setWatched(watching.rendition, false);
    await watchFor(100); // what was under way arrives
    const from = watching.frames.length;
    painter.fill(0, 0, 1280, 720, 0x00a0a0);
    await watchFor(1_300);
    expect(watching.frames.length).toBe(from);
    watching.stream.setWatched(watching.rendition, true);
    const back = await until('a frame', () => watching.frames[from]);
    expect(back.keyframe).toBe(true);
    expect(watching.shows(640, 360, 0x00a0a0)).toBe(true);
  });
});

describe('another size', () => {
  it('starts with a key frame of the new area', async () => {
    watching = Watching.screen(FIRST);
    await watching.settle();
    const from = watching.frames.length;
    const source = { kind: 'x11', displayName: server.name, area: SECOND } as const;
    painter.fill(1280, 0, 1024, 768, 0x808000);
    watching.stream.setSource(source);
    const frame = await until('a frame of the new size', () =>
      watching.frames.slice(from).find(({ widthPx }) => widthPx === 1024),
    );
    expect(frame).toMatchObject({ keyframe: true, heightPx: 768 });
    expect(watching.picture).toMatchObject({ widthPx: 1024, heightPx: 768 });
    expect(watching.shows(500, 700, 0x808000)).toBe(true);
  });

  it.each<[Rendition, number, number]>([
    ['standard', 642, 362],
    ['sharp', 641, 361],
  ])('odd sides travel in %s as %i x %i with the true size told', async (warm, codedW, codedH) => {
    watching = Watching.screen({ x: 100, y: 50, widthPx: 641, heightPx: 361 }, { warm });
    painter.fill(100 + 638, 50 + 358, 10, 10, 0xf0f0f0);
    watching.stream.setWatched(watching.rendition, true);
    await until('the corner', () => watching.shows(640, 360, 0xf0f0f0));
    expect(watching.frames[0]).toMatchObject({
      widthPx: 641,
      heightPx: 361,
      codedWidthPx: codedW,
      codedHeightPx: codedH,
    });
    expect(watching.picture).toMatchObject({ widthPx: codedW, heightPx: codedH });
  });
});

describe('4:4:4', () => {
  it('keeps a red line one pixel wide red, in the profile that is negotiated for it', async () => {
    painter.fill(0, 0, 1280, 720, 0x000000);
    painter.fill(501, 0, 1, 720, 0xff0000);
    watching = Watching.screen(FIRST, { warm: 'sharp' });
    await watching.settle();
    expect(watching.shows(501, 300, 0xff0000)).toBe(true);
    expect(watching.shows(500, 300, 0x000000)).toBe(true);
    const first = watching.frames[0];
    if (!first) expect.fail('no frame');
    expect(profileLevelId(first.data).slice(0, 2)).toBe(H264_PROFILE_LEVEL_ID['444'].slice(0, 2));
  });
});

describe('when its thread fails', () => {
  it('a crash is reported and another thread started, later each time', async () => {
    watching = Watching.screen(FIRST, {
      workerUrl: new URL('./crashing-worker.ts', import.meta.url),
    });
    watching.stream.setWatched(watching.rendition, true);
    const failures = () => watching.states.filter((state) => state.name === 'failed');
    for (const count of [1, 2, 3]) {
      await until('a running thread', () => watching.states.at(-1)?.name === 'running');
      watching.stream.requestKeyframe(watching.rendition); // which it dies of
      await until('the report', () => failures().length === count);
    }
    const waits = failures().map(({ retryInMs }) => retryInMs);
    expect(failures()[0]).toMatchObject({ code: 'worker_crashed' });
    expect(waits).toEqual(waits.toSorted((a, b) => a - b));
  });

  it('an area outside the screen is reported with its code', async () => {
    watching = Watching.screen({ ...FIRST, x: 4000 });
    const state = await until('the report', () =>
      watching.states.find((state) => state.name === 'failed'),
    );
    expect(state).toMatchObject({ code: 'display_unsupported' });
  });
});

describe('the end', () => {
  it('comes once, and no frame after it', async () => {
    watching = Watching.screen(FIRST);
    await watching.settle();
    const closing = watching.stream.close();
    const count = watching.frames.length;
    watching.stream.requestKeyframe(watching.rendition);
    expect(watching.stream.close()).toBe(closing);
    await closing;
    expect(watching.frames.length).toBe(count);
    expect(watching.states.at(-1)).toEqual({ name: 'closed' });
  });

  it('comes also while a new thread is being waited for', async () => {
    watching = Watching.screen({ ...FIRST, x: 4000 });
    await until('the failure', () => watching.states.at(-1)?.name === 'failed');
    await watching.stream.close();
    await watchFor(300);
    expect(watching.states.at(-1)).toEqual({ name: 'closed' });
  });
});

describe('the test pattern', () => {
  it('needs no screen and moves', async () => {
    watching = new Watching({
      kind: 'test-pattern',
      widthPx: 320,
      heightPx: 240,
      changesPerSecond: 30,
    });
    watching.stream.setWatched(watching.rendition, true);
    await until(
      'some movement',
      () => watching.frames.filter((f) => f.cause === 'change').length > 10,
    );
    expect(watching.shows(60, 230, 0xffff00)).toBe(true);
  });
});
