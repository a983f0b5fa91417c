// One thing after the other: the commands of one session never overlap, so closing and opening
// cannot interleave. Bounded: what does not fit is refused at once instead of waiting forever.
import { GcError } from '@guruconnect/contract/errors';

export class SerialQueue {
  readonly #limit: number;
  #tail: Promise<unknown> = Promise.resolve();
  #pending = 0;

  /** @param limit how many may wait behind the one that runs. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Running and waiting. */
  get pending(): number {
    return this.#pending;
  }

  /**
   * Runs `step` after everything asked before it, whatever became of that.
   * @throws GcError `limit_reached` when too many wait; else what `step` throws.
   */
  async run<T>(step: () => Promise<T> | T): Promise<T> {
    if (this.#pending > this.#limit)
      throw new GcError('limit_reached', `${this.#limit} commands of this session are waiting`);
    return await this.runAlways(step);
  }

  /** For what takes something away (close, withdraw): it is in order too, but never refused. */
  async runAlways<T>(step: () => Promise<T> | T): Promise<T> {
    this.#pending += 1;
    const outcome = this.#tail.then(step);
    this.#tail = outcome.catch(() => {
      // told to the caller of this step; the next one does not care
    });
    try {
      return await outcome;
    } finally {
      this.#pending -= 1;
    }
  }
}

/** A serial queue per key that exists only while something runs or waits in it. */
export class KeyedQueues<Key> {
  readonly #limit: number;
  readonly #queues = new Map<Key, SerialQueue>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#queues.size;
  }

  async run<T>(key: Key, step: () => Promise<T> | T): Promise<T> {
    return await this.#using(key, (queue) => queue.run(step));
  }

  async runAlways<T>(key: Key, step: () => Promise<T> | T): Promise<T> {
    return await this.#using(key, (queue) => queue.runAlways(step));
  }

  async #using<T>(key: Key, use: (queue: SerialQueue) => Promise<T>): Promise<T> {
    const queue = this.#queues.get(key) ?? new SerialQueue(this.#limit);
    this.#queues.set(key, queue);
    try {
      return await use(queue);
    } finally {
      if (queue.pending === 0 && this.#queues.get(key) === queue) this.#queues.delete(key);
    }
  }
}
