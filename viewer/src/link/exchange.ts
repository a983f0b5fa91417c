// One-time code -> viewer token: the answer understood, and what may be tried again tried again.
import { GcError, Problem, parseOr } from '@guruconnect/contract/errors';
import { EndedSession, ExchangedCode } from '@guruconnect/contract/http/v1/viewer';
import { backoffMs } from '@guruconnect/contract/base/backoff';

/** A code lives 60 s at most: a dead network is worth a few tries, not more. */
const MAX_TRIES = 4;

export type ExchangeOptions = {
  /** Sends the request; called again for each try. */
  readonly send: () => Promise<Response>;
  readonly signal: AbortSignal;
  readonly wait: (ms: number) => Promise<void>;
};

/** Let in; or too late by a moment, and told how the session ended. */
export type ExchangeOutcome =
  { readonly admitted: ExchangedCode } | { readonly ended: EndedSession };

/**
 * @throws GcError with the server's code; `timeout` when it could not be reached. Only failures
 * that may pass by themselves are tried again: a refused code is refused for good.
 */
export async function exchangeCode(options: ExchangeOptions): Promise<ExchangeOutcome> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await exchangeOnce(options.send);
    } catch (thrown) {
      const error = GcError.from(thrown);
      if (!error.retryable || attempt + 1 >= MAX_TRIES || options.signal.aborted) throw error;
      await options.wait(error.retryAfterMs ?? backoffMs(attempt));
    }
  }
}

async function exchangeOnce(send: ExchangeOptions['send']): Promise<ExchangeOutcome> {
  let response: Response;
  let body: unknown;
  try {
    response = await send();
    body = await response.json();
  } catch (cause) {
    throw new GcError('timeout', 'The GuruConnect server could not be reached', { cause });
  }
  if (response.ok) return { admitted: parseOr(ExchangedCode, body, 'The answer to the exchange') };
  const problem = Problem.safeParse(body);
  if (!problem.success)
    throw new GcError('internal', `The server answered ${response.status} without a problem`);
  const { code, detail, retryable } = problem.data;
  const ended = EndedSession.safeParse(problem.data['ended']);
  if (code === 'session_ended' && ended.success) return { ended: ended.data };
  const retryAfterS = Number(response.headers.get('retry-after') ?? Number.NaN);
  throw GcError.fromWire({
    code,
    detail,
    retryable,
    ...(Number.isFinite(retryAfterS) ? { retry_after_ms: Math.ceil(retryAfterS * 1000) } : {}),
  });
}
