// How fast one socket may talk: a token bucket, pure (time is given), and when to stop listening to
// it at all.
import { GcError } from '@guruconnect/contract/errors';
import { LIMITS } from '../limits.ts';

export class MessageRate {
  #tokens: number = LIMITS.messageBurst;
  #atMs: number;
  #refused = 0;

  constructor(nowMs: number) {
    this.#atMs = nowMs;
  }

  /** @throws GcError `rate_limited` with the time after which one message is taken again. */
  admit(nowMs: number): void {
    const earned = ((nowMs - this.#atMs) * LIMITS.messagesPerSecond) / 1000;
    this.#tokens = Math.min(LIMITS.messageBurst, this.#tokens + earned);
    this.#atMs = nowMs;
    if (this.#tokens < 1) {
      this.#refused += 1;
      throw new GcError('rate_limited', 'This socket sends too fast', {
        retryAfterMs: Math.ceil(1000 / LIMITS.messagesPerSecond),
      });
    }
    this.#refused = 0;
    this.#tokens -= 1;
  }

  /** It went on although it was told. */
  get isFlood(): boolean {
    return this.#refused >= LIMITS.refusedBeforeClosed;
  }
}
