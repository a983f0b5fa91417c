// Is the way to this viewer too narrow for what comes? The node forwards everything and the agent does
// not see this far, so the viewer says so, while it is so (contract/signal/path-report.ts). Pure: frames
// and counters go in, a report comes out.
import type { PathReport } from '@guruconnect/contract/signal/path-report';

/** Below these a way does well: work of the encoder and jitter, chance losses of a wireless network. */
const TOLERATED_QUEUE_MS = 60;
const TOLERATED_LOSS = 0.02;
/** The shortest delay is of the last two windows: paths change and clocks drift. */
const WINDOW_MS = 10_000;
/** RFC 6184, section 8.1. */
const RTP_TICKS_PER_MS = 90;
const HALF_A_WRAP_MS = 2 ** 31 / RTP_TICKS_PER_MS;
/** A stretch shorter than this says little of a rate. */
export const REPORT_EVERY_MS = 200;

/** Cumulative, of all that is received. */
export type PathCounters = {
  readonly atMs: number;
  readonly bytes: number;
  readonly packets: number;
  readonly lost: number;
};

export class PathWatch {
  #windowStartMs = -Infinity;
  #windowMinMs = Infinity;
  #previousMinMs = Infinity;
  /** The shortest of this stretch: a queue that stands delays every frame, a large frame only itself. */
  #stretchMinMs = Infinity;
  #delayedBeforeMs = 0;
  #before: PathCounters | undefined;

  /**
   * A frame was painted: when its picture was taken, by the agent's clock, and when its last packet
   * came, by ours (VideoFrameCallbackMetadata). Of two clocks: only differences mean anything.
   */
  onFrame(rtpTimestamp: number | undefined, receivedAtMs: number | undefined): void {
    if (rtpTimestamp === undefined || receivedAtMs === undefined) return;
    const delayMs = receivedAtMs - rtpTimestamp / RTP_TICKS_PER_MS;
    // The agent's clock comes in 32 bits of 90 kHz: it starts again every 13 hours.
    const known = this.#baseMs < Infinity;
    if (known && Math.abs(delayMs - this.#baseMs) > HALF_A_WRAP_MS) this.#forgetDelays();
    if (receivedAtMs - this.#windowStartMs > WINDOW_MS) {
      // While a queue stands there is no shorter delay to be seen: the old one stays.
      const stands = this.#stretchMinMs - this.#baseMs > TOLERATED_QUEUE_MS;
      this.#previousMinMs = stands ? this.#baseMs : this.#windowMinMs;
      this.#windowMinMs = delayMs;
      this.#windowStartMs = receivedAtMs;
    }
    this.#windowMinMs = Math.min(this.#windowMinMs, delayMs);
    this.#stretchMinMs = Math.min(this.#stretchMinMs, delayMs);
  }

  /** @returns what is to be told now; undefined while all is well, or too little time has passed. */
  onCounters(now: PathCounters): PathReport | undefined {
    const before = this.#before;
    if (before && now.atMs - before.atMs < REPORT_EVERY_MS) return undefined;
    this.#before = now;
    const delayedMs = this.#stretchMinMs === Infinity ? 0 : this.#stretchMinMs - this.#baseMs;
    this.#stretchMinMs = Infinity;
    // A single stretch may hold a single frame, that was large.
    const queueMs = Math.min(delayedMs, this.#delayedBeforeMs);
    this.#delayedBeforeMs = delayedMs;
    // Counters that went back are another stream's.
    if (!before || now.packets < before.packets || now.bytes < before.bytes) return undefined;
    const lost = Math.max(0, now.lost - before.lost);
    const packets = lost + now.packets - before.packets;
    // One standard deviation of a count: one lost of ten may be chance.
    const surelyLost = Math.max(0, lost - Math.sqrt(lost));
    if (queueMs <= TOLERATED_QUEUE_MS && surelyLost <= TOLERATED_LOSS * packets) return undefined;
    return {
      queue_ms: Math.min(60_000, Math.round(queueMs)),
      arriving_bps: Math.round(((now.bytes - before.bytes) * 8000) / (now.atMs - before.atMs)),
      loss_ratio: packets === 0 ? 0 : lost / packets,
    };
  }

  /** Another monitor or another placement: another way. */
  reset(): void {
    this.#forgetDelays();
    this.#before = undefined;
  }

  #forgetDelays(): void {
    this.#windowStartMs = -Infinity;
    this.#windowMinMs = Infinity;
    this.#previousMinMs = Infinity;
    this.#stretchMinMs = Infinity;
    this.#delayedBeforeMs = 0;
  }

  get #baseMs(): number {
    return Math.min(this.#windowMinMs, this.#previousMinMs);
  }
}
