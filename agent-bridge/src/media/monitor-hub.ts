// Each monitor is captured and encoded once, however many sessions watch it: the hub owns one
// MonitorStream for each, fans its frames out, and adds up what the sessions want. Streams exist while
// there is a session at all; they work while somebody watches. Owned by Agent.
import type { Monitor, Topology } from '@guruconnect/contract/monitor';
import type { Logger } from '../logger.ts';
import { DEFAULT_TARGET, type EncodedFrame, type StreamTarget } from './frame.ts';
import type { InputMark } from './input-mark.ts';
import { MonitorStream, type MonitorStreamOptions } from './monitor-stream.ts';
import type { CaptureSource } from './monitor-worker-messages.ts';

/** Frames smaller than this are not worth looking at (frame-budget.ts): then rather fewer of them. */
const WORTHWHILE_FRAME_BYTES = 3_000;
const LOWEST_MAX_FPS = 5;

/** Pure. The order of sacrifice: frames per second go before quality, and delay never does. */
export function targetFor(bitrateBps: number): StreamTarget {
  const affordableFps = Math.floor(bitrateBps / 8 / WORTHWHILE_FRAME_BYTES);
  return {
    maxBitrateBps: Math.round(bitrateBps),
    maxFps: Math.min(DEFAULT_TARGET.maxFps, Math.max(LOWEST_MAX_FPS, affordableFps)),
  };
}

/** The part of MonitorStream that is used here. */
export type HubStream = Pick<
  MonitorStream,
  'setWatched' | 'requestKeyframe' | 'setTarget' | 'setSource' | 'close'
>;

export interface MonitorHubOptions {
  readonly sourceOf: (monitor: Monitor) => CaptureSource;
  readonly inputMark: InputMark;
  /** Ceiling of one monitor, whatever the paths could carry. */
  readonly maxBitrateBps: number;
  readonly logger: Logger;
  readonly openStream?: (options: MonitorStreamOptions) => HubStream;
}

/** A session, as the hub sees it. */
export interface HubSubscriber {
  /** Called for every frame of the monitors it watches, in order, right as it arrives. */
  readonly onFrame: (monitorId: number, frame: EncodedFrame) => void;
}

export interface HubSubscription {
  /** The complete set; frames of these flow, each beginning with a key frame. */
  setWatched(monitorIds: readonly number[]): void;
  requestKeyframe(monitorId: number): void;
  /** What this session's path carries, for all that it watches together. */
  setPathBps(bps: number): void;
  /** Idempotent; no frame is delivered afterwards. */
  close(): void;
}

interface Member {
  readonly subscriber: HubSubscriber;
  watched: ReadonlySet<number>;
  pathBps: number;
}

interface Feed {
  readonly stream: HubStream;
  source: string;
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
    const member: Member = { subscriber, watched: new Set(), pathBps: Infinity };
    this.#members.add(member);
    this.#alignFeeds();
    return {
      setWatched: (monitorIds) => {
        const added = monitorIds.filter((id) => !member.watched.has(id));
        member.watched = new Set(monitorIds);
        this.#alignWork();
        // Somebody else may be watching it already: then frames flow, and none of them is a beginning.
        for (const id of added) this.#requestKeyframe(id);
      },
      requestKeyframe: (monitorId) => this.#requestKeyframe(monitorId),
      setPathBps: (bps) => {
        member.pathBps = bps;
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
    const { maxBitrateBps, inputMark, logger, openStream } = this.#options;
    const open = openStream ?? ((options: MonitorStreamOptions) => new MonitorStream(options));
    const stream = open({
      source,
      chroma: '420',
      target: targetFor(maxBitrateBps),
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
      watched: false,
      bitrateBps: maxBitrateBps,
      keyframePending: false,
    };
  }

  /** Work follows the union of what is watched; the bitrate what the narrowest path leaves for one. */
  #alignWork(): void {
    for (const [id, feed] of this.#feeds) {
      const watchers = [...this.#members].filter(({ watched }) => watched.has(id));
      const share = Math.min(
        this.#options.maxBitrateBps,
        ...watchers.map(({ pathBps, watched }) => pathBps / watched.size),
      );
      if (watchers.length > 0 && share !== feed.bitrateBps) {
        feed.bitrateBps = share;
        feed.stream.setTarget(targetFor(share));
      }
      if (watchers.length > 0 === feed.watched) continue;
      feed.watched = watchers.length > 0;
      // The stream's own promise: the first frame after this is a key frame.
      feed.keyframePending = feed.watched;
      feed.stream.setWatched(feed.watched);
    }
  }

  #requestKeyframe(id: number): void {
    const feed = this.#feeds.get(id);
    if (!feed?.watched || feed.keyframePending) return;
    feed.keyframePending = true;
    feed.stream.requestKeyframe();
  }

  #deliver(id: number, frame: EncodedFrame): void {
    const feed = this.#feeds.get(id);
    if (feed && frame.keyframe) feed.keyframePending = false;
    for (const { subscriber, watched } of this.#members)
      if (watched.has(id)) subscriber.onFrame(id, frame);
  }
}
