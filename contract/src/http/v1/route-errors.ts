// Which codes a route may answer: those of its row in the route table, and those that follow from
// what kind of route it is. Read by the OpenAPI description and by tests of whatever serves routes.
import type { ErrorCode } from '../../errors.ts';
import type { Route } from './routes.ts';

const ANY_ROUTE = ['rate_limited', 'internal', 'shutting_down'] as const;
const WITH_INPUT = ['invalid_request'] as const;
const WITH_BODY = ['invalid_json', 'payload_too_large', 'unsupported_media_type'] as const;
const WITH_CREDENTIAL = ['unauthenticated'] as const;
const WITH_INTEGRATOR_KEY = ['credential_expired', 'credential_revoked'] as const;
const WITH_SCOPE = ['scope_missing'] as const;

/** Every code `route` may answer, each once, in no particular order. */
export function errorsOf(route: Route): ErrorCode[] {
  // Also a POST that needs no body may be sent one.
  const hasBody = route.method !== 'GET';
  const hasInput = hasBody || route.params || route.query;
  const carriesCredential = route.auth !== 'none' || route.body !== undefined;
  return [
    ...new Set<ErrorCode>([
      ...route.errors,
      ...(hasInput ? WITH_INPUT : []),
      ...(hasBody ? WITH_BODY : []),
      ...(carriesCredential ? WITH_CREDENTIAL : []),
      ...(route.auth === 'none' ? [] : WITH_INTEGRATOR_KEY),
      ...(route.scope ? WITH_SCOPE : []),
      ...ANY_ROUTE,
    ]),
  ];
}

/** A route that can answer a conflict of keys is one that takes them. */
export const takesIdempotencyKey = (route: Route): boolean =>
  route.errors.includes('idempotency_conflict');
