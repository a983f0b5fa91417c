// One request and its answer over fetch, and everything that can go wrong on the way brought to one
// form. Repeating is not decided here.
import { GcError, Problem } from '../errors.ts';
import type { HttpRequest } from './route-request.ts';
import type { Failure } from './retry-policy.ts';

/** The part of the standard `fetch` that is used; anything that behaves like it will do. */
export type Fetch = (
  url: string,
  init: { method: string; headers: Record<string, string>; body?: string; signal?: AbortSignal },
) => Promise<{
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  text(): Promise<string>;
}>;

export type Answer = {
  readonly status: number;
  /** Undefined when there is no body, or none that is JSON. */
  readonly json: unknown;
  header(name: string): string | undefined;
};

export type Exchanged = { readonly answer: Answer } | { readonly failure: Failure };

/**
 * @param timeoutMs for the whole answer, milliseconds.
 * @throws the caller's own abort reason; everything else is a failure.
 */
export async function exchange(
  fetch: Fetch,
  request: HttpRequest,
  headers: Record<string, string>,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<Exchanged> {
  signal?.throwIfAborted();
  const deadline = AbortSignal.timeout(timeoutMs);
  let answer: Answer;
  try {
    const response = await fetch(request.url, {
      method: request.method,
      headers,
      ...(request.body === undefined ? {} : { body: request.body }),
      signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
    });
    const text = await response.text();
    answer = {
      status: response.status,
      json: parsed(text),
      header: (name) => response.headers.get(name) ?? undefined,
    };
  } catch (cause) {
    signal?.throwIfAborted();
    const why = deadline.aborted ? `none within ${timeoutMs} ms` : 'the connection failed';
    const error = new GcError('timeout', `no answer from GuruConnect: ${why}`, { cause });
    return { failure: { error, retryable: true, mayHaveHappened: true } };
  }
  if (answer.status < 400) return { answer };
  return { failure: failureOf(answer) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Statuses that a proxy before GuruConnect gives while it can not be reached. */
const GATEWAY = new Set([502, 503, 504]);

function failureOf(answer: Answer): Failure {
  const problem = Problem.safeParse(answer.json);
  const retryAfterMs = retryAfterMsOf(answer.header('retry-after'));
  if (!problem.success) {
    const error = new GcError('internal', `answer ${answer.status} without a problem document`, {
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
    return {
      error,
      retryable: GATEWAY.has(answer.status) || answer.status === 429,
      mayHaveHappened: answer.status >= 500,
    };
  }
  const { code, detail, retryable, errors, session_id } = problem.data;
  const error = GcError.fromWire({
    code,
    detail,
    retryable,
    ...(errors ? { errors } : {}),
    ...(session_id === undefined ? {} : { session_id }),
    ...(retryAfterMs === undefined ? {} : { retry_after_ms: retryAfterMs }),
  });
  // 503 with a problem document is GuruConnect itself saying that it did not begin.
  return { error, retryable, mayHaveHappened: answer.status >= 500 && answer.status !== 503 };
}

/** Seconds or an HTTP date (RFC 9110, 10.2.3), as milliseconds from now. */
export function retryAfterMsOf(
  value: string | undefined,
  nowMs: number = Date.now(),
): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,9}$/.test(value.trim())) return Number(value) * 1000;
  const atMs = value.endsWith('GMT') ? Date.parse(value) : NaN;
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - nowMs);
}
