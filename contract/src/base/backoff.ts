// When to try again. One policy object for every loop that reconnects or restarts something.

export type BackoffPolicy = {
  readonly firstMs: number;
  readonly maxMs: number;
  readonly factor: number;
  /** Share of the delay that is random (0..1): many agents must not come back in one instant. */
  readonly jitter: number;
};

export const RECONNECT: BackoffPolicy = { firstMs: 200, maxMs: 15_000, factor: 1.8, jitter: 0.5 };

/**
 * Delay before attempt `attempt` (0 is the first retry), milliseconds.
 * @param random a number in [0, 1); given by tests.
 */
export function backoffMs(
  attempt: number,
  policy: BackoffPolicy = RECONNECT,
  random: number = Math.random(),
): number {
  const full = Math.min(policy.maxMs, policy.firstMs * policy.factor ** attempt);
  return Math.round(full * (1 - policy.jitter * random));
}
