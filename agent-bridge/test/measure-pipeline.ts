// Measures one monitor's pipeline on a real X server and prints JSON: microseconds per stage, bytes,
// frames per second and processor time. By hand: `node agent-bridge/test/measure-pipeline.ts`, with
// `--chroma 444` for full colour. What else the machine does shows in the numbers; `loadAverage` says.
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import type { EncodedFrame, FrameCause } from '../src/media/frame.ts';
import { nowUs } from '../src/media/frame.ts';
import { InputMark } from '../src/media/input-mark.ts';
import { MonitorStream } from '../src/media/monitor-stream.ts';
import { packetizeH264 } from '../src/rtc/h264-packetizer.ts';
import { until, watchFor } from './deadline.ts';
import { pseudoRandom } from './painting.ts';
import { everyRendition } from './targets.ts';
import { XDisplay } from './x-display.ts';
import { XPainter } from './x-painter.ts';

const NUMBER = 69;
const LINE_PX = 16;
const SCROLL_PX = 3 * LINE_PX;
const TARGET = { maxBitrateBps: 20_000_000, maxFps: 60 };

const { values: args } = parseArgs({
  options: {
    chroma: { type: 'string', default: '420' },
    trials: { type: 'string', default: '100' },
  },
});
const chroma = args.chroma === '444' ? '444' : '420';
const warm = chroma === '444' ? 'sharp' : 'standard';
const trials = Number(args.trials);

/** p50, p95 of a list. */
function spread(values: number[]): { p50: number; p95: number } {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  return { p50: at(0.5) ?? 0, p95: at(0.95) ?? 0 };
}

/** As outbound-video.ts cuts them. */
const MAX_PAYLOAD_BYTES = 1_100;

function packetiseUs({ data }: EncodedFrame): number {
  const startedAtUs = nowUs();
  packetizeH264(data, MAX_PAYLOAD_BYTES);
  return nowUs() - startedAtUs;
}

interface Scene {
  readonly frames: readonly EncodedFrame[];
  /** Of the whole process while it went on, all threads, refinement and the painter included. */
  readonly cpuUs: number;
}

function summary({ frames, cpuUs }: Scene, arrivals: ReadonlyMap<EncodedFrame, number>) {
  const of = (read: (frame: EncodedFrame) => number) => spread(frames.map(read));
  return {
    frames: frames.length,
    waitUs: of((frame) => frame.waitUs),
    captureUs: of((frame) => frame.captureUs),
    convertUs: of((frame) => frame.convertUs),
    encodeUs: of((frame) => frame.encodeUs),
    /** From the end of encoding to the owner's thread. */
    handOverUs: of(
      (frame) =>
        (arrivals.get(frame) ?? 0) -
        (frame.captureTimeUs + frame.captureUs + frame.convertUs + frame.encodeUs),
    ),
    packetiseUs: of(packetiseUs),
    cpuUsPerFrame: Math.round(cpuUs / Math.max(1, frames.length)),
    bytes: of((frame) => frame.data.length),
  };
}

function paintText(
  painter: XPainter,
  page: number,
  seed: number,
  widthPx: number,
  rows: number,
): void {
  const random = pseudoRandom(seed);
  painter.queueFill(0, 0, widthPx, rows, 0xffffff, page);
  for (let y = 3; y + 12 < rows; y += LINE_PX) {
    const lineEnd = widthPx * (0.3 + 0.6 * random());
    for (let x = 8; x < lineEnd; x += 7) {
      if (random() < 0.17) continue; // a space
      for (let stroke = 0; stroke < 3; stroke++) {
        const upright = random() < 0.5;
        const dx = Math.floor(random() * 4);
        const dy = Math.floor(random() * 6);
        painter.queueFill(x + dx, y + dy, upright ? 1 : 5, upright ? 9 : 1, 0x202020, page);
      }
    }
  }
}

async function measure(server: XDisplay, painter: XPainter, widthPx: number, heightPx: number) {
  const frames: EncodedFrame[] = [];
  const arrivals = new Map<EncodedFrame, number>();
  const stream = new MonitorStream({
    source: { kind: 'x11', displayName: server.name, area: { x: 0, y: 0, widthPx, heightPx } },
    warm,
    encoders: ['x264'],
    targets: everyRendition(TARGET),
    inputMark: new InputMark(),
    onFrame: (frame) => {
      arrivals.set(frame, nowUs());
      frames.push(frame);
    },
  });
  const pages = [1, 2, 3].map((seed) => {
    const page = painter.newPage(widthPx, heightPx * 2);
    paintText(painter, page, seed, widthPx, heightPx * 2);
    return page;
  });
  const showPage = (n: number) =>
    painter.queuePage(pages[n % pages.length] ?? 0, 0, widthPx, heightPx, 0, 0);
  const quiet = () => until('a repeat', () => frames.at(-1)?.cause === 'repeat', 30_000);
  /** Runs a scene: `paint` for each trial, `everyMs` apart; the frames it made. */
  const scene = async (
    paint: (n: number) => void,
    everyMs: number,
    count = trials,
  ): Promise<Scene> => {
    await quiet();
    const from = frames.length;
    const cpuBefore = process.cpuUsage();
    for (let n = 0; n < count; n++) {
      const startedAt = performance.now();
      paint(n);
      painter.show();
      await watchFor(Math.max(0, everyMs - (performance.now() - startedAt)));
    }
    const { user, system } = process.cpuUsage(cpuBefore);
    const made: FrameCause[] = ['change', 'keyframe'];
    return {
      frames: frames.slice(from).filter(({ cause }) => made.includes(cause)),
      cpuUs: user + system,
    };
  };
  const cpuShareOver = async (ms: number) => {
    const before = process.cpuUsage();
    const startedAt = performance.now();
    await watchFor(ms);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000 / (performance.now() - startedAt);
  };

  showPage(0);
  painter.show();
  stream.setWatched(warm, true);
  const typing = await scene((n) => painter.queueFill(20 + n * 7, 400, 5, 9, 0x2040a0 + n), 60);
  const scroll = await scene((n) => {
    painter.queueScroll(0, 0, widthPx, heightPx, SCROLL_PX);
    const from = (n * SCROLL_PX) % heightPx;
    painter.queuePage(pages[1] ?? 0, from, widthPx, SCROLL_PX, 0, heightPx - SCROLL_PX);
  }, 50);
  const pageFlip = await scene((n) => showPage(n + 1), 150, Math.min(trials, 60));
  await quiet();

  const sustainedMs = 5_000;
  const flipEvery16Ms = async (paint: (n: number) => void) => {
    const cpuBefore = process.cpuUsage();
    const startedAt = performance.now();
    const made = await scene(paint, 16, Math.round(sustainedMs / 16));
    const seconds = (performance.now() - startedAt) / 1000;
    const { user, system } = process.cpuUsage(cpuBefore);
    return {
      framesPerSecond: Math.round((made.frames.length / seconds) * 10) / 10,
      cpuShare: (user + system) / 1e6 / seconds,
      ...summary(made, arrivals),
    };
  };
  const sustainedColour = await flipEvery16Ms((n) =>
    painter.queueFill(0, 0, widthPx, heightPx, (n * 0x3f7f1f) & 0xffffff),
  );
  const sustainedText = await flipEvery16Ms((n) => showPage(n));

  const keyframeUs: number[] = [];
  for (let n = 0; n < 20; n++) {
    await quiet();
    const from = frames.length;
    const askedAtUs = nowUs();
    stream.requestKeyframe(warm);
    const frame = await until('a key frame', () => frames[from]);
    keyframeUs.push((arrivals.get(frame) ?? 0) - askedAtUs);
    if (!frame.keyframe) throw new Error('the next frame is not a key frame');
  }

  await quiet();
  const from = frames.length;
  const idleMs = 10_000;
  const idleWatchedCpuShare = await cpuShareOver(idleMs);
  const idle = frames.slice(from);
  stream.setWatched(warm, false);
  await watchFor(200);
  const unwatchedCpuShare = await cpuShareOver(idleMs);
  await stream.close();
  return {
    size: `${widthPx}x${heightPx}`,
    typing: summary(typing, arrivals),
    scroll48: summary(scroll, arrivals),
    pageFlip: summary(pageFlip, arrivals),
    sustainedColour,
    sustainedText,
    requestToKeyframeUs: spread(keyframeUs),
    idle: {
      framesPerSecond: (idle.length * 1000) / idleMs,
      bitsPerSecond: (idle.reduce((sum, { data }) => sum + data.length * 8, 0) * 1000) / idleMs,
      watchedCpuShare: idleWatchedCpuShare,
      unwatchedCpuShare,
    },
  };
}

const results = [];
for (const [mode, widthPx, heightPx] of [
  ['1280x720', 1280, 720],
  ['1920x1080', 1920, 1080],
] as const) {
  const server = await XDisplay.start(NUMBER, [{ mode, x: 0, y: 0 }]);
  const painter = new XPainter(server.name);
  results.push({ loadAverage: loadavg(), ...(await measure(server, painter, widthPx, heightPx)) });
  painter.close();
  await server.stop();
}
console.log(JSON.stringify({ chroma, target: TARGET, results }, null, 2));
