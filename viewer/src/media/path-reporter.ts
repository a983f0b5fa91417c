// Tells the agent when the way to this viewer is too narrow for what comes: joins what the browser
// counts of all videos that are worked with, and asks PathWatch. Owned by viewer.ts.
import { videoKey, type VideoRef } from '@guruconnect/contract/rendition';
import type { PathReport } from '@guruconnect/contract/signal/path-report';
import { readStats } from './media-stats.ts';
import { PathWatch } from './path-watch.ts';

export type PathReporterOptions = {
  readonly stats: (video: VideoRef) => Promise<RTCStatsReport | undefined>;
  readonly tell: (report: PathReport) => Promise<unknown>;
};

export class PathReporter {
  /** Hears of every frame that is painted. */
  readonly watch = new PathWatch();
  readonly #options: PathReporterOptions;
  #videos = '';

  constructor(options: PathReporterOptions) {
    this.#options = options;
  }

  /** To be called a few times a second, with all that is worked with. Never rejects. */
  async look(videos: readonly VideoRef[]): Promise<void> {
    const key = videos.map(videoKey).join();
    // Other counters; and whoever is given another rendition has another queue.
    if (key !== this.#videos) this.watch.reset();
    this.#videos = key;
    if (videos.length === 0) return;
    try {
      const reports = await Promise.all(videos.map((video) => this.#options.stats(video)));
      if (key !== this.#videos) return;
      const atMs = performance.now();
      const sum = { atMs, bytes: 0, packets: 0, lost: 0 };
      for (const report of reports) {
        const reading = report && readStats(report as ReadonlyMap<string, unknown>, atMs);
        sum.bytes += reading?.bytesReceived ?? 0;
        sum.packets += reading?.packetsReceived ?? 0;
        sum.lost += reading?.packetsLost ?? 0;
      }
      const told = this.watch.onCounters(sum);
      if (told) await this.#options.tell(told);
    } catch {
      // Closed, or signaling is away: the next report says how it is then.
    }
  }
}
