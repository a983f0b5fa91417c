// Each rendition of a monitor is encoded once, however many sessions watch it: the hub owns one
// MonitorStream for each monitor, fans its frames out, and adds up what the sessions want. Streams
// exist while there is a session at all; they work while somebody watches. Owned by Agent.
import type { Monitor, Topology } from '@guruconnect/contract/monitor';
import {
  RENDITION_NAMES,
  renditionTraits,
  videoKey,
  type Rendition,
  type VideoRef,
} from '@guruconnect/contract/rendition';
import type { Logger } from '../logger.ts';
import type { EncoderName } from './encoder-choice.ts';
import type { EncodedFrame, StreamTarget } from './frame.ts';
import type { InputMark } from './input-mark.ts';
import { MonitorStream, type MonitorStreamOptions } from './monitor-stream.ts';
import type { CaptureSource } from './monitor-worker-messages.ts';

/** Frames smaller than this are not worth looking at (frame-budget.ts): then rather fewer of them. */
const WORTHWHILE_FRAME_BYTES = 3_000;
const LOWEST_MAX_FPS = 5;

/** Pure. The order of sacrifice: frames per second go before quality, and delay never does. */
export function targetFor(rendition: Rendition, bitrateBps: number): StreamTarget {
  const { maxFps, maxBitrateBps = Infinity } = renditionTraits(rendition);
  const affordableFps = Math.floor(bitrateBps / 8 / WORTHWHILE_FRAME_BYTES);
  return {
    maxBitrateBps: Math.round(Math.min(bitrateBps, maxBitrateBps)),
    maxFps: Math.min(maxFps, Math.max(LOWEST_MAX_FPS, affordableFps)),
  };
}

/** What the small renditions take at most of a path that they share with others. */
const CAPPED_SHARE = 0.5;

/**
 * Pure. What a path leaves for one rendition of all that is watched over it: those with a ceiling of
 * their own (thumbnails) need no equal share, the others divide the rest.
 */
export function shareOf(rendition: Rendition, watched: readonly Rendition[], pathBps: number) {
  const ceilings = watched.flatMap((each) => renditionTraits(each).maxBitrateBps ?? []);
  const others = watched.length - ceilings.length;
  const wanted = ceilings.reduce((sum, bps) => sum + bps, 0);
  const forCapped = others === 0 ? pathBps : Math.min(wanted, pathBps * CAPPED_SHARE);
  const ceiling = renditionTraits(rendition).maxBitrateBps;
  if (ceiling === undefined) return (pathBps - forCapped) / Math.max(1, others);
  return Math.min(ceiling, (forCapped * ceiling) / wanted);
}

/** The part of MonitorStream that is used here. */
export type HubStream = Pick<
  MonitorStream,
  'setWatched' | 'requestKeyframe' | 'setTarget' | 'setSource' | 'close'
>;

export interface MonitorHubOptions {
  readonly sourceOf: (monitor: Monitor) => CaptureSource;
  readonly inputMark: InputMark;
  /** The one that most viewers will want first; it is kept open. */
  readonly warm: Rendition;
  readonly encoders: readonly EncoderName[];
  /** Ceiling of one rendition, whatever the paths could carry. */
  readonly maxBitrateBps: number;
  readonly logger: Logger;
  readonly openStream?: (options: MonitorStreamOptions) => HubStream;
}

/** A session, as the hub sees it. */
export interface HubSubscriber {
  /** Called for every frame of the renditions it watches, in order, right as it arrives. */
  readonly onFrame: (monitorId: number, frame: EncodedFrame) => void;
}

export interface HubSubscription {
  /** The complete set; frames of these flow, each beginning with a key frame. */
  setWatched(videos: readonly VideoRef[]): void;
  requestKeyframe(video: VideoRef): void;
  /** What this session's path carries, for all that it watches together. */
  setPathBps(bps: number): void;
  /** What its viewers' ways carry of each video, by `videoKey`; one that is not in it is not limited. */
  setLimits(limits: ReadonlyMap<string, number>): void;
  /** Idempotent; no frame is delivered afterwards. */
  close(): void;
}

interface Member {
  readonly subscriber: HubSubscriber;
  /** By `videoKey`. */
  watched: ReadonlyMap<string, VideoRef>;
  pathBps: number;
  limits: ReadonlyMap<string, number>;
}

interface Feed {
  readonly stream: HubStream;
  readonly renditions: ReadonlyMap<Rendition, RenditionFeed>;
  source: string;
}

interface RenditionFeed {
  watched: boolean;
  bitrateBps: number;
  /** Asked for and not seen yet: a second request would only make a second large frame. */
  keyframePending: boolean;
}

export class MonitorHub {
  readonly #options: MonitorHubOptions;
  readonly #members = new Set<Member>();
  readonly #feeds = new Map<number, Feed>();
  #monitors: readonly Monitor[];

  constructor(topology: Topology, options: MonitorHubOptions) {
    this.#options = options;
    this.#monitors = topology.monitors;
  }

  setTopology(topology: Topology): void {
    this.#monitors = topology.monitors;
    this.#alignFeeds();
  }

  subscribe(subscriber: HubSubscriber): HubSubscription {
    const member: Member = {
      subscriber,
      watched: new Map(),
      pathBps: Infinity,
      limits: new Map(),
    };
    this.#members.add(member);
    this.#alignFeeds();
    return {
      setWatched: (videos) => {
        const added = videos.filter((video) => !member.watched.has(videoKey(video)));
        member.watched = new Map(videos.map((video) => [videoKey(video), video]));
        this.#alignWork();
        // Somebody else may be watching it already: then frames flow, and none of them is a beginning.
        for (const video of added) this.#requestKeyframe(video);
      },
      requestKeyframe: (video) => this.#requestKeyframe(video),
      setPathBps: (bps) => {
        member.pathBps = bps;
        this.#alignWork();
      },
      setLimits: (limits) => {
        member.limits = limits;
        this.#alignWork();
      },
      close: () => {
        if (this.#members.delete(member)) this.#alignFeeds();
      },
    };
  }

  /** Resolves when every thread has ended. Idempotent. */
  async close(): Promise<void> {
    this.#members.clear();
    const closing = [...this.#feeds.values()].map(({ stream }) => stream.close());
    this.#feeds.clear();
    await Promise.all(closing);
  }

  /** One stream for each monitor while there is a session; it follows its monitor's place and size. */
  #alignFeeds(): void {
    const wanted = new Map(
      this.#members.size === 0 ? [] : this.#monitors.map((one) => [one.monitor_id, one] as const),
    );
    for (const [id, feed] of this.#feeds) {
      if (wanted.has(id)) continue;
      this.#feeds.delete(id);
      void feed.stream.close();
    }
    for (const [id, monitor] of wanted) {
      const source = this.#options.sourceOf(monitor);
      const known = this.#feeds.get(id);
      if (!known) this.#feeds.set(id, this.#openFeed(id, source));
      else if (known.source !== JSON.stringify(source)) {
        known.source = JSON.stringify(source);
        known.stream.setSource(source);
      }
    }
    this.#alignWork();
  }

  #openFeed(id: number, source: CaptureSource): Feed {
    const { encoders, maxBitrateBps, inputMark, logger, openStream, warm } = this.#options;
    const open = openStream ?? ((options: MonitorStreamOptions) => new MonitorStream(options));
    const stream = open({
      source,
      warm,
      encoders,
      targets: Object.fromEntries(
        RENDITION_NAMES.map((name) => [name, targetFor(name, maxBitrateBps)]),
      ) as Record<Rendition, StreamTarget>,
      inputMark,
      onFrame: (frame) => this.#deliver(id, frame),
      onState: (state) => {
        if (state.name === 'failed')
          logger.warn(
            { monitor_id: id, code: state.code, retry_in_ms: state.retryInMs },
            state.message,
          );
        else logger.debug({ monitor_id: id, state: state.name }, 'monitor stream');
      },
    });
    return {
      stream,
      source: JSON.stringify(source),
      renditions: new Map(
        RENDITION_NAMES.map((name) => [
          name,
          { watched: false, bitrateBps: maxBitrateBps, keyframePending: false },
        ]),
      ),
    };
  }

  /** Work follows the union of what is watched; the bitrate what the narrowest path leaves for it. */
  #alignWork(): void {
    for (const [monitor_id, { stream, renditions }] of this.#feeds)
      for (const [rendition, feed] of renditions)
        this.#alignRendition({ monitor_id, rendition }, stream, feed);
  }

  #alignRendition(video: VideoRef, stream: HubStream, feed: RenditionFeed): void {
    const { rendition } = video;
    const key = videoKey(video);
    const watchers = [...this.#members].filter(({ watched }) => watched.has(key));
    const share = Math.min(
      this.#options.maxBitrateBps,
      ...watchers.map(({ limits, pathBps, watched }) => {
        const renditions = [...watched.values()].map((each) => each.rendition);
        return Math.min(shareOf(rendition, renditions, pathBps), limits.get(key) ?? Infinity);
      }),
    );
    if (watchers.length > 0 && share !== feed.bitrateBps) {
      feed.bitrateBps = share;
      stream.setTarget(rendition, targetFor(rendition, share));
    }
    if (watchers.length > 0 === feed.watched) return;
    feed.watched = watchers.length > 0;
    // The stream's own promise: the first frame after this is a key frame.
    feed.keyframePending = feed.watched;
    stream.setWatched(rendition, feed.watched);
  }

  #requestKeyframe({ monitor_id, rendition }: VideoRef): void {
    const { stream, renditions } = this.#feeds.get(monitor_id) ?? {};
    const feed = renditions?.get(rendition);
    if (!feed?.watched || feed.keyframePending) return;
    feed.keyframePending = true;
    stream?.requestKeyframe(rendition);
  }

  #deliver(monitor_id: number, frame: EncodedFrame): void {
    const { rendition, keyframe } = frame;
    const feed = this.#feeds.get(monitor_id)?.renditions.get(rendition);
    if (feed && keyframe) feed.keyframePending = false;
    const key = videoKey({ monitor_id, rendition });
    for (const { subscriber, watched } of this.#members)
      if (watched.has(key)) subscriber.onFrame(monitor_id, frame);
  }
}
