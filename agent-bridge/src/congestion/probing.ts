// When to ask the path for more than is being sent. A sender near its target never learns that the
// path has grown, and additive increase takes minutes; so now and then a short train of packets
// leaves at a multiple of the target (BurstCapacity reads the answer).

/** Quiet time before the first train after an overuse, and between trains. */
const FIRST_AFTER_MS = 800;
const BETWEEN_MS = 700;
/** A path that grew is found in so long; at 1 Mbit/s it costs 11 kbit/s to ask. */
const MAX_BETWEEN_MS = 2500;
/** A train that found no limit is followed by a faster one as soon as its answer is there. */
const FOLLOW_UP_MS = 200;
/** A train that found the limit makes the next one wait this much longer. */
const BACK_OFF = 2.5;
const MULTIPLE = 3;
/** Long enough to be judged, short enough to make no queue that is felt. */
const MIN_PACKETS = 12;
const TRAIN_MS = 12;
/** RTP padding is 255 bytes at most (RFC 3550, 5.1), beside a header of about 28. */
const LARGEST_PACKET_BYTES = 280;
/** Further apart than this they would be no train (BurstCapacity). */
const LARGEST_GAP_MS = 4;

/** A train of packets, each of so many bytes with header. */
export type Probe = {
  readonly bps: number;
  readonly packets: number;
  readonly packetBytes: number;
};

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
    this.#betweenMs = limited
      ? Math.min(MAX_BETWEEN_MS, Math.max(BETWEEN_MS, this.#betweenMs) * BACK_OFF)
      : FOLLOW_UP_MS;
  }

  /** The path's rate fell: what was learnt of its limit is void. */
  forget(): void {
    this.#betweenMs = BETWEEN_MS;
  }

  next(nowMs: number, targetBps: number, maxBps: number): Probe | undefined {
    if (targetBps >= maxBps) return undefined;
    if (nowMs - this.#quietSinceMs < FIRST_AFTER_MS) return undefined;
    if (nowMs - this.#probedAtMs < this.#betweenMs) return undefined;
    this.#probedAtMs = nowMs;
    const bps = Math.min(MULTIPLE * targetBps, maxBps);
    const packetBytes = Math.min(LARGEST_PACKET_BYTES, Math.floor((bps * LARGEST_GAP_MS) / 8000));
    const packets = Math.max(MIN_PACKETS, Math.ceil((bps * TRAIN_MS) / 8000 / packetBytes));
    return { bps, packets, packetBytes };
  }
}
