// Any error -> a problem document (RFC 9457) by the contract's table. The only place that writes
// the status of a refusal.
import type { Response } from 'express';
import type { GcError } from '@guruconnect/contract/errors';
import { PROBLEM_TYPE } from '@guruconnect/contract/http/v1/headers';

/** How the request is called in the logs; also the `instance` of its problem document. */
export const requestName = (requestId: string): string => `urn:guruconnect:request:${requestId}`;

const SECOND_MS = 1000;

export function sendProblem(response: Response, error: GcError, requestId: string): void {
  if (response.headersSent) {
    // Half an answer can not become another one: cut it, so that nobody takes it for whole.
    response.destroy();
    return;
  }
  if (error.retryAfterMs !== undefined)
    response.set('Retry-After', String(Math.max(1, Math.ceil(error.retryAfterMs / SECOND_MS))));
  if (error.status === 401) response.set('WWW-Authenticate', 'Bearer realm="guruconnect"');
  response
    .status(error.status)
    .set('Cache-Control', 'no-store')
    .type(PROBLEM_TYPE)
    .send(JSON.stringify(error.toProblem(requestName(requestId))));
}
