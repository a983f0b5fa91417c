// The bearer key of a request -> the integrator, within its rate and with the route's scope.
import type { Request, Response } from 'express';
import { GcError } from '@guruconnect/contract/errors';
import { SCOPES, type Scope } from '@guruconnect/contract/http/v1/routes';
import type { Integrator, IntegratorKeys } from '../keys/integrator-keys.ts';
import type { RateLimits } from './rate-limits.ts';

/**
 * A valid key is never held up by what others at its address got wrong.
 * @throws GcError `unauthenticated`, `credential_expired`, `credential_revoked`, `rate_limited`,
 * `scope_missing`.
 */
export async function authenticate(
  request: Request,
  response: Response,
  scope: Scope | undefined,
  keys: IntegratorKeys,
  limits: RateLimits,
): Promise<Integrator> {
  let integrator: Integrator;
  try {
    integrator = await keys.verify(request.headers.authorization);
  } catch (error) {
    await limits.failed(request);
    throw error;
  }
  await limits.integrator(integrator.keyId, response);
  if (scope !== undefined && !integrator.scopes.has(scope))
    throw new GcError('scope_missing', `This needs the scope ${scope} (${SCOPES[scope]})`);
  return integrator;
}
