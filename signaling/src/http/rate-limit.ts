// One limit: so many points per key within a fixed window. Memory is bounded: beyond so many keys
// at once all new ones share a bucket. Owned by server.ts.
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { GcError } from '@guruconnect/contract/errors';
import { LIMITS } from '../limits.ts';

export type RateState = {
  readonly limit: number;
  readonly remaining: number;
  /** Until the window ends, milliseconds. */
  readonly resetMs: number;
};

const WINDOW_S = 60;
const OTHERS = 'others';

export class RateLimit {
  readonly #limiter: RateLimiterMemory;
  readonly #points: number;
  readonly #maxKeys: number;
  /** Keys in use and when their window ends. */
  readonly #keys = new Map<string, number>();

  /** @param points per key and minute. */
  constructor(points: number, maxKeys: number = LIMITS.rateKeys) {
    this.#limiter = new RateLimiterMemory({ points, duration: WINDOW_S });
    this.#points = points;
    this.#maxKeys = maxKeys;
  }

  /** @throws GcError `rate_limited`. */
  async take(key: string): Promise<RateState> {
    try {
      return this.#state(await this.#limiter.consume(this.#bounded(key)));
    } catch (thrown) {
      throw this.#refused(thrown);
    }
  }

  /** Is the key already used up? Takes nothing. @throws GcError `rate_limited`. */
  async look(key: string): Promise<void> {
    const found = await this.#limiter.get(this.#bounded(key));
    if (found && found.consumedPoints >= this.#points) throw this.#refused(found);
  }

  #state({ remainingPoints, msBeforeNext }: RateLimiterRes): RateState {
    return { limit: this.#points, remaining: remainingPoints, resetMs: msBeforeNext };
  }

  #refused(thrown: unknown): unknown {
    if (!(thrown instanceof RateLimiterRes)) return thrown;
    return new GcError('rate_limited', `At most ${this.#points} a minute`, {
      retryAfterMs: Math.max(1, thrown.msBeforeNext),
    });
  }

  #bounded(key: string): string {
    const nowMs = performance.now();
    if ((this.#keys.get(key) ?? 0) > nowMs) return key;
    if (this.#keys.size >= this.#maxKeys)
      for (const [known, endsMs] of this.#keys) if (endsMs <= nowMs) this.#keys.delete(known);
    if (this.#keys.size >= this.#maxKeys) return OTHERS;
    this.#keys.set(key, nowMs + WINDOW_S * 1000);
    return key;
  }
}
