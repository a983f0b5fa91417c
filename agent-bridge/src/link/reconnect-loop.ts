// The one loop that keeps something connected: connect, wait until it is lost, wait a little longer
// each time it fails, again, for ever. Used by SignalLink and for enrolment.
import { backoffMs } from '@guruconnect/contract/base/backoff';
import { GcError } from '@guruconnect/contract/errors';
import type { Clock } from '../clock.ts';

export interface ReconnectOptions {
  /** Resolves when connected, with a promise that settles when that is lost. */
  readonly connect: () => Promise<{ readonly lost: Promise<void> }>;
  /** After each attempt: gives back what it opened. */
  readonly drop: () => void;
  /** No further attempt can cure it. */
  readonly isPermanent: (error: GcError) => boolean;
  /** @param attempt failures in a row before this one. */
  readonly onFailed: (error: GcError, attempt: number) => void;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** A connection that held this long is a good one: the next attempt comes quickly again. */
export const STABLE_MS = 10_000;

/** Resolves when aborted. @throws GcError that is permanent. */
export async function keepConnected(options: ReconnectOptions): Promise<void> {
  const { connect, drop, isPermanent, onFailed, clock, signal } = options;
  let failures = 0;
  while (!signal.aborted) {
    const startedMs = clock.nowMs();
    try {
      const { lost } = await connect();
      await lost;
    } catch (thrown) {
      const error = GcError.from(thrown);
      if (isPermanent(error)) throw error;
      if (!signal.aborted) onFailed(error, failures);
    } finally {
      drop();
    }
    if (clock.nowMs() - startedMs > STABLE_MS) failures = 0;
    await wait(backoffMs(failures), clock, signal);
    failures += 1;
  }
}

/** Tries until it succeeds. @throws GcError that is permanent; undefined when aborted before. */
export async function untilDone<T>(
  attempt: () => Promise<T>,
  options: Omit<ReconnectOptions, 'connect' | 'drop'>,
): Promise<T | undefined> {
  let result: { readonly value: T } | undefined;
  const done = new AbortController();
  await keepConnected({
    ...options,
    connect: async () => {
      result = { value: await attempt() };
      done.abort();
      return { lost: Promise.resolve() };
    },
    drop: () => undefined,
    signal: AbortSignal.any([options.signal, done.signal]),
  });
  return result?.value;
}

async function wait(ms: number, clock: Clock, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const cancel = clock.after(ms, done);
    function done(): void {
      cancel();
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done);
  });
}
