import { afterEach, describe, expect, it } from 'vitest';
import { until, watchFor } from '../../test/deadline.ts';
import { everyRendition } from '../../test/targets.ts';
import { H264Decoder } from '../../test/h264-decoder.ts';
import { paintText, psnrDb } from '../../test/painting.ts';
import type { Rendition } from '@guruconnect/contract/rendition';
import type { ScreenCapture } from './capture.ts';
import { paintRect } from './capture.test-pattern.ts';
import type { EncodedFrame, Picture } from './frame.ts';
import { InputMark } from './input-mark.ts';
import type { RowBands } from './row-bands.ts';
import { targetFor } from './monitor-hub.ts';
import { MonitorPipeline } from './monitor-pipeline.ts';

/** A screen that the test draws and breaks; notes what is asked of it. */
class FakeScreen implements ScreenCapture {
  readonly widthPx = 320;
  readonly heightPx = 200;
  readonly calls: string[] = [];
  colour = 0xffffff;
  broken = false;
  /** Rows `grab` will report. */
  rows: [number, number][] = [];
  announce = () => {};

  start(onChange: () => void): void {
    this.calls.push('start');
    this.announce = onChange;
  }

  grab(picture: Picture, changed: RowBands): void {
    this.calls.push('grab');
    if (this.broken) throw new Error('the screen broke');
    paintRect(picture, { x: 0, y: 0, widthPx: 320, heightPx: 200 }, this.colour);
    for (const [top, rows] of this.rows) changed.addRows(top, rows);
  }

  stop(): void {
    this.calls.push('stop');
  }

  close(): void {
    this.calls.push('close');
  }
}

const SPINNER_ROWS = 32;

/** Text that stays, and above it something that is different at every look. */
class TextUnderASpinner extends FakeScreen {
  #turns = 0;

  override grab(picture: Picture, changed: RowBands): void {
    if (this.#turns === 0) {
      paintText(picture, 1);
      changed.addAll();
    }
    const spinner = { x: 0, y: 0, widthPx: this.widthPx, heightPx: SPINNER_ROWS };
    paintRect(picture, spinner, (++this.#turns * 0x3f7f1f) & 0xffffff);
    changed.addRows(0, SPINNER_ROWS);
  }
}

class Bench {
  readonly screen: FakeScreen;
  readonly frames: EncodedFrame[] = [];
  readonly failures: unknown[] = [];
  readonly pipeline: MonitorPipeline;

  constructor(screen = new FakeScreen()) {
    this.screen = screen;
    this.pipeline = new MonitorPipeline({
      capture: this.screen,
      warm: 'standard',
      encoders: ['x264'],
      targets: everyRendition({ maxBitrateBps: 8_000_000, maxFps: 60 }),
      inputMark: new InputMark(),
      onFrame: (frame) => this.frames.push(frame),
      onFailed: (error) => this.failures.push(error),
    });
  }
}

let bench: Bench;
afterEach(() => bench.pipeline.close());

describe('one monitor', () => {
  it('is not captured before somebody watches', async () => {
    bench = new Bench();
    bench.pipeline.requestKeyframe('standard');
    bench.pipeline.setTarget('standard', { maxBitrateBps: 1_000_000, maxFps: 10 });
    await watchFor(50);
    expect(bench.screen.calls).toEqual([]);
  });

  it('is shown whole in the first frame, also rows the capture found equal to empty memory', () => {
    bench = new Bench();
    bench.screen.rows = [];
    bench.pipeline.setWatched('standard', true);
    const [first] = bench.frames;
    if (!first) expect.fail('no frame');
    const decoder = new H264Decoder();
    const picture = decoder.decode(first.data);
    for (const y of [1, 100, 198]) {
      for (const part of picture.rgbAt(160, y)) expect(part).toBeGreaterThan(250);
    }
    decoder.close();
  });

  it('has its first frame made in the very call that starts the watching', () => {
    bench = new Bench();
    bench.pipeline.setWatched('standard', true);
    expect(bench.frames.map(({ keyframe }) => keyframe)).toEqual([true]);
  });

  it('has a change captured and sent in the very call that announces it', async () => {
    bench = new Bench();
    bench.pipeline.setWatched('standard', true);
    await until('refinement', () => bench.frames.at(-1)?.cause === 'refine');
    await until('its end', () => (bench.frames.at(-1)?.data.length ?? 999) < 200);
    const from = bench.frames.length;
    bench.screen.colour = 0x336699;
    bench.screen.rows = [[0, 100]];
    bench.screen.announce();
    expect(bench.frames.slice(from).map(({ cause }) => cause)).toEqual(['change']);
  });

  it('has a picture that is new as a whole, and flat, made a key frame', () => {
    bench = new Bench();
    bench.pipeline.setWatched('standard', true);
    const from = bench.frames.length;
    bench.screen.colour = 0x336699;
    bench.screen.rows = [[0, 200]];
    bench.screen.announce();
    expect(bench.frames.slice(from).map(({ cause }) => cause)).toEqual(['keyframe']);
  });

  it('has its still parts refined although something else never stops', async () => {
    bench = new Bench(new TextUnderASpinner());
    const picture = { ...bench.screen, strideBytes: 320 * 4, pixels: Buffer.alloc(320 * 200 * 4) };
    paintText(picture, 1);
    // limited range of black and white: the luma that should arrive
    const luma = Buffer.alloc(320 * 200);
    for (let i = 0; i < luma.length; i++) luma[i] = 16 + ((picture.pixels[i * 4] ?? 0) * 219) / 255;
    const below = SPINNER_ROWS * 320;
    const source = { data: luma.subarray(below), strideBytes: 320 };
    const decoder = new H264Decoder();
    let decoded = 0;
    bench.pipeline.setWatched('standard', true);
    const spinner = setInterval(() => bench.screen.announce(), 15);
    const lossless = () =>
      bench.frames.slice(decoded).some(({ data }) => {
        const shown = decoder.decode(data);
        decoded++;
        const strideBytes = shown.lumaStrideBytes;
        const text = { data: shown.luma.subarray(SPINNER_ROWS * strideBytes), strideBytes };
        return psnrDb(source, text, 320, 200 - SPINNER_ROWS) > 47;
      });
    await until('the text as it is', lossless).finally(() => {
      clearInterval(spinner);
      decoder.close();
    });
    expect(bench.frames.map(({ cause }) => cause)).not.toContain('refine');
  });

  it('costs neither conversion nor encoding when a change changed nothing', async () => {
    bench = new Bench();
    bench.pipeline.setWatched('standard', true);
    await until('its refinement', () => (bench.frames.at(-1)?.data.length ?? 999) < 200);
    const from = bench.frames.length;
    bench.screen.announce();
    expect(bench.screen.calls.at(-1)).toBe('grab');
    expect(bench.frames.length).toBe(from);
  });

  it('whose capture breaks is closed and reported, once', () => {
    bench = new Bench();
    bench.screen.broken = true;
    bench.pipeline.setWatched('standard', true);
    bench.pipeline.requestKeyframe('standard');
    bench.pipeline.setWatched('standard', false);
    expect(bench.failures).toEqual([new Error('the screen broke')]);
    expect(bench.screen.calls.filter((call) => call === 'close')).toHaveLength(1);
    expect(bench.frames).toEqual([]);
  });

  it('is left alone after the last watcher went, until the next one', async () => {
    bench = new Bench();
    bench.pipeline.setWatched('standard', true);
    bench.pipeline.setWatched('standard', false);
    const from = bench.frames.length;
    bench.pipeline.requestKeyframe('standard');
    await watchFor(1_200);
    expect(bench.frames.length).toBe(from);
    bench.pipeline.setWatched('standard', true);
    expect(bench.frames.slice(from).map(({ keyframe }) => keyframe)).toEqual([true]);
    expect(bench.screen.calls).toEqual(['start', 'grab', 'stop', 'start', 'grab']);
  });

  it('is closed once and silent afterwards', async () => {
    bench = new Bench();
    bench.pipeline.setWatched('standard', true);
    bench.pipeline.close();
    bench.pipeline.close();
    const from = bench.frames.length;
    bench.screen.announce();
    bench.pipeline.requestKeyframe('standard');
    await watchFor(1_200);
    expect(bench.frames.length).toBe(from);
    expect(bench.screen.calls.filter((call) => call === 'close')).toHaveLength(1);
  });
});

describe('several renditions of one monitor', () => {
  const of = (rendition: Rendition) =>
    bench.frames.filter((frame) => frame.rendition === rendition);

  it('are made of one capture: who grabs tells the others which rows they missed', async () => {
    bench = new Bench();
    bench.screen.rows = [[0, 200]];
    bench.pipeline.setWatched('standard', true);
    bench.pipeline.setWatched('sharp', true);
    await until('both pictures', () => of('sharp').length > 0 && of('standard').length > 0);
    expect(bench.screen.calls.filter((call) => call === 'start')).toHaveLength(1);
    bench.pipeline.setWatched('standard', false);
    expect(bench.screen.calls).not.toContain('stop');
    bench.screen.colour = 0x336699;
    bench.screen.announce();
    bench.pipeline.setWatched('sharp', false);
    expect(bench.screen.calls.at(-1)).toBe('stop');
    // Nothing changed since the other looked; this one has not seen it.
    bench.screen.rows = [];
    const from = of('standard').length;
    bench.pipeline.setWatched('standard', true);
    const decoder = new H264Decoder();
    const frame = await until('a key frame', () =>
      of('standard')
        .slice(from)
        .find(({ keyframe }) => keyframe),
    );
    const blue = decoder.decode(frame.data).rgbAt(160, 100)[2] ?? 0;
    expect(Math.abs(blue - 0x99)).toBeLessThan(8);
    decoder.close();
  });

  it('hear of a change in the order of their urgency, whoever was watched first', async () => {
    bench = new Bench();
    bench.pipeline.setWatched('thumbnail', true);
    bench.pipeline.setWatched('sharp', true);
    await until('quiet', () => of('sharp').at(-1)?.cause === 'repeat');
    const from = bench.frames.length;
    bench.screen.colour = 0x336699;
    bench.screen.rows = [[0, 200]];
    bench.screen.announce();
    await until('both', () => bench.frames.slice(from).some((f) => f.rendition === 'thumbnail'));
    expect(bench.frames[from]?.rendition).toBe('sharp');
  });

  it('a thumbnail of a screen that never rests is small, rare and cheap to send', async () => {
    bench = new Bench();
    bench.pipeline.setTarget('thumbnail', targetFor('thumbnail', 8_000_000));
    bench.screen.rows = [[0, 200]];
    bench.pipeline.setWatched('thumbnail', true);
    const startedAtMs = performance.now();
    while (performance.now() - startedAtMs < 4_000) {
      bench.screen.colour = Math.floor(Math.random() * 0xffffff);
      bench.screen.announce();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    const frames = of('thumbnail');
    expect(frames.length).toBeGreaterThanOrEqual(6);
    expect(frames.length).toBeLessThanOrEqual(10);
    const bits = frames.reduce((sum, { data }) => sum + data.length * 8, 0);
    expect(bits / 4).toBeLessThan(50_000);
    expect(frames[0]).toMatchObject({ widthPx: 320, codedWidthPx: 320, codedHeightPx: 200 });
  });
});
