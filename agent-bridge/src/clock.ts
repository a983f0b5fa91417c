// Time as an argument: what waits or measures takes a Clock, so that tests can move it.

export interface Clock {
  /** Monotonic milliseconds. */
  nowMs(): number;
  /** @returns a function that cancels; harmless afterwards. */
  after(ms: number, callback: () => void): () => void;
}

export const systemClock: Clock = {
  nowMs: () => performance.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};
