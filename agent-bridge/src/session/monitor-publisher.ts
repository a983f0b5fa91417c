// Keeps what is published in step with the monitors there are: one producer for each, made when it
// appears, withdrawn when it is gone, one step at a time. One for each placement; owned by
// AgentSession.
import { GcError } from '@guruconnect/contract/errors';
import type { Topology } from '@guruconnect/contract/monitor';
import type { Clock } from '../clock.ts';
import type { Logger } from '../logger.ts';

/** What can be published; RtcPeer's OutboundVideo. */
export type PublishedVideo = { close(): void };

export interface MonitorPublisherOptions<Video extends PublishedVideo> {
  readonly topology: () => Topology;
  readonly produce: (monitorId: number) => Promise<Video>;
  readonly withdraw: (monitorId: number) => Promise<void>;
  /** A video was added; nobody watches it yet. */
  readonly onPublished: (monitorId: number, video: Video) => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A refusal that may pass (signaling away, a limit reached for a moment). */
const AGAIN_MS = 2000;

export class MonitorPublisher<Video extends PublishedVideo> {
  readonly #options: MonitorPublisherOptions<Video>;
  readonly #videos = new Map<number, Video>();
  #running: Promise<void> | undefined;
  #again = false;
  #cancelRetry: (() => void) | undefined;
  #closed = false;

  constructor(options: MonitorPublisherOptions<Video>) {
    this.#options = options;
  }

  get videos(): ReadonlyMap<number, Video> {
    return this.#videos;
  }

  /** Resolves when all is in step, or after what failed is to be tried again later. Never rejects. */
  async align(): Promise<void> {
    this.#again = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
    await this.#running;
  }

  /** Nothing is withdrawn: it ends with its placement. Idempotent. */
  close(): void {
    this.#closed = true;
    this.#cancelRetry?.();
    for (const video of this.#videos.values()) video.close();
    this.#videos.clear();
  }

  async #run(): Promise<void> {
    while (this.#again && !this.#closed) {
      this.#again = false;
      this.#cancelRetry?.();
      const wanted = new Set(this.#options.topology().monitors.map(({ monitor_id }) => monitor_id));
      for (const id of [...this.#videos.keys()])
        if (!wanted.has(id)) await this.#step('withdraw', id, () => this.#withdraw(id));
      for (const id of wanted)
        if (!this.#videos.has(id)) await this.#step('publish', id, () => this.#publish(id));
    }
  }

  async #publish(id: number): Promise<void> {
    const video = await this.#options.produce(id);
    if (this.#closed) return video.close();
    this.#videos.set(id, video);
    this.#options.onPublished(id, video);
  }

  async #withdraw(id: number): Promise<void> {
    this.#videos.get(id)?.close();
    this.#videos.delete(id);
    await this.#options.withdraw(id);
  }

  async #step(what: string, monitor_id: number, step: () => Promise<void>): Promise<void> {
    if (this.#closed) return;
    try {
      await step();
    } catch (thrown) {
      if (this.#closed) return;
      const err = GcError.from(thrown);
      const { clock, logger } = this.#options;
      logger.warn({ err, monitor_id }, `could not ${what} a monitor; trying again`);
      this.#cancelRetry ??= clock.after(AGAIN_MS, () => {
        this.#cancelRetry = undefined;
        void this.align();
      });
    }
  }
}
