import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import type { Monitor } from '@guruconnect/contract/monitor';
import type { Rendition, VideoRef } from '@guruconnect/contract/rendition';
import type { EncodedFrame, StreamTarget } from './frame.ts';
import { InputMark } from './input-mark.ts';
import { MonitorHub, shareOf, targetFor, type HubStream } from './monitor-hub.ts';
import type { MonitorStreamOptions } from './monitor-stream.ts';
import type { CaptureSource } from './monitor-worker-messages.ts';

const MAX_BPS = 12_000_000;

class FakeStream implements HubStream {
  readonly options: MonitorStreamOptions;
  readonly renditions = new Set<Rendition>();
  readonly targets: Record<Rendition, StreamTarget>;
  keyframesAsked = 0;
  source: CaptureSource;
  closed = false;

  constructor(options: MonitorStreamOptions) {
    this.options = options;
    this.targets = { ...options.targets };
    this.source = options.source;
  }

  get watched(): boolean {
    return this.renditions.size > 0;
  }
  get target(): StreamTarget {
    return this.targets.standard;
  }
  setWatched(rendition: Rendition, watched: boolean): void {
    if (watched) this.renditions.add(rendition);
    else this.renditions.delete(rendition);
  }
  requestKeyframe(): void {
    this.keyframesAsked += 1;
  }
  setTarget(rendition: Rendition, target: StreamTarget): void {
    this.targets[rendition] = target;
  }
  setSource(source: CaptureSource): void {
    this.source = source;
  }
  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }
  emit(keyframe: boolean, rendition: Rendition = 'standard'): void {
    this.options.onFrame({ keyframe, rendition } as EncodedFrame);
  }
}

const of = (rendition: Rendition, ...monitors: number[]): VideoRef[] =>
  monitors.map((monitor_id) => ({ monitor_id, rendition }));
const standard = (monitor_id: number): VideoRef => ({ monitor_id, rendition: 'standard' });

const monitor = (monitor_id: number, width = 640): Monitor => ({
  monitor_id,
  name: `M${monitor_id}`,
  x: 0,
  y: 0,
  width,
  height: 480,
  scale: 1,
  primary: monitor_id === 1,
});

function hub(monitors = [monitor(1), monitor(2)]) {
  const streams: FakeStream[] = [];
  const hub = new MonitorHub(
    { topology_epoch: 1, monitors },
    {
      sourceOf: ({ width, height }) => ({
        kind: 'test-pattern',
        widthPx: width,
        heightPx: height,
        changesPerSecond: 1,
      }),
      inputMark: new InputMark(),
      warm: 'standard',
      encoders: ['x264'],
      maxBitrateBps: MAX_BPS,
      logger: pino({ level: 'silent' }),
      openStream: (options) => {
        const stream = new FakeStream(options);
        streams.push(stream);
        return stream;
      },
    },
  );
  const session = () => {
    const frames: [number, boolean][] = [];
    const subscription = hub.subscribe({
      onFrame: (id, { keyframe }) => frames.push([id, keyframe]),
    });
    return { ...subscription, frames };
  };
  const stream = (n: number): FakeStream => {
    const found = streams[n - 1];
    if (!found) throw new Error(`no stream ${n}`);
    return found;
  };
  return { hub, streams, stream, session };
}

describe('monitors and the sessions that watch them', () => {
  it('cost nothing while there is no session, and one stream each while there are several', () => {
    const { streams, session } = hub();
    expect(streams).toEqual([]);
    const one = session();
    const two = session();
    expect(streams).toHaveLength(2);
    one.close();
    expect(streams.map(({ closed }) => closed)).toEqual([false, false]);
    two.close();
    two.close();
    expect(streams.map(({ closed }) => closed)).toEqual([true, true]);
  });

  it('work while anybody watches them', () => {
    const { stream, session } = hub();
    const one = session();
    const two = session();
    one.setWatched(of('standard', 1));
    two.setWatched(of('standard', 1, 2));
    expect([stream(1).watched, stream(2).watched]).toEqual([true, true]);
    two.setWatched(of('standard'));
    expect([stream(1).watched, stream(2).watched]).toEqual([true, false]);
    one.close();
    expect([stream(1).watched, stream(1).closed]).toEqual([false, false]);
    two.close();
    expect(stream(1).closed).toBe(true);
  });

  it('give their frames to those who watch, and to nobody else', () => {
    const { stream, session } = hub();
    const [one, two] = [session(), session()];
    one.setWatched(of('standard', 1));
    two.setWatched(of('standard', 2));
    stream(1).emit(true);
    stream(2).emit(true);
    two.close();
    stream(2).emit(false);
    expect(one.frames).toEqual([[1, true]]);
    expect(two.frames).toEqual([[2, true]]);
  });

  it('begin with a key frame for a second watcher too, asked for once', () => {
    const { stream, session } = hub();
    const [one, two] = [session(), session()];
    one.setWatched(of('standard', 1));
    expect(stream(1).keyframesAsked).toBe(0); // a stream begins with one by itself
    stream(1).emit(true);
    two.setWatched(of('standard', 1));
    two.requestKeyframe(standard(1));
    one.requestKeyframe(standard(1));
    expect(stream(1).keyframesAsked).toBe(1);
    stream(1).emit(false);
    two.requestKeyframe(standard(1));
    expect(stream(1).keyframesAsked).toBe(1);
    stream(1).emit(true);
    two.requestKeyframe(standard(1));
    expect(stream(1).keyframesAsked).toBe(2);
  });

  it('are encoded for the narrowest path that watches, shared among what it watches', () => {
    const { stream, session } = hub();
    const [wide, narrow] = [session(), session()];
    wide.setWatched(of('standard', 1));
    narrow.setPathBps(4_000_000);
    narrow.setWatched(of('standard', 1, 2));
    expect(stream(1).target.maxBitrateBps).toBe(2_000_000);
    expect(stream(2).target.maxBitrateBps).toBe(2_000_000);
    narrow.setWatched(of('standard', 2));
    expect(stream(1).target.maxBitrateBps).toBe(MAX_BPS);
    expect(stream(2).target.maxBitrateBps).toBe(4_000_000);
    narrow.setPathBps(80_000_000);
    expect(stream(2).target.maxBitrateBps).toBe(MAX_BPS);
  });

  it('come less often rather than later when the path is narrow', () => {
    const { stream, session } = hub();
    const one = session();
    one.setWatched(of('standard', 1));
    for (const [bps, fps] of [
      [12_000_000, 60],
      [720_000, 30],
      [150_000, 6],
      [10_000, 5],
    ] as const) {
      one.setPathBps(bps);
      expect(stream(1).target).toEqual({ maxBitrateBps: bps, maxFps: fps });
    }
  });

  it('follow their size, appear and disappear', () => {
    const { hub: feeds, stream, streams, session } = hub();
    session().setWatched(of('standard', 1, 2, 3));
    feeds.setTopology({ topology_epoch: 2, monitors: [monitor(1, 800), monitor(3)] });
    expect(stream(1).source).toMatchObject({ widthPx: 800 });
    expect(stream(2).closed).toBe(true);
    expect(streams).toHaveLength(3);
    expect(stream(3).watched).toBe(true);
  });
});

describe('renditions of one monitor', () => {
  it('work each for those who watch it, and only then', () => {
    const { stream, streams, session } = hub();
    const [one, two] = [session(), session()];
    one.setWatched(of('sharp', 1));
    two.setWatched([...of('standard', 1), ...of('thumbnail', 1, 2)]);
    expect(streams).toHaveLength(2);
    expect([...stream(1).renditions]).toEqual(['sharp', 'standard', 'thumbnail']);
    stream(1).emit(true, 'sharp');
    stream(1).emit(false, 'thumbnail');
    expect([one.frames, two.frames]).toEqual([[[1, true]], [[1, false]]]);
    two.setWatched([]);
    expect([...stream(1).renditions]).toEqual(['sharp']);
    expect(stream(2).watched).toBe(false);
  });

  it('are encoded once for any number of watchers', () => {
    const { stream, session } = hub();
    const watchers = Array.from({ length: 20 }, () => session());
    for (const watcher of watchers) watcher.setWatched(of('sharp', 1));
    stream(1).emit(true, 'sharp');
    expect([...stream(1).renditions]).toEqual(['sharp']);
    expect(watchers.map(({ frames }) => frames.length)).toEqual(watchers.map(() => 1));
  });

  it('ask for key frames each on their own', () => {
    const { stream, session } = hub();
    const [one, two] = [session(), session()];
    one.setWatched(of('sharp', 1));
    stream(1).emit(true, 'sharp');
    two.setWatched(of('standard', 1));
    expect(stream(1).keyframesAsked).toBe(0);
    two.requestKeyframe({ monitor_id: 1, rendition: 'sharp' });
    stream(1).emit(true, 'standard');
    two.requestKeyframe({ monitor_id: 1, rendition: 'sharp' });
    expect(stream(1).keyframesAsked).toBe(1);
  });
});

describe('the share of a path', () => {
  it('is divided among pictures to work with, after thumbnails took their little', () => {
    const watched: Rendition[] = ['sharp', 'sharp', 'thumbnail', 'thumbnail'];
    expect(shareOf('sharp', watched, 8_080_000)).toBe(4_000_000);
    expect(shareOf('thumbnail', watched, 8_080_000)).toBe(40_000);
  });

  it('leaves half of a narrow path to the picture, however many thumbnails there are', () => {
    const watched: Rendition[] = ['reduced', 'thumbnail', 'thumbnail', 'thumbnail', 'thumbnail'];
    expect(shareOf('reduced', watched, 100_000)).toBe(50_000);
    expect(shareOf('thumbnail', watched, 100_000)).toBe(12_500);
  });

  it('never lets a rendition have more than its table allows', () => {
    expect(targetFor('thumbnail', 10_000_000)).toEqual({ maxBitrateBps: 40_000, maxFps: 2 });
    expect(targetFor('reduced', 10_000_000)).toMatchObject({ maxFps: 15 });
    expect(targetFor('thumbnail', shareOf('thumbnail', ['thumbnail'], Infinity))).toEqual({
      maxBitrateBps: 40_000,
      maxFps: 2,
    });
  });
});
