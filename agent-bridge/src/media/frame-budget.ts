// How many bytes the next frame may have. Pure: time and spending in, bytes out.
//
// A bucket holds 200 ms of the target rate and refills in real time. One frame may take half of it at
// most, so a whole new page delays what follows by no more than 100 ms on a link that is as slow as
// the target; what it lacks in quality then comes with the refinement. The encoder is told this number
// before every frame (encoder.ts): its own rate model counts frames, not time, and starves when frames
// come only as the screen changes.

const BUCKET_MS = 200;
/** Of the bucket, for one frame. */
const LARGEST_FRAME_SHARE = 0.5;
/** Of the bucket, refinement leaves this for a change that may come any moment: a whole new page… */
const REFINE_RESERVE_SHARE = 0.5;
/** …or typing, once the screen has been still for so long that a reader looks at it. */
const STILL_RESERVE_SHARE = 0.15;
const STILL_FOR_MS = 200;
/**
 * More bytes make a new page better and later, however fast the link: packets (33 µs each on our side)
 * and decoding (0.1 ms a kilobyte) then take longer than the link does.
 */
const LARGEST_CHANGE_BYTES = 160_000;
/** Below this no picture is worth sending: every frame may have it. */
const SMALLEST_CAP_BYTES = 3_000;

export interface FrameBudgetOptions {
  /** A longer one for a rendition that is allowed to be late, as a thumbnail is. */
  readonly bucketMs?: number;
  readonly smallestCapBytes?: number;
}

export class FrameBudget {
  #bytesPerMs: number;
  #filledBytes: number;
  #filledAtUs: number;
  readonly #bucketMs: number;
  readonly #smallestCapBytes: number;

  constructor(maxBitrateBps: number, nowUs: number, options: FrameBudgetOptions = {}) {
    this.#bucketMs = options.bucketMs ?? BUCKET_MS;
    this.#smallestCapBytes = options.smallestCapBytes ?? SMALLEST_CAP_BYTES;
    this.#bytesPerMs = maxBitrateBps / 8000;
    this.#filledBytes = this.#bucketBytes;
    this.#filledAtUs = nowUs;
  }

  setMaxBitrate(maxBitrateBps: number, nowUs: number): void {
    this.#refill(nowUs);
    this.#bytesPerMs = maxBitrateBps / 8000;
    this.#filledBytes = Math.min(this.#filledBytes, this.#bucketBytes);
  }

  /** Bytes a frame with new content may have. */
  frameCapBytes(nowUs: number): number {
    this.#refill(nowUs);
    return Math.min(this.#clamp(this.#filledBytes), LARGEST_CHANGE_BYTES);
  }

  /** Bytes a frame that only refines a picture still since `stillSinceUs` may have. */
  refineCapBytes(nowUs: number, stillSinceUs: number): number {
    this.#refill(nowUs);
    const isStill = nowUs >= stillSinceUs + STILL_FOR_MS * 1000;
    const reserve = isStill ? STILL_RESERVE_SHARE : REFINE_RESERVE_SHARE;
    return this.#clamp(this.#filledBytes - this.#bucketBytes * reserve);
  }

  /** When `refineCapBytes` will be worth a frame: a quarter of the largest. */
  refineReadyAtUs(nowUs: number, stillSinceUs: number): number {
    this.#refill(nowUs);
    const readyAtUs = (reserve: number) => {
      const wantedMs = reserve * this.#bucketMs + (LARGEST_FRAME_SHARE * this.#bucketMs) / 4;
      const missingMs = wantedMs - this.#filledBytes / this.#bytesPerMs;
      return nowUs + Math.max(0, missingMs) * 1000;
    };
    const still = Math.max(stillSinceUs + STILL_FOR_MS * 1000, readyAtUs(STILL_RESERVE_SHARE));
    return Math.min(still, readyAtUs(REFINE_RESERVE_SHARE));
  }

  /** A frame of `bytes` left; the bucket may go below zero, by one frame at most. */
  spend(bytes: number, nowUs: number): void {
    this.#refill(nowUs);
    this.#filledBytes = Math.max(this.#filledBytes - bytes, -this.#bucketBytes);
  }

  #refill(nowUs: number): void {
    const elapsedMs = Math.max(0, nowUs - this.#filledAtUs) / 1000;
    this.#filledAtUs = Math.max(this.#filledAtUs, nowUs);
    this.#filledBytes = Math.min(
      this.#filledBytes + elapsedMs * this.#bytesPerMs,
      this.#bucketBytes,
    );
  }

  get #bucketBytes(): number {
    return this.#bytesPerMs * this.#bucketMs;
  }

  #clamp(bytes: number): number {
    const largest = this.#bucketBytes * LARGEST_FRAME_SHARE;
    return Math.round(Math.max(this.#smallestCapBytes, Math.min(bytes, largest)));
  }
}
