// The media workers of a node, one per slot: started together, replaced when they die, chosen by
// how few sessions they carry. Owned by MediaNode.
import { backoffMs, type BackoffPolicy } from '@guruconnect/contract/base/backoff';
import { GcError } from '@guruconnect/contract/errors';
import type { Config } from './config.ts';
import type { LeakWatch } from './leak-watch.ts';
import type { Logger } from './logger.ts';
import { MediaWorker, type MediaWorkerConfig } from './media-worker.ts';

/** The first try is at once: a picture is waiting. A worker that cannot start is tried ever rarer. */
const REPLACE: BackoffPolicy = { firstMs: 100, maxMs: 15_000, factor: 2.5, jitter: 0.3 };
/** A worker that lived this long died of something new: the back-off starts over. */
const STABLE_MS = 60_000;

export type WorkerPoolOptions = {
  readonly config: MediaWorkerConfig & Pick<Config, 'workers'>;
  readonly leakWatch: LeakWatch;
  readonly logger: Logger;
};

type Slot = {
  readonly index: number;
  worker: MediaWorker | undefined;
  startedAtMs: number;
  /** Deaths and failed starts in a row. */
  failures: number;
  timer: NodeJS.Timeout | undefined;
};

export class WorkerPool {
  /** Set by the owner: the sessions of that worker are gone; its replacement is on its way. */
  onWorkerDied: (worker: MediaWorker) => void = () => {};

  readonly #options: WorkerPoolOptions;
  readonly #slots: Slot[];
  #deaths = 0;
  #closed = false;
  /** Replacements under way: close waits for them, or a worker would outlive its pool. */
  readonly #starting = new Set<Promise<void>>();

  private constructor(options: WorkerPoolOptions) {
    this.#options = options;
    this.#slots = Array.from({ length: options.config.workers }, (_, index) => ({
      index,
      worker: undefined,
      startedAtMs: 0,
      failures: 0,
      timer: undefined,
    }));
  }

  /** All workers run, or none does. @throws what the first of them to fail threw. */
  static async start(options: WorkerPoolOptions): Promise<WorkerPool> {
    const pool = new WorkerPool(options);
    const started = await Promise.allSettled(pool.#slots.map((slot) => pool.#start(slot)));
    const failed = started.find((outcome) => outcome.status === 'rejected');
    if (failed) {
      await pool.close();
      throw failed.reason;
    }
    return pool;
  }

  /** Those that run now. */
  get workers(): readonly MediaWorker[] {
    return this.#slots.flatMap(({ worker }) => (worker?.alive ? [worker] : []));
  }

  /** Unexpected ends since the start of the node. */
  get deaths(): number {
    return this.#deaths;
  }

  /** @throws GcError `media_failed` while all of them are being replaced. */
  leastBusy(): MediaWorker {
    const chosen = leastBusy(this.workers);
    if (!chosen) throw new GcError('media_failed', 'no media worker runs at the moment');
    return chosen;
  }

  /** Ends when no worker process is left; idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const slot of this.#slots) clearTimeout(slot.timer);
    await Promise.all(this.#starting);
    await Promise.all(this.#slots.map(({ worker }) => worker?.close()));
  }

  async #start(slot: Slot): Promise<void> {
    const { config, leakWatch, logger } = this.#options;
    const worker = await MediaWorker.start({
      index: slot.index,
      config,
      leakWatch,
      logger,
      onDied: () => this.#died(slot, worker),
    });
    slot.worker = worker;
    slot.startedAtMs = performance.now();
    logger.info({ worker_index: slot.index, worker_pid: worker.pid }, 'media worker started');
  }

  #died(slot: Slot, worker: MediaWorker): void {
    if (this.#closed) return;
    this.#deaths += 1;
    slot.worker = undefined;
    if (performance.now() - slot.startedAtMs > STABLE_MS) slot.failures = 0;
    this.#options.logger.error(
      { worker_index: slot.index, worker_pid: worker.pid, sessions: worker.sessions.size },
      'media worker died',
    );
    this.onWorkerDied(worker);
    this.#replaceLater(slot);
  }

  #replaceLater(slot: Slot): void {
    const delayMs = slot.failures === 0 ? 0 : backoffMs(slot.failures - 1, REPLACE);
    slot.failures += 1;
    slot.timer = setTimeout(() => {
      const starting = this.#start(slot).catch((error: unknown) => {
        this.#options.logger.error(
          { worker_index: slot.index, err: error },
          'media worker could not be replaced',
        );
        if (!this.#closed) this.#replaceLater(slot);
      });
      this.#starting.add(starting);
      void starting.finally(() => this.#starting.delete(starting));
    }, delayMs);
  }
}

/** Fewest sessions first; among equals the one that works least. Pure. */
export function leastBusy<W extends { sessions: { size: number }; cpu: number }>(
  workers: readonly W[],
): W | undefined {
  return workers.reduce<W | undefined>((best, worker) => {
    if (!best) return worker;
    const fewer = worker.sessions.size - best.sessions.size || worker.cpu - best.cpu;
    return fewer < 0 ? worker : best;
  }, undefined);
}
