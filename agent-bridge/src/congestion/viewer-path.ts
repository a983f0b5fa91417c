// What one viewer's way from the media node carries, from its reports (contract/signal/path-report.ts).
// Pure. A viewer speaks only while its way does badly; silence is good news, and what may be sent then
// grows again, as far as it is used: slowly near the rate that was too much, fast beyond it.
//
// mediasoup's own estimate of that way is not used: with content that comes in bursts it falls to what
// happens to be sent (1.3 Mbit/s seen on an unlimited way, for seconds), or to its floor of 30 kbit/s.
import type { PathReport } from '@guruconnect/contract/signal/path-report';

/** Beyond what the agent sees on its own way. */
const TOLERATED_QUEUE_MS = 60;
const TOLERATED_LOSS = 0.1;
const BACK_OFF = 0.85;
/** A queue that stands is gone in about half a second. */
const DRAIN_MS = 500;
/** What overflows is asked for again by the browser and sent again by the node: that needs room, too. */
const LEAST_SHARE = 0.3;
/** What is told now was sent before the last cut could help. */
const CUT_EVERY_MS = 300;
/** The best of so long says what the way carries: after a cut less comes because less is sent. */
const FOUND_FOR_MS = 1500;
/** Less was sent than came, or hardly more: the queue is somebody else's, or drains already. */
const OVERDRIVEN = 1.1;
/** Next to nothing came: a way that is broken for a moment, of which no rate can be told. */
const BROKEN = 0.05;

/** Up to a little above the rate that was too much. */
const NEAR = 1.1;
const NEAR_GROWTH_PER_S = 1.05;
/** After so long it may be gone, and a narrow way costs 100 ms of queue to find again. */
const NEAR_FOR_MS = 2500;
const FAR_GROWTH_PER_S = 3;
/** Growth needs proof: at least this share of the limit was used without a complaint. */
const USED = 0.5;

export class ViewerPath {
  readonly #minBps: number;
  #limitBps = Infinity;
  #foundBps = 0;
  #cutAtMs = -Infinity;
  #grownAtMs = 0;

  constructor(minBps: number) {
    this.#minBps = minBps;
  }

  /** Infinity while nothing is known against it. */
  get limitBps(): number {
    return this.#limitBps;
  }

  /**
   * @param sentBps what was sent to this viewer lately.
   * @param own what the agent sees on its own hop, which the report includes.
   * @returns that frames were lost for good and a key frame would mend it.
   */
  onReport(
    { queue_ms, arriving_bps, loss_ratio }: PathReport,
    sentBps: number,
    own: { readonly queueMs: number; readonly lossRatio: number },
    nowMs: number,
  ): boolean {
    const queueMs = queue_ms - own.queueMs;
    const lossRatio = loss_ratio - own.lossRatio;
    const overflows = lossRatio > TOLERATED_LOSS;
    if (queueMs <= TOLERATED_QUEUE_MS && !overflows) return false;
    this.#grownAtMs = nowMs;
    if (arriving_bps < BROKEN * sentBps) return false;
    if (nowMs - this.#cutAtMs < CUT_EVERY_MS) return false;
    if (!overflows && sentBps < OVERDRIVEN * arriving_bps) return false;
    const kept = nowMs - this.#cutAtMs < FOUND_FOR_MS ? this.#foundBps : 0;
    this.#foundBps = Math.max(kept, arriving_bps);
    const drained = overflows
      ? LEAST_SHARE
      : Math.max(LEAST_SHARE, 1 - Math.max(0, queueMs - TOLERATED_QUEUE_MS) / DRAIN_MS);
    this.#cutAtMs = nowMs;
    this.#limitBps = Math.max(
      this.#minBps,
      Math.min(this.#limitBps, BACK_OFF * drained * this.#foundBps),
    );
    return overflows;
  }

  /**
   * Time went on without a complaint. Call it as frames leave.
   * @param enoughBps a limit above this is none.
   */
  grow(sentBps: number, enoughBps: number, nowMs: number): void {
    if (this.#limitBps === Infinity) return;
    const sinceS = Math.min(500, nowMs - this.#grownAtMs) / 1000;
    this.#grownAtMs = nowMs;
    if (nowMs - this.#cutAtMs < CUT_EVERY_MS || sentBps < USED * this.#limitBps) return;
    const belowBps = BACK_OFF * this.#foundBps;
    const near =
      nowMs - this.#cutAtMs < NEAR_FOR_MS && this.#limitBps >= belowBps
        ? NEAR_GROWTH_PER_S
        : FAR_GROWTH_PER_S;
    const grown = this.#limitBps * near ** sinceS;
    // Up to what it was cut from for the queue's sake quickly, but not beyond it in one step.
    this.#limitBps = this.#limitBps < belowBps ? Math.min(grown, belowBps) : grown;
    if (nowMs - this.#cutAtMs < NEAR_FOR_MS)
      this.#limitBps = Math.min(this.#limitBps, NEAR * this.#foundBps);
    if (this.#limitBps > enoughBps) this.#limitBps = Infinity;
  }
}
