// One-time code -> viewer token. The code leaves this function only in the request's body.
import { GcError, Problem, parseOr } from '@guruconnect/contract/errors';
import { API_BASE, ROUTES } from '@guruconnect/contract/http/v1/routes';
import { ExchangedCode, type ExchangeCode } from '@guruconnect/contract/http/v1/viewer';
import { backoffMs } from '@guruconnect/contract/base/backoff';

/** A code lives 60 s at most: a dead network is worth a few tries, not more. */
const MAX_TRIES = 4;

export type ExchangeOptions = {
  /** Origin of the GuruConnect server. */
  readonly serverUrl: string;
  readonly request: ExchangeCode;
  readonly fetch: typeof fetch;
  readonly signal: AbortSignal;
  readonly wait: (ms: number) => Promise<void>;
};

/**
 * @throws GcError with the server's code; `timeout` when it could not be reached. Only failures
 * that may pass by themselves are tried again: a refused code is refused for good.
 */
export async function exchangeCode(options: ExchangeOptions): Promise<ExchangedCode> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await exchangeOnce(options);
    } catch (thrown) {
      const error = GcError.from(thrown);
      if (!error.retryable || attempt + 1 >= MAX_TRIES || options.signal.aborted) throw error;
      await options.wait(error.retryAfterMs ?? backoffMs(attempt));
    }
  }
}

async function exchangeOnce(options: ExchangeOptions): Promise<ExchangedCode> {
  const route = ROUTES['viewer.exchange'];
  let response: Response;
  let body: unknown;
  try {
    response = await options.fetch(new URL(`${API_BASE}${route.path}`, options.serverUrl), {
      method: route.method,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(options.request),
      credentials: 'omit',
      cache: 'no-store',
      referrerPolicy: 'no-referrer',
      signal: options.signal,
    });
    body = await response.json();
  } catch (cause) {
    throw new GcError('timeout', 'The GuruConnect server could not be reached', { cause });
  }
  if (response.ok) return parseOr(ExchangedCode, body, 'The answer to the exchange');
  const problem = Problem.safeParse(body);
  if (!problem.success)
    throw new GcError('internal', `The server answered ${response.status} without a problem`);
  const { code, detail, retryable } = problem.data;
  const retryAfterS = Number(response.headers.get('retry-after') ?? Number.NaN);
  throw GcError.fromWire({
    code,
    detail,
    retryable,
    ...(Number.isFinite(retryAfterS) ? { retry_after_ms: Math.ceil(retryAfterS * 1000) } : {}),
  });
}
