// Server-sent events on one response (WHATWG HTML, 9.2): written as fast as the other end reads and
// no faster, kept alive by comments, over when the connection is.
import type { Response } from 'express';
import { EVENT_STREAM_TYPE } from '@guruconnect/contract/http/v1/sessions';

export type EventStreamTimings = {
  /** Between two comments while nothing happens: proxies cut what is silent for a minute. */
  readonly keepAliveMs: number;
  /** A reader that takes nothing for so long is cut: what is buffered for it is ours to hold. */
  readonly stalledMs: number;
};

export const EVENT_STREAM_TIMINGS: EventStreamTimings = { keepAliveMs: 15_000, stalledMs: 30_000 };

/** How long EventSource waits before it comes back, milliseconds. */
const COME_BACK_MS = 2_000;

export class EventStream {
  readonly #response: Response;
  readonly #timings: EventStreamTimings;
  readonly #keepAlive: NodeJS.Timeout;
  #isOpen = true;

  /** @param onGone the other end closed, or takes nothing any more. */
  constructor(
    response: Response,
    onGone: () => void,
    timings: EventStreamTimings = EVENT_STREAM_TIMINGS,
  ) {
    this.#response = response;
    this.#timings = timings;
    response.status(200);
    response.set({
      'Content-Type': EVENT_STREAM_TYPE,
      'Cache-Control': 'no-store',
      // nginx holds an answer back until it is whole, unless told so.
      'X-Accel-Buffering': 'no',
    });
    response.write(`retry: ${COME_BACK_MS}\n\n`);
    this.#keepAlive = setInterval(() => {
      // Somebody who does not read what is there needs no proof of life.
      if (!response.writableNeedDrain) response.write(': still here\n\n');
    }, timings.keepAliveMs);
    const gone = (): void => {
      this.#isOpen = false;
      clearInterval(this.#keepAlive);
      onGone();
    };
    response.once('close', gone);
    if (response.destroyed) gone();
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Resolves when the other end has room for more; at once for a stream that is over. */
  async send(id: number, data: unknown): Promise<void> {
    if (!this.#isOpen) return;
    if (!this.#response.write(`id: ${id}\ndata: ${JSON.stringify(data)}\n\n`)) await this.#room();
  }

  end(): void {
    clearInterval(this.#keepAlive);
    if (this.#isOpen) this.#response.end();
  }

  /** Resolves when the other end has read what waits for it, or is gone. */
  #room(): Promise<void> {
    const response = this.#response;
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(stalled);
        response.off('drain', done).off('close', done);
        resolve();
      };
      // Cut, so that its place and its buffer are free.
      const stalled = setTimeout(() => response.destroy(), this.#timings.stalledMs);
      response.once('drain', done).once('close', done);
    });
  }
}
