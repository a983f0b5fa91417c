// Keeps what is published in step with the monitors there are: a producer for each rendition, made
// when the monitor appears, withdrawn when it is gone, one step at a time. One for each placement;
// owned by Placement.
import { GcError } from '@guruconnect/contract/errors';
import type { Topology } from '@guruconnect/contract/monitor';
import { videoKey, type Rendition, type VideoRef } from '@guruconnect/contract/rendition';
import type { Clock } from '../clock.ts';
import type { Logger } from '../logger.ts';

/** What can be published; RtcPeer's OutboundVideo. */
export type PublishedVideo = { close(): void };

export interface MonitorPublisherOptions<Video extends PublishedVideo> {
  readonly topology: () => Topology;
  /** In this order, each of all monitors before the next. */
  readonly renditions: readonly Rendition[];
  readonly produce: (video: VideoRef) => Promise<Video>;
  readonly withdraw: (monitorId: number) => Promise<void>;
  /** A video was added; nobody watches it yet. */
  readonly onPublished: () => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A refusal that may pass (signaling away, a limit reached for a moment). */
const AGAIN_MS = 2000;

export class MonitorPublisher<Video extends PublishedVideo> {
  readonly #options: MonitorPublisherOptions<Video>;
  /** By `videoKey`. */
  readonly #videos = new Map<string, Video>();
  readonly #published = new Map<string, VideoRef>();
  #running: Promise<void> | undefined;
  #again = false;
  #cancelRetry: (() => void) | undefined;
  #closed = false;

  constructor(options: MonitorPublisherOptions<Video>) {
    this.#options = options;
  }

  /** What to send on; by `videoKey`. */
  get videos(): ReadonlyMap<string, Video> {
    return this.#videos;
  }

  /** Is every monitor there is published in these renditions? */
  hasAll(renditions: readonly Rendition[]): boolean {
    return this.#wanted(renditions).every((video) => this.#videos.has(videoKey(video)));
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
    this.#published.clear();
  }

  async #run(): Promise<void> {
    while (this.#again && !this.#closed) {
      this.#again = false;
      this.#cancelRetry?.();
      const wanted = this.#wanted(this.#options.renditions);
      const there = new Set(wanted.map(({ monitor_id }) => monitor_id));
      const published = new Set([...this.#published.values()].map((video) => video.monitor_id));
      for (const id of published)
        if (!there.has(id)) await this.#step('withdraw', id, () => this.#withdraw(id));
      for (const video of wanted) {
        if (this.#again) break;
        if (!this.#videos.has(videoKey(video)))
          await this.#step('publish', video.monitor_id, () => this.#publish(video));
      }
    }
  }

  #wanted(renditions: readonly Rendition[]): VideoRef[] {
    const { monitors } = this.#options.topology();
    return renditions.flatMap((rendition) =>
      monitors.map(({ monitor_id }) => ({ monitor_id, rendition })),
    );
  }

  async #publish(ref: VideoRef): Promise<void> {
    const video = await this.#options.produce(ref);
    if (this.#closed) return video.close();
    this.#videos.set(videoKey(ref), video);
    this.#published.set(videoKey(ref), ref);
    this.#options.onPublished();
  }

  async #withdraw(monitorId: number): Promise<void> {
    for (const [key, { monitor_id }] of this.#published) {
      if (monitor_id !== monitorId) continue;
      this.#videos.get(key)?.close();
      this.#videos.delete(key);
      this.#published.delete(key);
    }
    await this.#options.withdraw(monitorId);
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
