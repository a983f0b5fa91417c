// Pointer moves: only the newest matters, and never more often than the other side can use. Pure.

/** At most one move in this time: four per frame of a 60 Hz screen, whatever the mouse reports. */
export const MOVE_EVERY_MS = 4;
/** Moves are dropped while more than this waits in the channel: a queue of moves is only lag. */
export const MOVE_BACKLOG_BYTES = 2_048;

export type MoveVerdict =
  { readonly do: 'send' } | { readonly do: 'wait'; readonly ms: number } | { readonly do: 'drop' };

export function paceMove(nowMs: number, lastSentMs: number, bufferedBytes: number): MoveVerdict {
  if (bufferedBytes > MOVE_BACKLOG_BYTES) return { do: 'drop' };
  const waitMs = lastSentMs + MOVE_EVERY_MS - nowMs;
  return waitMs > 0 ? { do: 'wait', ms: waitMs } : { do: 'send' };
}
