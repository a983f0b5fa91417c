// Runs an action once a burst of signs is over: after a quiet time, at the latest after a maximum.
export class Settle {
  readonly #quietMs: number;
  readonly #maxMs: number;
  readonly #action: () => void;
  #quietTimer: NodeJS.Timeout | undefined;
  #maxTimer: NodeJS.Timeout | undefined;

  constructor(quietMs: number, maxMs: number, action: () => void) {
    this.#quietMs = quietMs;
    this.#maxMs = maxMs;
    this.#action = action;
  }

  /** Called at each sign. */
  sign(): void {
    clearTimeout(this.#quietTimer);
    this.#quietTimer = setTimeout(() => this.#settled(), this.#quietMs);
    this.#maxTimer ??= setTimeout(() => this.#settled(), this.#maxMs);
  }

  /** Forgets signs that have not led to the action yet. */
  cancel(): void {
    clearTimeout(this.#quietTimer);
    clearTimeout(this.#maxTimer);
    this.#quietTimer = this.#maxTimer = undefined;
  }

  #settled(): void {
    this.cancel();
    this.#action();
  }
}
