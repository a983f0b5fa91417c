// Is the picture current? The agent sends at least one tiny frame a second, also when nothing
// changes, so "nothing changed" and "nothing arrives" can be told apart. Pure.

/** Without any frame for this long the picture is stale: three of the agent's repeats are missing. */
export const STALE_AFTER_MS = 3_000;
/** While stale, a key frame is asked for this often: the decoder may be waiting for one. */
export const KEYFRAME_EVERY_MS = 2_000;

export type FreshnessFacts = {
  /** When the last frame was painted, or when the picture was first waited for. */
  readonly lastFrameAtMs: number;
  /** Browsers paint nothing in a hidden page: silence before this moment says nothing. */
  readonly visibleSinceMs: number | undefined;
  readonly nowMs: number;
};

export function isStale({ lastFrameAtMs, visibleSinceMs, nowMs }: FreshnessFacts): boolean {
  if (visibleSinceMs === undefined) return false;
  return nowMs - Math.max(lastFrameAtMs, visibleSinceMs) > STALE_AFTER_MS;
}
