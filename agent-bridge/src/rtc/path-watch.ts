// Is the path to the media node alive? Pure. werift itself says nothing until ICE consent expires
// after 30 s (RFC 7675); but of media that arrives the media node tells within 100 ms (transport-cc),
// so no such word after sending is the sign, whichever direction is broken. Counters are compared
// now and then, so that no packet pays for it.

/** The media node answers within a round trip and 100 ms; on a bad link a report may get lost. */
export const SILENCE_MS = 1500;
/** An ICE restart takes some round trips by way of signaling, and some more on the new path. */
export const PATIENCE_MS = 2000;

export interface PathCounters {
  readonly sent: number;
  /** Of which the media node said so. */
  readonly arrived: number;
}

export class PathWatch {
  #sent = 0;
  #arrived = 0;
  /** Since when we have been sending and nothing arrives; undefined while all is well. */
  #unansweredSinceMs: number | undefined;

  /** @returns false when nothing arrives though we send. */
  observe({ sent, arrived }: PathCounters, nowMs: number): boolean {
    const arrivedMore = arrived !== this.#arrived;
    const sentMore = sent !== this.#sent;
    this.#sent = sent;
    this.#arrived = arrived;
    if (arrivedMore) this.#unansweredSinceMs = undefined;
    else if (sentMore) this.#unansweredSinceMs ??= nowMs;
    return this.#unansweredSinceMs === undefined || nowMs - this.#unansweredSinceMs < SILENCE_MS;
  }

  /** Something was done about it: the path gets its time to come back. */
  mending(nowMs: number): void {
    this.#unansweredSinceMs = nowMs + PATIENCE_MS - SILENCE_MS;
  }
}
