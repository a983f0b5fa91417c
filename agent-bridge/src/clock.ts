// Time as an argument: what waits or measures takes a Clock, so that tests can move it.

export interface Clock {
  /** Monotonic milliseconds. */
  nowMs(): number;
  /** Milliseconds since 1970 that rise with `nowMs`, whatever becomes of the system's clock. */
  unixMs(): number;
  /** @returns a function that cancels; harmless afterwards. */
  after(ms: number, callback: () => void): () => void;
}

export const systemClock: Clock = {
  nowMs: () => performance.now(),
  unixMs: () => performance.timeOrigin + performance.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};
