// How much each video may take on the viewers' ways from the media node: the fastest viewer of a video
// sets it, as it is encoded once for all. Owned by AgentSession; a way ends with its placement.
import type { ViewerId } from '@guruconnect/contract/ids';
import { videoKey, type VideoRef } from '@guruconnect/contract/rendition';
import type { PathReport } from '@guruconnect/contract/signal/path-report';
import type { Clock } from '../clock.ts';
import { ReceivedRate } from '../congestion/received-rate.ts';
import { ViewerPath } from '../congestion/viewer-path.ts';
import { shareOf } from '../media/monitor-hub.ts';

export interface ViewerPathsOptions {
  readonly clock: Clock;
  readonly minBps: number;
  /** A way that carries this is no limit. */
  readonly maxBps: number;
  /** The agent's own hop. */
  readonly own: () => { readonly queueMs: number; readonly lossRatio: number };
  /** Frames of these were lost for good. */
  readonly onKeyframeNeeded: (video: VideoRef) => void;
  /** The complete set of limits by `videoKey`; one that is not in it has none. */
  readonly onLimits: (limits: ReadonlyMap<string, number>) => void;
}

/** A change smaller than this is not worth an order to the encoders. */
const WORTH_TELLING = 0.03;

interface Watcher {
  readonly path: ViewerPath;
  videos: readonly VideoRef[];
  sent: ReceivedRate;
}

export class ViewerPaths {
  readonly #options: ViewerPathsOptions;
  readonly #watchers = new Map<ViewerId, Watcher>();
  #told: ReadonlyMap<string, number> = new Map();

  constructor(options: ViewerPathsOptions) {
    this.#options = options;
  }

  /** The complete set of who watches what; a viewer that is not in it watches nothing. */
  watch(
    viewers: readonly { readonly viewer_id: ViewerId; readonly videos: readonly VideoRef[] }[],
  ): void {
    const there = new Set(viewers.map(({ viewer_id }) => viewer_id));
    for (const id of this.#watchers.keys()) if (!there.has(id)) this.#watchers.delete(id);
    for (const { viewer_id, videos } of viewers) {
      const known = this.#watchers.get(viewer_id);
      if (known) known.videos = videos;
      else
        this.#watchers.set(viewer_id, {
          path: new ViewerPath(this.#options.minBps),
          videos,
          sent: new ReceivedRate(),
        });
    }
    this.#tell();
  }

  /** A viewer that watches nothing has nothing to complain of. */
  report(viewerId: ViewerId, report: PathReport): void {
    const watcher = this.#watchers.get(viewerId);
    if (!watcher) return;
    const nowMs = this.#options.clock.nowMs();
    watcher.sent.advance(nowMs);
    const { onKeyframeNeeded, own } = this.#options;
    const broken = watcher.path.onReport(report, watcher.sent.bps ?? 0, own(), nowMs);
    this.#tell();
    // After the limit, which it has to keep.
    if (broken) for (const video of watcher.videos) onKeyframeNeeded(video);
  }

  /** A frame left. */
  sent(video: VideoRef, bytes: number): void {
    const { clock, maxBps } = this.#options;
    const nowMs = clock.nowMs();
    const key = videoKey(video);
    for (const { path, videos, sent } of this.#watchers.values()) {
      if (!videos.some((each) => videoKey(each) === key)) continue;
      sent.add(nowMs, bytes);
      path.grow(sent.bps ?? 0, maxBps, nowMs);
    }
    this.#tell();
  }

  #tell(): void {
    const limits = this.#limits();
    const same =
      limits.size === this.#told.size &&
      [...limits].every(
        ([id, bps]) =>
          Math.abs(bps - (this.#told.get(id) ?? Infinity)) <=
          WORTH_TELLING * (this.#told.get(id) ?? 0),
      );
    if (same) return;
    this.#told = limits;
    this.#options.onLimits(limits);
  }

  #limits(): Map<string, number> {
    const fastest = new Map<string, number>();
    for (const { path, videos } of this.#watchers.values())
      for (const video of videos) {
        const key = videoKey(video);
        fastest.set(key, Math.max(fastest.get(key) ?? 0, shareOfWay(path.limitBps, video, videos)));
      }
    for (const [key, bps] of fastest) if (bps === Infinity) fastest.delete(key);
    return fastest;
  }
}

/** As the agent's own path is shared out (monitor-hub.ts). */
const shareOfWay = (limitBps: number, { rendition }: VideoRef, all: readonly VideoRef[]): number =>
  limitBps === Infinity
    ? Infinity
    : shareOf(
        rendition,
        all.map((each) => each.rendition),
        limitBps,
      );
