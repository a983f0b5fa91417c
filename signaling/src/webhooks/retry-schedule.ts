// When a delivery is tried again and when it is given up, pure: what an attempt came to and the
// time go in, what follows comes out.
import type { DeliveryError, DisabledReason, Settled } from '../store/webhooks.ts';

/**
 * Pauses between attempts, seconds: dense for the restart of a receiver, since sessions are short,
 * then as Standard Webhooks proposes, 75 hours in all: a weekend and the morning after.
 */
export const RETRY_SCHEDULE_S: readonly number[] = [
  5, 30, 120, 600, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400,
];

/** A pause may be this much longer, by chance: those who failed together do not come together. */
const JITTER = 0.2;

/** A receiver may ask for a longer pause (Retry-After), but not to be forgotten. */
const MAX_ASKED_PAUSE_MS = 24 * 60 * 60_000;

const GONE = 410;

export type Attempt = {
  /** Absent: no answer came. */
  readonly status?: number | undefined;
  /** Absent: delivered. */
  readonly error?: DeliveryError | undefined;
  readonly retryAfterMs?: number | undefined;
};

export type Situation = {
  /** Failed attempts before this one, since the delivery was created or replayed. */
  readonly retries: number;
  /** When the first of them began; undefined when this is the first. */
  readonly roundStartedAtMs?: number | undefined;
  /** When a delivery of the same webhook last succeeded. */
  readonly lastSuccessAtMs?: number | undefined;
  readonly nowMs: number;
};

/**
 * @param random a number in [0, 1); given by tests.
 */
export function afterAttempt(
  attempt: Attempt,
  situation: Situation,
  scheduleS: readonly number[] = RETRY_SCHEDULE_S,
  random: number = Math.random(),
): Settled['next'] {
  if (attempt.error === undefined) return { kind: 'delivered' };
  if (attempt.status === GONE) return { kind: 'failed', disable: 'gone' };
  const pauseS = scheduleS[situation.retries];
  if (pauseS === undefined) return { kind: 'failed', disable: whenGivenUp(situation) };
  const pauseMs = Math.round(pauseS * 1000 * (1 + JITTER * random));
  const askedMs = Math.min(attempt.retryAfterMs ?? 0, MAX_ASKED_PAUSE_MS);
  return { kind: 'retry', at_ms: situation.nowMs + Math.max(pauseMs, askedMs) };
}

/** A receiver that took nothing else since this delivery was first tried is not there. */
function whenGivenUp({
  roundStartedAtMs,
  lastSuccessAtMs,
  nowMs,
}: Situation): DisabledReason | undefined {
  return (lastSuccessAtMs ?? -Infinity) < (roundStartedAtMs ?? nowMs) ? 'failing' : undefined;
}
