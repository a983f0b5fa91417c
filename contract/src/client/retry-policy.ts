// When a request is sent again. Pure: what went wrong and which try it was, out comes a delay.
import { backoffMs, type BackoffPolicy } from '../base/backoff.ts';
import type { GcError } from '../errors.ts';
import { takesIdempotencyKey } from '../http/v1/route-errors.ts';
import { ROUTES, type Route, type RouteName } from '../http/v1/routes.ts';

export type RetryPolicy = {
  /** Further tries after the first; 0 turns repeating off. */
  readonly retries: number;
  /** A longer Retry-After is told to the caller instead of slept through, milliseconds. */
  readonly longestWaitMs: number;
  readonly backoff: BackoffPolicy;
};

export const RETRY: RetryPolicy = {
  retries: 4,
  longestWaitMs: 30_000,
  backoff: { firstMs: 250, maxMs: 8_000, factor: 2, jitter: 0.5 },
};

export type Failure = {
  readonly error: GcError;
  /** What the answer said, which for a code of a newer build is more than our own table knows. */
  readonly retryable: boolean;
  /** The request may have been carried out all the same: no answer, or one of a gateway. */
  readonly mayHaveHappened: boolean;
};

/** Doing it again changes nothing: the summaries of the routes promise it. */
const HARMLESS_TWICE: ReadonlySet<RouteName> = new Set([
  'sessions.end',
  'viewers.remove',
  'viewers.set_grants',
  'machine_keys.revoke',
  'integrator_keys.revoke',
  'webhooks.enable',
  'webhooks.disable',
]);

export const isRepeatable = (name: RouteName): boolean => {
  const route: Route = ROUTES[name];
  return route.method === 'GET' || takesIdempotencyKey(route) || HARMLESS_TWICE.has(name);
};

/**
 * @param attempt 0 after the first try.
 * @returns milliseconds until the next try, or undefined to give up and tell the caller.
 */
export function retryDelayMs(
  name: RouteName,
  attempt: number,
  failure: Failure,
  policy: RetryPolicy = RETRY,
  random?: number,
): number | undefined {
  if (!failure.retryable || attempt >= policy.retries) return undefined;
  if (failure.mayHaveHappened && !isRepeatable(name)) return undefined;
  const asked = failure.error.retryAfterMs ?? 0;
  if (asked > policy.longestWaitMs) return undefined;
  return Math.max(asked, backoffMs(attempt, policy.backoff, random));
}
