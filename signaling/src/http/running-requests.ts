// How many requests are being answered, so that a stop can wait for them. Owned by server.ts.
import type { RequestHandler } from 'express';

export class RunningRequests {
  #count = 0;
  #whenNone: (() => void) | undefined;

  readonly track: RequestHandler = (_request, response, next) => {
    this.#count += 1;
    response.once('close', () => {
      this.#count -= 1;
      if (this.#count === 0) this.#whenNone?.();
    });
    next();
  };

  /** Resolves when none runs, or after `withinMs`. */
  async none(withinMs: number): Promise<void> {
    if (this.#count === 0) return;
    await new Promise<void>((resolve) => {
      const late = setTimeout(resolve, withinMs);
      this.#whenNone = () => {
        clearTimeout(late);
        resolve();
      };
    });
  }
}
