// How the target follows the path: multiplicatively up while the capacity is unknown, additively
// near where it was last found, down to 85 % of what arrives when the queue grows
// (draft-ietf-rmcat-gcc-02, section 5.5).
import type { PathUse } from './trendline.ts';

const BACK_OFF = 0.85;
const GROW_PER_S = 1.08;
/** One packet of this size more for each response time, near capacity. */
const PACKET_BITS = 1200 * 8;
const RESPONSE_EXTRA_MS = 100;
const MIN_ADDITIVE_BPS_PER_S = 4000;
/** Never promise more than this above what was seen to arrive, unless the sender sent less. */
const HEADROOM = 1.5;
const HEADROOM_BPS = 100_000;

/** Running mean and deviation of the rate at which the path was found full. */
class LinkCapacity {
  #meanKbps: number | undefined;
  #deviation = 0.4;

  found(bps: number): void {
    const kbps = bps / 1000;
    const mean = this.#meanKbps === undefined ? kbps : 0.95 * this.#meanKbps + 0.05 * kbps;
    this.#deviation = Math.min(
      2.5,
      Math.max(0.4, 0.95 * this.#deviation + (0.05 * (mean - kbps) ** 2) / Math.max(mean, 1)),
    );
    this.#meanKbps = mean;
  }

  isNear(bps: number): boolean {
    return (
      this.#meanKbps !== undefined && Math.abs(bps / 1000 - this.#meanKbps) <= this.#spreadKbps()
    );
  }

  /** Far above what was found: it is no longer true. */
  forgetIfFarBelow(bps: number): void {
    if (this.#meanKbps !== undefined && bps / 1000 > this.#meanKbps + this.#spreadKbps()) {
      this.#meanKbps = undefined;
    }
  }

  get bps(): number | undefined {
    return this.#meanKbps === undefined ? undefined : this.#meanKbps * 1000;
  }

  #spreadKbps(): number {
    return 3 * Math.sqrt(this.#deviation * (this.#meanKbps ?? 0));
  }
}

export type AimdInput = {
  readonly nowMs: number;
  readonly use: PathUse;
  readonly receivedBps: number | undefined;
  readonly roundTripMs: number;
  /** The sender had less to send than it was allowed to: what arrives is no measure of the path. */
  readonly applicationLimited: boolean;
};

export class Aimd {
  #targetBps: number;
  #updatedAtMs: number | undefined;
  #state: 'hold' | 'increase' = 'increase';
  #decreasedAtMs = -Infinity;
  readonly #link = new LinkCapacity();
  readonly #minBps: number;
  readonly #maxBps: number;

  constructor(startBps: number, minBps: number, maxBps: number) {
    this.#targetBps = startBps;
    this.#minBps = minBps;
    this.#maxBps = maxBps;
  }

  get targetBps(): number {
    return this.#targetBps;
  }

  /** A train of packets showed what the path carries. */
  jumpTo(bps: number): void {
    this.#targetBps = this.#bounded(bps);
  }

  update(input: AimdInput): number {
    const sinceMs = Math.min(1000, input.nowMs - (this.#updatedAtMs ?? input.nowMs));
    this.#updatedAtMs = input.nowMs;
    if (input.use === 'overuse') this.#decrease(input);
    else if (input.use === 'underuse') this.#state = 'hold';
    else if (this.#state === 'hold') this.#state = 'increase';
    else this.#increase(input, sinceMs);
    return this.#targetBps;
  }

  #decrease({ nowMs, receivedBps, roundTripMs }: AimdInput): void {
    // Once a round trip: the queue told now was made before the last decrease could help.
    if (nowMs - this.#decreasedAtMs < roundTripMs + RESPONSE_EXTRA_MS / 2) return;
    const seen = receivedBps ?? this.#targetBps;
    if (receivedBps !== undefined) {
      this.#link.forgetIfFarBelow(receivedBps);
      this.#link.found(receivedBps);
    }
    const wanted = BACK_OFF * seen;
    const fallback = BACK_OFF * (this.#link.bps ?? this.#targetBps);
    this.#targetBps = this.#bounded(
      Math.min(this.#targetBps, wanted < this.#targetBps ? wanted : fallback),
    );
    this.#decreasedAtMs = nowMs;
    this.#state = 'hold';
  }

  #increase({ receivedBps, roundTripMs, applicationLimited }: AimdInput, sinceMs: number): void {
    if (receivedBps !== undefined) this.#link.forgetIfFarBelow(receivedBps);
    const additiveBpsPerS = Math.max(
      MIN_ADDITIVE_BPS_PER_S,
      (PACKET_BITS * 1000) / (roundTripMs + RESPONSE_EXTRA_MS),
    );
    const grown = this.#link.isNear(this.#targetBps)
      ? this.#targetBps + (additiveBpsPerS * sinceMs) / 1000
      : this.#targetBps * GROW_PER_S ** (sinceMs / 1000);
    const ceiling =
      receivedBps === undefined || applicationLimited
        ? // Nothing is known of the path above what we sent: do not promise more than before.
          this.#targetBps
        : Math.max(this.#targetBps, HEADROOM * receivedBps + HEADROOM_BPS);
    this.#targetBps = this.#bounded(Math.min(grown, ceiling));
  }

  #bounded(bps: number): number {
    return Math.min(this.#maxBps, Math.max(this.#minBps, bps));
  }
}
