// When to ask the path for more than is being sent. A sender near its target never learns that the
// path has grown, and additive increase takes minutes; so now and then a short train of packets
// leaves at a multiple of the target (BurstCapacity reads the answer).

/** Quiet time before the first train after an overuse, and between trains. */
const FIRST_AFTER_MS = 800;
const BETWEEN_MS = 700;
const MAX_BETWEEN_MS = 20_000;
/** A train that found the limit makes the next one wait this much longer. */
const BACK_OFF = 2.5;
const MULTIPLE = 3;
/** Long enough to be judged, short enough to make no queue that is felt. */
const MIN_PACKETS = 12;
const TRAIN_MS = 12;

export type Probe = { readonly bps: number; readonly packets: number };

export class Probing {
  #betweenMs = BETWEEN_MS;
  #quietSinceMs = 0;
  #probedAtMs = -Infinity;

  /** The queue grew: nothing is asked for a while. */
  overused(nowMs: number): void {
    this.#quietSinceMs = nowMs;
  }

  /** What a train said. */
  answered(limited: boolean): void {
    this.#betweenMs = limited ? Math.min(MAX_BETWEEN_MS, this.#betweenMs * BACK_OFF) : BETWEEN_MS;
  }

  /** The path's rate fell: what was learnt of its limit is void. */
  forget(): void {
    this.#betweenMs = BETWEEN_MS;
  }

  next(nowMs: number, targetBps: number, maxBps: number, packetBytes: number): Probe | undefined {
    if (targetBps >= maxBps) return undefined;
    if (nowMs - this.#quietSinceMs < FIRST_AFTER_MS) return undefined;
    if (nowMs - this.#probedAtMs < this.#betweenMs) return undefined;
    this.#probedAtMs = nowMs;
    const bps = Math.min(MULTIPLE * targetBps, maxBps);
    return {
      bps,
      packets: Math.max(MIN_PACKETS, Math.ceil((bps * TRAIN_MS) / 8000 / packetBytes)),
    };
  }
}
