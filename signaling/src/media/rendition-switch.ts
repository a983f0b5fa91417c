// Which viewer works with the reduced rendition, so that one slow link does not make the picture of
// another viewer worse, nor drown in it. Pure: reports of viewers whose way does badly, who watches
// what, and time go in; who is to change comes out. One for a session; owned by ViewerSide.
//
// A video is encoded as the fastest of its viewers can take it (the agent's session/viewer-paths.ts).
// Who is alone with a video, or does no worse than all others, is therefore served best by the full
// rendition. Only who does badly beside somebody who does well is better off with a video of its own.
import type { ViewerId } from '@guruconnect/contract/ids';
import { isFull, videoKey, type VideoRef } from '@guruconnect/contract/rendition';

export type Preference = 'full' | 'reduced';

/** A viewer that looks at something. */
export type Watching = {
  readonly viewer_id: ViewerId;
  readonly videos: readonly VideoRef[];
  /** It has reduced videos to change to. */
  readonly canReduce: boolean;
};

export type Change = { readonly viewerId: ViewerId; readonly to: Preference };

/** Viewers report five times a second while it goes badly; a gap this long means that it went well. */
export const WELL_AFTER_MS = 1_000;
/** So long badly: the agent's own limits have had their time to help. */
export const BADLY_FOR_MS = 1_500;
/** Nobody else takes the full rendition any more: then it can be made as small as this link is. */
export const ALONE_AFTER_MS = 2_000;
/** How much the link carries cannot be seen while little is sent: after so long it is tried… */
export const FIRST_STAY_MS = 10_000;
/** …and twice as long after each try that failed, up to this. */
export const LONGEST_STAY_MS = 160_000;
/** A try that lasts so long was a success. */
export const PROVEN_AFTER_MS = 30_000;

interface Standing {
  preference: Preference;
  sinceMs: number;
  badlySinceMs: number | undefined;
  reportedAtMs: number;
  stayMs: number;
}

export class RenditionSwitch {
  readonly #viewers = new Map<ViewerId, Standing>();

  /** This viewer's way does badly. */
  report(viewerId: ViewerId, nowMs: number): void {
    const viewer = this.#viewers.get(viewerId);
    if (!viewer) return;
    if (nowMs - viewer.reportedAtMs > WELL_AFTER_MS) viewer.badlySinceMs = nowMs;
    viewer.reportedAtMs = nowMs;
  }

  /**
   * @param watching everybody who looks at anything; whoever is not in it is forgotten.
   * @returns what to tell, and when to ask again even if nothing is heard by then.
   */
  decide(watching: readonly Watching[], nowMs: number): { changes: Change[]; againAtMs: number } {
    const there = new Set(watching.map(({ viewer_id }) => viewer_id));
    for (const id of this.#viewers.keys()) if (!there.has(id)) this.#viewers.delete(id);
    const changes: Change[] = [];
    let againAtMs = Infinity;
    for (const each of watching) {
      const viewer = this.#standing(each, nowMs);
      const others = watching.filter(({ viewer_id }) => viewer_id !== each.viewer_id);
      const to = viewer.preference === 'full' ? 'reduced' : 'full';
      const atMs =
        to === 'reduced'
          ? this.#reduceAtMs(each, viewer, others, nowMs)
          : this.#restoreAtMs(each, viewer, others);
      if (atMs > nowMs) {
        againAtMs = Math.min(againAtMs, atMs);
        continue;
      }
      this.#change(viewer, to, nowMs);
      changes.push({ viewerId: each.viewer_id, to });
      againAtMs = nowMs;
    }
    return { changes, againAtMs };
  }

  #change(viewer: Standing, to: Preference, nowMs: number): void {
    if (to === 'reduced') {
      const proven = nowMs - viewer.sinceMs >= PROVEN_AFTER_MS;
      viewer.stayMs = proven ? FIRST_STAY_MS : Math.min(viewer.stayMs * 2, LONGEST_STAY_MS);
    }
    viewer.preference = to;
    viewer.sinceMs = nowMs;
    viewer.badlySinceMs = undefined;
  }

  /** Infinity: nothing speaks for it. */
  #reduceAtMs(
    { videos, canReduce }: Watching,
    viewer: Standing,
    others: readonly Watching[],
    nowMs: number,
  ): number {
    if (!canReduce || !this.#doesBadly(viewer, nowMs) || viewer.badlySinceMs === undefined)
      return Infinity;
    const mine = new Set(videos.filter(({ rendition }) => isFull(rendition)).map(videoKey));
    const heldUp = others.some(
      (other) =>
        other.videos.some((video) => mine.has(videoKey(video))) &&
        !this.#doesBadly(this.#viewers.get(other.viewer_id), nowMs),
    );
    return heldUp ? viewer.badlySinceMs + BADLY_FOR_MS : Infinity;
  }

  #restoreAtMs({ videos }: Watching, viewer: Standing, others: readonly Watching[]): number {
    const monitors = new Set(videos.map(({ monitor_id }) => monitor_id));
    const shared = others.some((other) =>
      other.videos.some(
        ({ monitor_id, rendition }) => isFull(rendition) && monitors.has(monitor_id),
      ),
    );
    if (!shared) return viewer.sinceMs + ALONE_AFTER_MS;
    return Math.max(viewer.sinceMs, viewer.reportedAtMs) + viewer.stayMs;
  }

  #doesBadly(viewer: Standing | undefined, nowMs: number): boolean {
    return viewer !== undefined && nowMs - viewer.reportedAtMs <= WELL_AFTER_MS;
  }

  /** One that is new here may work with the reduced one already: we were restarted. */
  #standing({ viewer_id, videos }: Watching, nowMs: number): Standing {
    const known = this.#viewers.get(viewer_id);
    if (known) return known;
    const working = videos.filter(({ rendition }) => rendition !== 'thumbnail');
    const reduced = working.length > 0 && working.every(({ rendition }) => rendition === 'reduced');
    const fresh: Standing = {
      preference: reduced ? 'reduced' : 'full',
      // Not a try of ours: should it fail, it counts as the first.
      sinceMs: reduced ? nowMs : nowMs - PROVEN_AFTER_MS,
      badlySinceMs: undefined,
      reportedAtMs: Number.NEGATIVE_INFINITY,
      stayMs: FIRST_STAY_MS,
    };
    this.#viewers.set(viewer_id, fresh);
    return fresh;
  }
}
