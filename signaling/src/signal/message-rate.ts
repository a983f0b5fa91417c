// How fast one socket may talk: a token bucket, and a second one of patience that every refusal
// takes from, for when to stop listening to it at all. Pure: time is given.
import { GcError } from '@guruconnect/contract/errors';
import { LIMITS } from '../limits.ts';

export class MessageRate {
  readonly #messages: Bucket;
  readonly #patience: Bucket;

  constructor(nowMs: number) {
    this.#messages = new Bucket(LIMITS.messageBurst, LIMITS.messagesPerSecond, nowMs);
    this.#patience = new Bucket(LIMITS.refusalBurst, LIMITS.refusalsPerSecond, nowMs);
  }

  /** @throws GcError `rate_limited` with the time after which one message is taken again. */
  admit(nowMs: number): void {
    if (this.#messages.take(nowMs)) return;
    this.#patience.take(nowMs);
    throw new GcError('rate_limited', 'This socket sends too fast', {
      retryAfterMs: Math.ceil(1000 / LIMITS.messagesPerSecond),
    });
  }

  /** It goes on although it was told, again and again. */
  get isFlood(): boolean {
    return this.#patience.isEmpty;
  }
}

class Bucket {
  readonly #size: number;
  readonly #perSecond: number;
  #level: number;
  #atMs: number;

  constructor(size: number, perSecond: number, nowMs: number) {
    this.#size = size;
    this.#perSecond = perSecond;
    this.#level = size;
    this.#atMs = nowMs;
  }

  get isEmpty(): boolean {
    return this.#level < 1;
  }

  take(nowMs: number): boolean {
    const earned = ((nowMs - this.#atMs) * this.#perSecond) / 1000;
    this.#level = Math.min(this.#size, this.#level + earned);
    this.#atMs = nowMs;
    if (this.isEmpty) return false;
    this.#level -= 1;
    return true;
  }
}
