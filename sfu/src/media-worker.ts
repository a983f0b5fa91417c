// One mediasoup worker process with its WebRtcServer: started, watched for death and for hanging,
// measured, stopped for certain. Owned by WorkerPool.
import { createWorker, type types } from 'mediasoup';
import type { SessionId } from '@guruconnect/contract/ids';
import type { Config } from './config.ts';
import type { LeakWatch } from './leak-watch.ts';
import type { Logger } from './logger.ts';
import { listenInfos } from './transport-options.ts';

/** How often a worker is asked for its CPU time, which is also the proof that it lives. */
const BEAT_MS = 1000;
/**
 * Beats without an answer after which a worker is taken for hanging and killed. Counted in beats,
 * not in time: when this process itself was stopped for a while, the answer is waiting and is read
 * before the next beat.
 */
const MISSED_BEATS = 4;
/** How long a worker may take to exit by itself before it is killed. */
const EXIT_MS = 1000;

export type MediaWorkerConfig = Pick<
  Config,
  'rtcHost' | 'rtcPort' | 'rtcAnnouncedAddress' | 'workerBin'
>;

export type MediaWorkerOptions = {
  readonly index: number;
  readonly config: MediaWorkerConfig;
  readonly leakWatch: LeakWatch;
  readonly logger: Logger;
  /** Called once when the process ended without being asked to. */
  readonly onDied: () => void;
};

export class MediaWorker {
  readonly index: number;
  readonly worker: types.Worker;
  readonly webRtcServer: types.WebRtcServer;
  /** Sessions placed on it; kept by MediaNode. */
  readonly sessions = new Set<SessionId>();

  readonly #logger: Logger;
  readonly #beat: NodeJS.Timeout;
  #missedBeats = 0;
  #cpu = 0;
  #lastUsage: { readonly cpuMs: number; readonly atMs: number } | undefined;

  private constructor(
    options: MediaWorkerOptions,
    worker: types.Worker,
    webRtcServer: types.WebRtcServer,
  ) {
    this.index = options.index;
    this.worker = worker;
    this.webRtcServer = webRtcServer;
    this.#logger = options.logger;
    this.#beat = setInterval(() => this.#checkBeat(), BEAT_MS);
    worker.once('died', () => {
      clearInterval(this.#beat);
      options.onDied();
    });
  }

  /** @throws what mediasoup throws: no such binary, port in use, address not on this machine. */
  static async start(options: MediaWorkerOptions): Promise<MediaWorker> {
    const { config, index } = options;
    const worker = await withoutSignalHandlers(() =>
      createWorker({
        logLevel: 'warn',
        ...(config.workerBin === undefined ? {} : { workerBin: config.workerBin }),
      }),
    );
    options.leakWatch.follow(worker);
    try {
      const webRtcServer = await worker.createWebRtcServer({
        listenInfos: listenInfos(config, index),
      });
      if (worker.closed) throw new Error('the worker died while it was starting');
      return new MediaWorker(options, worker, webRtcServer);
    } catch (error) {
      await stop(worker);
      throw error;
    }
  }

  get pid(): number {
    return this.worker.pid;
  }

  get alive(): boolean {
    return !this.worker.closed;
  }

  /** Share of one core used between the last two beats, 0..1. */
  get cpu(): number {
    return this.#cpu;
  }

  /** Ends when the process is gone; idempotent. */
  async close(): Promise<void> {
    clearInterval(this.#beat);
    await stop(this.worker);
  }

  #checkBeat(): void {
    if (this.#missedBeats >= MISSED_BEATS) {
      this.#logger.error({ worker_pid: this.pid }, 'media worker hangs: killing it');
      kill(this.pid);
      return;
    }
    this.#missedBeats += 1;
    void this.worker.getResourceUsage().then(
      ({ ru_utime, ru_stime }) => {
        this.#missedBeats = 0;
        this.#measure(ru_utime + ru_stime);
      },
      () => {
        // it died or was closed; both are handled where they happen
      },
    );
  }

  #measure(cpuMs: number): void {
    const atMs = performance.now();
    const last = this.#lastUsage;
    this.#lastUsage = { cpuMs, atMs };
    if (last && atMs > last.atMs)
      this.#cpu = Math.max(0, (cpuMs - last.cpuMs) / (atMs - last.atMs));
  }
}

/**
 * mediasoup closes its workers by itself on SIGTERM and SIGINT. Stopping is the order of MediaNode
 * (tell signaling, then close; later: drain first), so those listeners are taken off again.
 */
async function withoutSignalHandlers<T>(start: () => Promise<T>): Promise<T> {
  const signals = ['SIGINT', 'SIGTERM'] as const;
  const before = signals.map((signal) => new Set(process.rawListeners(signal)));
  // The worker's constructor, which adds them, runs before createWorker first waits.
  const started = start();
  signals.forEach((signal, i) => {
    for (const listener of process.rawListeners(signal))
      if (!before[i]?.has(listener)) process.off(signal, listener as NodeJS.SignalsListener);
  });
  return await started;
}

async function stop(worker: types.Worker): Promise<void> {
  const exited = new Promise<void>((resolve) => {
    if (worker.subprocessClosed) resolve();
    else worker.once('subprocessclose', resolve);
  });
  worker.close();
  const killer = setTimeout(() => kill(worker.pid), EXIT_MS);
  await exited;
  clearTimeout(killer);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // ESRCH: it has exited by itself in the meantime
  }
}
