// One monitor's video as the rest of the agent sees it: orders in, encoded frames out. Owns the thread
// that does the work (monitor-worker.ts) and starts another one when it fails.
import { Worker } from 'node:worker_threads';
import type { Rendition } from '@guruconnect/contract/rendition';
import { backoffMs, type BackoffPolicy } from '@guruconnect/contract/base/backoff';
import type { EncoderName } from './encoder-choice.ts';
import type { EncodedFrame, StreamTarget } from './frame.ts';
import type { InputMark } from './input-mark.ts';
import type {
  CaptureSource,
  FromMonitorWorker,
  MonitorWorkerStart,
  ToMonitorWorker,
} from './monitor-worker-messages.ts';

/** A screen that comes back (a driver reset, a new login) should be seen soon. */
const RESTART: BackoffPolicy = { firstMs: 100, maxMs: 5_000, factor: 2, jitter: 0.2 };
/** A thread that lived so long had no fault of its own: the next restart is quick again. */
const STEADY_AFTER_MS = 10_000;
const CLOSE_DEADLINE_MS = 2_000;

export type MonitorStreamState =
  | { readonly name: 'starting' }
  | { readonly name: 'running' }
  /** `code`: an XErrorCode, or `capture_failed`, `worker_crashed`. Another try comes by itself. */
  | {
      readonly name: 'failed';
      readonly code: string;
      readonly message: string;
      readonly retryInMs: number;
    }
  | { readonly name: 'closed' };

export interface MonitorStreamOptions {
  readonly source: CaptureSource;
  /** The rendition that is open before anybody watches. */
  readonly warm: Rendition;
  /** What the policy allows, see encoder-choice.ts. */
  readonly encoders: readonly EncoderName[];
  readonly targets: Readonly<Record<Rendition, StreamTarget>>;
  /** One for the whole agent: whoever injects writes it. */
  readonly inputMark: InputMark;
  /** Called for every frame of every rendition, in order, as it arrives from the monitor's thread. */
  readonly onFrame: (frame: EncodedFrame) => void;
  readonly onState?: (state: MonitorStreamState) => void;
  /** Another program for the thread; for tests of what happens when it fails. */
  readonly workerUrl?: URL;
}

/**
 * Created when its monitor appears, closed when that is gone. At the start nobody watches: screen and
 * one encoder are open and warm, nothing is captured. All orders may come at any time, in any state.
 */
export class MonitorStream {
  readonly #options: MonitorStreamOptions;
  #source: CaptureSource;
  readonly #targets: Record<Rendition, StreamTarget>;
  readonly #watched = new Set<Rendition>();
  #worker: Worker | undefined;
  #startedAtMs = 0;
  #failures = 0;
  #restartTimer: NodeJS.Timeout | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: MonitorStreamOptions) {
    this.#options = options;
    this.#source = options.source;
    this.#targets = { ...options.targets };
    this.#startWorker();
  }

  /** Watched: frames flow, the first is a key frame. Not watched: no frames and no work at all. */
  setWatched(rendition: Rendition, watched: boolean): void {
    if (watched) this.#watched.add(rendition);
    else this.#watched.delete(rendition);
    this.#tell({ type: 'watch', rendition, watched });
  }

  /** The next frame is a key frame and comes at once, whether or not anything changed. */
  requestKeyframe(rendition: Rendition): void {
    this.#tell({ type: 'keyframe', rendition });
  }

  setTarget(rendition: Rendition, target: StreamTarget): void {
    this.#targets[rendition] = target;
    this.#tell({ type: 'target', rendition, target });
  }

  /** The monitor was moved or has another size: the next frame is a key frame of the new area. */
  setSource(source: CaptureSource): void {
    this.#source = source;
    if (this.#worker) return this.#tell({ type: 'source', source });
    // the last try may have failed just because the monitor was not there any more
    clearTimeout(this.#restartTimer);
    this.#failures = 0;
    if (!this.#closing) this.#startWorker();
  }

  /** Idempotent; resolves when the thread has ended. No frame is delivered after the call. */
  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  #startWorker(): void {
    const start: MonitorWorkerStart = {
      source: this.#source,
      warm: this.#options.warm,
      encoders: this.#options.encoders,
      targets: this.#targets,
      watched: [...this.#watched],
      inputMark: this.#options.inputMark.buffer,
    };
    const url = this.#options.workerUrl ?? new URL('./monitor-worker.ts', import.meta.url);
    const worker = new Worker(url, { workerData: start, name: 'monitor' });
    this.#worker = worker;
    this.#startedAtMs = performance.now();
    this.#report({ name: 'starting' });
    worker.on('message', (message: FromMonitorWorker) => this.#hear(worker, message));
    worker.on('error', (error) => this.#lose(worker, 'worker_crashed', String(error)));
    worker.on('exit', (code) => this.#lose(worker, 'worker_crashed', `thread ended with ${code}`));
  }

  #hear(worker: Worker, message: FromMonitorWorker): void {
    if (worker !== this.#worker || this.#closing) return;
    if (message.type === 'frame') this.#options.onFrame(message.frame);
    else if (message.type === 'ready') this.#report({ name: 'running' });
    else this.#lose(worker, message.code, message.message);
  }

  /** Error and exit both come for one crash: the first takes the worker away, the second finds none. */
  #lose(worker: Worker, code: string, message: string): void {
    if (worker !== this.#worker || this.#closing) return;
    this.#worker = undefined;
    if (performance.now() - this.#startedAtMs > STEADY_AFTER_MS) this.#failures = 0;
    const retryInMs = backoffMs(this.#failures++, RESTART);
    this.#restartTimer = setTimeout(() => this.#startWorker(), retryInMs);
    this.#report({ name: 'failed', code, message, retryInMs });
  }

  async #end(): Promise<void> {
    clearTimeout(this.#restartTimer);
    const worker = this.#worker;
    if (worker) {
      const ended = new Promise((resolve) => worker.once('exit', resolve));
      const deadline = setTimeout(() => void worker.terminate(), CLOSE_DEADLINE_MS);
      this.#tell({ type: 'close' });
      await ended;
      clearTimeout(deadline);
      this.#worker = undefined;
    }
    this.#report({ name: 'closed' });
  }

  #tell(message: ToMonitorWorker): void {
    this.#worker?.postMessage(message);
  }

  #report(state: MonitorStreamState): void {
    this.#options.onState?.(state);
  }
}
