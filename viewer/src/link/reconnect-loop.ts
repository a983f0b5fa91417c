// The one loop that keeps the socket up: connect, stay, lose it, wait, again. What ends it for
// good is decided in one place, by the error's code.
import { backoffMs } from '@guruconnect/contract/base/backoff';
import { GcError, type ErrorCode } from '@guruconnect/contract/errors';

/** Errors that no further attempt can cure: the credential or the session itself is gone. */
const PERMANENT: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'unauthenticated',
  'credential_expired',
  'credential_revoked',
  'session_not_found',
  'session_ended',
  'origin_not_allowed',
  'grant_missing',
  'invalid_request',
  'feature_off',
]);

export const isPermanent = (error: GcError): boolean => PERMANENT.has(error.code);

export type ReconnectOptions = {
  /** Connects and says hello; resolves with a promise that settles when the connection is lost. */
  readonly connect: () => Promise<{ readonly lost: Promise<void> }>;
  /** Told before each wait, with the attempt's number (0 is the first retry). */
  readonly onLost: (attempt: number, error: GcError | undefined) => void;
  readonly random?: () => number;
};

/** How long a connection must hold before the next loss starts again at the shortest delay. */
const STABLE_MS = 10_000;

export class ReconnectLoop {
  readonly #options: ReconnectOptions;
  #wake: (() => void) | undefined;
  #closed = false;

  constructor(options: ReconnectOptions) {
    this.#options = options;
  }

  /**
   * Runs until closed (resolves) or until a permanent error (rejects with it). Call once.
   * @throws GcError that is permanent.
   */
  async run(): Promise<void> {
    let attempt = 0;
    while (!this.#closed) {
      let error: GcError | undefined;
      try {
        const { lost } = await this.#options.connect();
        const sinceMs = performance.now();
        await lost;
        if (performance.now() - sinceMs >= STABLE_MS) attempt = 0;
      } catch (thrown) {
        error = GcError.from(thrown);
        if (!this.#closed && isPermanent(error)) throw error;
      }
      if (this.#closed) return;
      this.#options.onLost(attempt, error);
      const delayMs = backoffMs(attempt, undefined, this.#options.random?.());
      await this.#wait(Math.max(delayMs, error?.retryAfterMs ?? 0));
      attempt += 1;
    }
  }

  /** The network is back, or somebody looks at the page again: do not wait any longer. */
  tryNow(): void {
    this.#wake?.();
  }

  close(): void {
    this.#closed = true;
    this.#wake?.();
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#wake?.(), ms);
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
    });
  }
}
