// Which of the received renditions is which: of each monitor one is worked with (the full one, or the
// reduced one when signaling prefers that for this viewer's link), and one is its thumbnail. Says when
// the one to work with changes; knows tracks only as things to hand on. Owned by viewer.ts.
import { videoKey, type Rendition, type VideoRef } from '@guruconnect/contract/rendition';

export type ReceivedVideosOptions<Track> = {
  /** The video to work with of this monitor is this one from now on. */
  readonly onWorking: (monitorId: number, track: Track) => void;
  /** It is about to end, and there is no other. */
  readonly onWorkingEnding: (monitorId: number) => void;
  /** Undefined just before it ends. */
  readonly onThumbnail: (monitorId: number, track: Track | undefined) => void;
};

type Preference = 'full' | 'reduced';
type Received<Track> = { readonly video: VideoRef; readonly track: Track };

/** Best first. */
const ORDER: Readonly<Record<Preference, readonly Rendition[]>> = {
  full: ['sharp', 'standard', 'reduced'],
  reduced: ['reduced', 'sharp', 'standard'],
};

export class ReceivedVideos<Track> {
  readonly #options: ReceivedVideosOptions<Track>;
  readonly #received = new Map<string, Received<Track>>();
  /** By monitor: what `onWorking` was told last. */
  readonly #working = new Map<number, Received<Track>>();
  #preference: Preference = 'full';

  constructor(options: ReceivedVideosOptions<Track>) {
    this.#options = options;
  }

  get preference(): Preference {
    return this.#preference;
  }

  add(video: VideoRef, track: Track): void {
    this.#received.set(videoKey(video), { video, track });
    if (video.rendition === 'thumbnail') this.#options.onThumbnail(video.monitor_id, track);
    else this.#align(video.monitor_id);
  }

  /** Call before the track ends, so that its last picture can be kept. */
  drop(video: VideoRef): void {
    this.#received.delete(videoKey(video));
    if (video.rendition === 'thumbnail') this.#options.onThumbnail(video.monitor_id, undefined);
    else this.#align(video.monitor_id);
  }

  /** Call before all of them end. */
  dropAll(): void {
    for (const { video } of [...this.#received.values()]) this.drop(video);
  }

  prefer(preference: Preference): void {
    this.#preference = preference;
    for (const monitorId of new Set([...this.#received.values()].map((each) => monitorOf(each))))
      this.#align(monitorId);
  }

  /** The video to work with of a monitor; undefined while there is none. */
  workingOf(monitorId: number): VideoRef | undefined {
    return this.#working.get(monitorId)?.video;
  }

  /** The videos to work with of these monitors, as far as there are any. */
  workingOn(monitorIds: Iterable<number>): VideoRef[] {
    return [...monitorIds]
      .map((monitorId) => this.workingOf(monitorId))
      .filter((video) => video !== undefined);
  }

  /** What has to be received so that these monitors can be worked with, and those glanced at. */
  needed(working: Iterable<number>, glanced: Iterable<number>): ReadonlySet<string> {
    const videos = this.workingOn(working);
    const thumbnails = [...glanced].map((monitor_id): VideoRef => ({
      monitor_id,
      rendition: 'thumbnail',
    }));
    return new Set([...videos, ...thumbnails].map(videoKey));
  }

  #align(monitor_id: number): void {
    const before = this.#working.get(monitor_id);
    const now = ORDER[this.#preference]
      .map((rendition) => this.#received.get(videoKey({ monitor_id, rendition })))
      .find((received) => received !== undefined);
    if (now?.track === before?.track) return;
    if (now) {
      this.#working.set(monitor_id, now);
      this.#options.onWorking(monitor_id, now.track);
    } else {
      this.#working.delete(monitor_id);
      this.#options.onWorkingEnding(monitor_id);
    }
  }
}

const monitorOf = ({ video }: { readonly video: VideoRef }): number => video.monitor_id;
