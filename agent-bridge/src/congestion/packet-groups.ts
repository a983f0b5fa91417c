// Packets that left together are judged together: their spacing says nothing of the path. Gives the
// difference of arrival spacing and departure spacing of successive groups, which is how much the
// queue on the path grew (draft-ietf-rmcat-gcc-02, section 5.2 and 5.3).
import type { PacketReport } from './packet-report.ts';

/** Packets sent within this time are one group. */
const GROUP_MS = 5;
/** Packets that arrive this close together, sooner than they left, were held and let go at once. */
const BURST_GAP_MS = 5;
const BURST_MAX_MS = 100;
/** The receiver's clock jumped, or the path changed: start again. */
const CLOCK_JUMP_MS = 3000;

type Group = { firstSentMs: number; sentMs: number; firstArrivalMs: number; arrivalMs: number };

export type GroupDelta = {
  /** How much later this group arrived than its departure would let one expect; negative: sooner. */
  readonly queueGrowthMs: number;
  readonly arrivalMs: number;
  readonly sendDeltaMs: number;
};

export class PacketGroups {
  #current: Group | undefined;
  #previous: Group | undefined;

  /** Packets in order of departure. A delta comes when a group is complete. */
  add({ sentAtMs, receivedAtMs }: PacketReport): GroupDelta | undefined {
    if (receivedAtMs === undefined) return undefined;
    const current = this.#current;
    if (!current) {
      this.#start(sentAtMs, receivedAtMs);
      return undefined;
    }
    if (sentAtMs < current.firstSentMs) return undefined; // reordered on the way: says nothing new
    if (this.#belongs(current, sentAtMs, receivedAtMs)) {
      current.sentMs = Math.max(current.sentMs, sentAtMs);
      current.arrivalMs = Math.max(current.arrivalMs, receivedAtMs);
      return undefined;
    }
    const delta = this.#previous && this.#delta(this.#previous, current);
    this.#previous = current;
    this.#start(sentAtMs, receivedAtMs);
    return delta;
  }

  #start(sentAtMs: number, receivedAtMs: number): void {
    this.#current = {
      firstSentMs: sentAtMs,
      sentMs: sentAtMs,
      firstArrivalMs: receivedAtMs,
      arrivalMs: receivedAtMs,
    };
  }

  #belongs(group: Group, sentAtMs: number, receivedAtMs: number): boolean {
    const arrivalGapMs = receivedAtMs - group.arrivalMs;
    const sendGapMs = sentAtMs - group.sentMs;
    const heldAndLetGo =
      arrivalGapMs - sendGapMs < 0 &&
      arrivalGapMs <= BURST_GAP_MS &&
      receivedAtMs - group.firstArrivalMs < BURST_MAX_MS;
    return sentAtMs - group.firstSentMs <= GROUP_MS || heldAndLetGo;
  }

  #delta(before: Group, after: Group): GroupDelta | undefined {
    const sendDeltaMs = after.sentMs - before.sentMs;
    const arrivalDeltaMs = after.arrivalMs - before.arrivalMs;
    if (arrivalDeltaMs < 0 || arrivalDeltaMs - sendDeltaMs > CLOCK_JUMP_MS) {
      this.#previous = undefined;
      return undefined;
    }
    return { queueGrowthMs: arrivalDeltaMs - sendDeltaMs, arrivalMs: after.arrivalMs, sendDeltaMs };
  }
}
