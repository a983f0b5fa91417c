// Is the queue on the path growing? A line through the smoothed, accumulated delays of the last
// groups; its slope against a threshold that adapts, so that a competing TCP flow does not starve
// us (Carlucci et al., "Analysis and Design of the Google Congestion Control for WebRTC", 2016;
// the constants are those of libwebrtc's trendline estimator).
import type { GroupDelta } from './packet-groups.ts';

export type PathUse = 'normal' | 'overuse' | 'underuse';

const WINDOW = 20;
const SMOOTHING = 0.9;
const GAIN = 4;
const MAX_DELTAS = 60;

const THRESHOLD_MIN_MS = 6;
const THRESHOLD_MAX_MS = 600;
const THRESHOLD_START_MS = 12.5;
const THRESHOLD_UP = 0.0087;
const THRESHOLD_DOWN = 0.039;
/** A slope this far above the threshold is an outlier and does not move it. */
const MAX_ADAPT_OFFSET_MS = 15;
const MAX_ADAPT_STEP_MS = 100;
/** How long the slope has to stay above the threshold. */
const OVERUSE_MS = 10;

export class Trendline {
  readonly #points: { atMs: number; delayMs: number }[] = [];
  #firstArrivalMs: number | undefined;
  #deltas = 0;
  #accumulatedMs = 0;
  #smoothedMs = 0;
  #previousSlope = 0;
  #thresholdMs = THRESHOLD_START_MS;
  #adaptedAtMs: number | undefined;
  #overuseMs: number | undefined;
  #overuses = 0;
  #use: PathUse = 'normal';

  get use(): PathUse {
    return this.#use;
  }

  add(delta: GroupDelta): PathUse {
    this.#firstArrivalMs ??= delta.arrivalMs;
    this.#deltas += 1;
    this.#accumulatedMs += delta.queueGrowthMs;
    this.#smoothedMs = SMOOTHING * this.#smoothedMs + (1 - SMOOTHING) * this.#accumulatedMs;
    this.#points.push({ atMs: delta.arrivalMs - this.#firstArrivalMs, delayMs: this.#smoothedMs });
    if (this.#points.length > WINDOW) this.#points.shift();
    const slope = this.#points.length === WINDOW ? slopeOf(this.#points) : this.#previousSlope;
    this.#detect(slope, delta.sendDeltaMs, delta.arrivalMs);
    this.#previousSlope = slope;
    return this.#use;
  }

  #detect(slope: number, sendDeltaMs: number, nowMs: number): void {
    if (this.#deltas < 2) return;
    const trendMs = Math.min(this.#deltas, MAX_DELTAS) * slope * GAIN;
    if (trendMs > this.#thresholdMs) {
      // The first time counts half: the queue began to grow somewhere within the interval.
      this.#overuseMs =
        this.#overuseMs === undefined ? sendDeltaMs / 2 : this.#overuseMs + sendDeltaMs;
      this.#overuses += 1;
      if (this.#overuseMs > OVERUSE_MS && this.#overuses > 1 && slope >= this.#previousSlope) {
        this.#overuseMs = 0;
        this.#overuses = 0;
        this.#use = 'overuse';
      }
    } else {
      this.#overuseMs = undefined;
      this.#overuses = 0;
      this.#use = trendMs < -this.#thresholdMs ? 'underuse' : 'normal';
    }
    this.#adapt(trendMs, nowMs);
  }

  #adapt(trendMs: number, nowMs: number): void {
    const sinceMs = Math.min(nowMs - (this.#adaptedAtMs ?? nowMs), MAX_ADAPT_STEP_MS);
    this.#adaptedAtMs = nowMs;
    const size = Math.abs(trendMs);
    if (size > this.#thresholdMs + MAX_ADAPT_OFFSET_MS) return;
    const rate = size < this.#thresholdMs ? THRESHOLD_DOWN : THRESHOLD_UP;
    const next = this.#thresholdMs + rate * (size - this.#thresholdMs) * sinceMs;
    this.#thresholdMs = Math.min(THRESHOLD_MAX_MS, Math.max(THRESHOLD_MIN_MS, next));
  }
}

/** Least squares. */
function slopeOf(points: readonly { atMs: number; delayMs: number }[]): number {
  const n = points.length;
  const meanX = points.reduce((sum, point) => sum + point.atMs, 0) / n;
  const meanY = points.reduce((sum, point) => sum + point.delayMs, 0) / n;
  let covariance = 0;
  let variance = 0;
  for (const { atMs, delayMs } of points) {
    covariance += (atMs - meanX) * (delayMs - meanY);
    variance += (atMs - meanX) ** 2;
  }
  return variance === 0 ? 0 : covariance / variance;
}
