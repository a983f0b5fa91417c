// The delay gradient sees a queue grow, not one that stands. After a sudden drop of the path's rate
// a second of packets waits in front of it, and sending a little less than the path carries drains
// it for half a minute. So the absolute delay is watched too: over its own minimum it is queue.
import type { PacketReport } from './packet-report.ts';
import { ReceivedRate } from './received-rate.ts';

/** The minimum is of the last two windows: paths change, clocks drift (100 ppm: 2 ms in 20 s). */
const WINDOW_MS = 10_000;
/** Less than this is jitter and the work of the encoder. */
const TOLERATED_MS = 60;
/** A queue this long stops everything but a trickle. */
const FULL_STOP_MS = 400;
const TRICKLE = 0.1;
const SMOOTHING = 0.7;
/** A queue shrinks when less is sent. What does not, for so long, is a longer path or others' queue. */
const NOT_OURS_AFTER_MS = 3000;
const SHRUNK_MS = 10;

export class StandingQueue {
  #windowStartMs = -Infinity;
  #windowMinMs = Infinity;
  #previousMinMs = Infinity;
  #delayMs = 0;
  /** Of what waited in the queue: packets that come out of one come as fast as the path can. */
  #line = new ReceivedRate();
  #lowest: { ms: number; sinceMs: number } | undefined;

  add({ sentAtMs, receivedAtMs, bytes }: PacketReport): void {
    if (receivedAtMs === undefined) return;
    const delayMs = receivedAtMs - sentAtMs; // of two clocks: only differences mean anything
    if (sentAtMs - this.#windowStartMs > WINDOW_MS) {
      // While a queue stands there is no new minimum to be seen: the old one stays.
      this.#previousMinMs = this.ms > TOLERATED_MS ? this.#baseMs : this.#windowMinMs;
      this.#windowMinMs = delayMs;
      this.#windowStartMs = sentAtMs;
      if (this.#previousMinMs === Infinity) this.#delayMs = delayMs;
    }
    this.#windowMinMs = Math.min(this.#windowMinMs, delayMs);
    this.#delayMs = SMOOTHING * this.#delayMs + (1 - SMOOTHING) * delayMs;
    if (delayMs - this.#baseMs > TOLERATED_MS) this.#line.add(receivedAtMs, bytes);
    else this.#line = new ReceivedRate();
    this.#watchForALongerPath(delayMs, sentAtMs);
  }

  /** How long a packet waits in the path's queue, milliseconds, smoothed. */
  get ms(): number {
    const base = this.#baseMs;
    return base === Infinity ? 0 : Math.max(0, this.#delayMs - base);
  }

  /** What the path carries, bits a second, seen while a queue stands before it; else undefined. */
  get lineBps(): number | undefined {
    return this.#line.bps;
  }

  /** Share of what the path carries that may be sent, so that the queue is gone in about half a second. */
  get allowance(): number {
    if (this.ms <= TOLERATED_MS) return 1;
    return Math.max(TRICKLE, 1 - this.ms / FULL_STOP_MS);
  }

  #watchForALongerPath(delayMs: number, nowMs: number): void {
    if (this.ms <= TOLERATED_MS) this.#lowest = undefined;
    else if (!this.#lowest || delayMs < this.#lowest.ms - SHRUNK_MS)
      this.#lowest = { ms: delayMs, sinceMs: nowMs };
    else if (nowMs - this.#lowest.sinceMs > NOT_OURS_AFTER_MS) {
      this.#previousMinMs = Infinity;
      this.#windowMinMs = this.#lowest.ms;
      this.#windowStartMs = nowMs;
      this.#lowest = undefined;
    }
  }

  get #baseMs(): number {
    return Math.min(this.#windowMinMs, this.#previousMinMs);
  }
}
