// The first second of a viewer: its key, and the request that trades the code. Imports nothing, so
// that a page can begin with it before it has evaluated everything else (begin.ts).
import type { ExchangeCode } from '@guruconnect/contract/http/v1/viewer';

/** As the route table says (a test compares): the table itself would bring all schemas along. */
export const EXCHANGE_PATH = '/api/integration/v1/viewer/exchange';

export type OpeningRequest = {
  /** Origin of the GuruConnect server. */
  readonly serverUrl: string;
  readonly sessionId: string;
  readonly code: string;
};

/** What is under way: all may reject, and whoever takes them over handles that. */
export type Opening = {
  readonly keys: Promise<CryptoKeyPair>;
  /** The request has left. */
  readonly sent: Promise<void>;
  readonly response: Promise<Response>;
};

export function beginOpening(request: OpeningRequest): Opening {
  const keys = generateKeys();
  const sent = Promise.withResolvers<void>();
  const response = keys.then((pair) => requestExchange(request, pair, { onSent: sent.resolve }));
  response.catch(sent.reject);
  // Nobody may be there yet to hear of a failure.
  for (const each of [keys, sent.promise, response]) each.catch(() => undefined);
  return { keys, sent: sent.promise, response };
}

/** Not extractable: it can be used by this page and taken by nobody. */
export const generateKeys = (): Promise<CryptoKeyPair> =>
  crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify']);

/** The code leaves only in this request's body. @throws TypeError when there is no network. */
export async function requestExchange(
  { serverUrl, sessionId, code }: OpeningRequest,
  pair: CryptoKeyPair,
  options: { readonly signal?: AbortSignal; readonly onSent?: () => void } = {},
): Promise<Response> {
  const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', pair.publicKey);
  const response = fetch(new URL(EXCHANGE_PATH, serverUrl), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      session_id: sessionId,
      code,
      public_key: { kty, crv, x, y },
    } as ExchangeCode),
    credentials: 'omit',
    cache: 'no-store',
    referrerPolicy: 'no-referrer',
    ...(options.signal ? { signal: options.signal } : {}),
  });
  options.onSent?.();
  return response;
}
