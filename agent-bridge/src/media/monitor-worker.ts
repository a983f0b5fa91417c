// The thread of one monitor: its own connection to the screen, its own encoders, so that neither delays
// another monitor, the network or input. Started and watched over by monitor-stream.ts.
//
// It waits in its own event loop and makes only synchronous native calls: it takes no thread of the
// libuv pool. libx264 and swscale keep threads of their own while the encoder is open.
import { parentPort, workerData } from 'node:worker_threads';
import type { Rendition } from '@guruconnect/contract/rendition';
import type { ScreenCapture } from './capture.ts';
import { TestPatternCapture } from './capture.test-pattern.ts';
import { X11ScreenCapture } from './capture.x11.ts';
import { InputMark } from './input-mark.ts';
import type {
  CaptureSource,
  FromMonitorWorker,
  MonitorWorkerStart,
  ToMonitorWorker,
} from './monitor-worker-messages.ts';
import { MonitorPipeline } from './monitor-pipeline.ts';

if (!parentPort) throw new Error('monitor-worker.ts is started by monitor-stream.ts as a thread');
const owner = parentPort;
const start = workerData as MonitorWorkerStart;
const inputMark = new InputMark(start.inputMark);
const targets = { ...start.targets };
const watched = new Set<Rendition>(start.watched);
let pipeline: MonitorPipeline | undefined;

function tell(message: FromMonitorWorker, transfer: ArrayBuffer[] = []): void {
  owner.postMessage(message, transfer);
}

function openCapture(source: CaptureSource): ScreenCapture {
  if (source.kind === 'test-pattern') return new TestPatternCapture(source);
  return X11ScreenCapture.open({ ...source, onLost: fail });
}

function open(source: CaptureSource): void {
  pipeline?.close();
  pipeline = new MonitorPipeline({
    capture: openCapture(source),
    warm: start.warm,
    encoders: start.encoders,
    targets,
    inputMark,
    onFrame: (frame) => tell({ type: 'frame', frame }, [frame.data.buffer]),
    onFailed: fail,
  });
  tell({ type: 'ready' });
  for (const rendition of watched) pipeline.setWatched(rendition, true);
}

/** Ends the thread with a named reason; the owner decides about another one. */
function fail(error: unknown): void {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'capture_failed';
  tell({ type: 'failed', code, message: error instanceof Error ? error.message : String(error) });
  end();
}

function end(): void {
  pipeline?.close();
  owner.close();
}

function handle(message: ToMonitorWorker): void {
  switch (message.type) {
    case 'watch':
      if (message.watched) watched.add(message.rendition);
      else watched.delete(message.rendition);
      return pipeline?.setWatched(message.rendition, message.watched);
    case 'keyframe':
      return pipeline?.requestKeyframe(message.rendition);
    case 'target':
      targets[message.rendition] = message.target;
      return pipeline?.setTarget(message.rendition, message.target);
    case 'source':
      return open(message.source);
    case 'close':
      return end();
  }
}

// an uncaught error ends the thread but not the process: give native memory and the X connection back
process.once('exit', () => pipeline?.close());

owner.on('message', (message: ToMonitorWorker) => {
  try {
    handle(message);
  } catch (error) {
    fail(error);
  }
});
try {
  open(start.source);
} catch (error) {
  fail(error);
}
