// How many bytes the next frame may have. Pure: time and spending in, bytes out.
//
// A bucket holds 200 ms of the target rate and refills in real time. One frame may take half of it at
// most, so a whole new page delays what follows by no more than 100 ms on a link that is as slow as
// the target; what it lacks in quality then comes with the refinement. The encoder is told this number
// before every frame (encoder.ts): its own rate model counts frames, not time, and starves when frames
// come only as the screen changes.

const BUCKET_MS = 200;
const LARGEST_FRAME_MS = 100;
/** Refinement leaves this much for a change that may come at any moment: for a whole new page… */
const REFINE_RESERVE_MS = 100;
/** …and for typing, once the screen has been still for so long that a reader looks at it. */
const STILL_RESERVE_MS = 30;
const STILL_FOR_MS = 200;
/** Below this no picture is worth sending: every frame may have it. */
const SMALLEST_CAP_BYTES = 3_000;

export class FrameBudget {
  #bytesPerMs: number;
  #filledBytes: number;
  #filledAtUs: number;

  constructor(maxBitrateBps: number, nowUs: number) {
    this.#bytesPerMs = maxBitrateBps / 8000;
    this.#filledBytes = this.#bytesPerMs * BUCKET_MS;
    this.#filledAtUs = nowUs;
  }

  setMaxBitrate(maxBitrateBps: number, nowUs: number): void {
    this.#refill(nowUs);
    this.#bytesPerMs = maxBitrateBps / 8000;
    this.#filledBytes = Math.min(this.#filledBytes, this.#bytesPerMs * BUCKET_MS);
  }

  /** Bytes a frame with new content may have. */
  frameCapBytes(nowUs: number): number {
    this.#refill(nowUs);
    return clampCap(this.#filledBytes, this.#bytesPerMs * LARGEST_FRAME_MS);
  }

  /** Bytes a frame that only refines a picture still since `stillSinceUs` may have. */
  refineCapBytes(nowUs: number, stillSinceUs: number): number {
    this.#refill(nowUs);
    const isStill = nowUs >= stillSinceUs + STILL_FOR_MS * 1000;
    const reserveMs = isStill ? STILL_RESERVE_MS : REFINE_RESERVE_MS;
    const free = this.#filledBytes - this.#bytesPerMs * reserveMs;
    return clampCap(free, this.#bytesPerMs * LARGEST_FRAME_MS);
  }

  /** When `refineCapBytes` will be worth a frame: a quarter of the largest. */
  refineReadyAtUs(nowUs: number, stillSinceUs: number): number {
    this.#refill(nowUs);
    const readyAtUs = (reserveMs: number) => {
      const missingMs = reserveMs + LARGEST_FRAME_MS / 4 - this.#filledBytes / this.#bytesPerMs;
      return nowUs + Math.max(0, missingMs) * 1000;
    };
    const still = Math.max(stillSinceUs + STILL_FOR_MS * 1000, readyAtUs(STILL_RESERVE_MS));
    return Math.min(still, readyAtUs(REFINE_RESERVE_MS));
  }

  /** A frame of `bytes` left; the bucket may go below zero, by one frame at most. */
  spend(bytes: number, nowUs: number): void {
    this.#refill(nowUs);
    this.#filledBytes = Math.max(this.#filledBytes - bytes, -this.#bytesPerMs * BUCKET_MS);
  }

  #refill(nowUs: number): void {
    const elapsedMs = Math.max(0, nowUs - this.#filledAtUs) / 1000;
    this.#filledAtUs = Math.max(this.#filledAtUs, nowUs);
    this.#filledBytes = Math.min(
      this.#filledBytes + elapsedMs * this.#bytesPerMs,
      this.#bytesPerMs * BUCKET_MS,
    );
  }
}

function clampCap(bytes: number, largest: number): number {
  return Math.round(Math.max(SMALLEST_CAP_BYTES, Math.min(bytes, largest)));
}
