// Forgets, once a minute, what nobody needs any longer: what has expired, and sessions whose end is
// long ago. Owned by main.ts.
import type { Timings } from '../limits.ts';
import type { Logger } from '../logger.ts';
import type { Store } from './store.ts';

export type RetentionParts = {
  readonly store: Pick<Store, 'purge'>;
  /** After the end of a session. */
  readonly sessionRetentionMs: number;
  /** Of entries of the audit. */
  readonly auditRetentionMs: number;
  readonly timings: Pick<Timings, 'purgeMs'>;
  readonly logger: Logger;
};

export class Retention {
  readonly #parts: RetentionParts;
  readonly #timer: NodeJS.Timeout;
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;

  constructor(parts: RetentionParts) {
    this.#parts = parts;
    this.#timer = setInterval(() => {
      // After a long sleep there may be more to forget than a minute is long.
      this.#running ??= this.#forget().finally(() => {
        this.#running = undefined;
      });
    }, parts.timings.purgeMs);
  }

  /** Resolves when the store is no longer used. Idempotent. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#stop.abort();
    await this.#running;
  }

  async #forget(): Promise<void> {
    const { store, sessionRetentionMs, auditRetentionMs, logger } = this.#parts;
    const nowMs = Date.now();
    const due = {
      nowMs,
      sessionsEndedBeforeMs: nowMs - sessionRetentionMs,
      auditBeforeMs: nowMs - auditRetentionMs,
    };
    await store.purge(due, this.#stop.signal).catch((err: unknown) => {
      logger.error({ err }, 'what has expired could not be forgotten');
    });
  }
}
