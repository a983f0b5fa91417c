// Routes of integrator keys, as data (routes.ts has all of them).
import {
  CreateIntegratorKey,
  IntegratorKey,
  IntegratorKeyList,
  IntegratorKeyParams,
  IntegratorKeyWithSecret,
} from './integrator-keys.ts';
import type { Route } from './routes.ts';

export const INTEGRATOR_KEY_ROUTES = {
  'integrator_keys.create': {
    method: 'POST',
    path: '/integrator-keys',
    summary: 'Mint an integrator key with scopes of your own; the key is told only now',
    auth: 'integrator',
    scope: 'keys:write',
    body: CreateIntegratorKey,
    status: 201,
    response: IntegratorKeyWithSecret,
    errors: ['limit_reached'],
  },
  'integrator_keys.list': {
    method: 'GET',
    path: '/integrator-keys',
    summary: "List integrator keys: those of the operator's environment, then minted ones",
    auth: 'integrator',
    scope: 'keys:write',
    status: 200,
    response: IntegratorKeyList,
    errors: [],
  },
  'integrator_keys.revoke': {
    method: 'POST',
    path: '/integrator-keys/{key_id}/revoke',
    summary: 'Revoke a minted key at once; revoking it again changes nothing',
    auth: 'integrator',
    scope: 'keys:write',
    params: IntegratorKeyParams,
    status: 200,
    response: IntegratorKey,
    errors: ['not_found', 'illegal_transition'],
  },
} as const satisfies Record<string, Route>;
