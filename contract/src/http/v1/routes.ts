// Every route as data: the server binds it, the OpenAPI description and CONTRACT.md's tests read it.
import type { z } from 'zod';
import type { ErrorCode } from '../../errors.ts';
import { Capabilities } from './capabilities.ts';
import { Enrol, Enrolled } from './machines.ts';
import { ExchangeCode, ExchangedCode } from './viewer.ts';
import { SESSION_ROUTES } from './session-routes.ts';
import { MACHINE_ROUTES } from './machine-routes.ts';
import { RELEASE_ROUTES } from './release-routes.ts';
import { WEBHOOK_ROUTES } from './webhook-routes.ts';
import { INTEGRATOR_KEY_ROUTES } from './integrator-key-routes.ts';
import { AUDIT_ROUTES } from './audit-routes.ts';

export const API_BASE = '/api/integration/v1';

export const SCOPES = {
  'sessions:read': 'Read sessions and their events',
  'sessions:write':
    'Create and end sessions, mint viewer codes, remove viewers, change their grants',
  'machines:read': 'Read machines, their keys and agent releases',
  'machines:write': 'Mint enrolment tokens, revoke machine keys',
  'webhooks:read': 'Read webhooks and their deliveries',
  'webhooks:write': 'Create, test, change and remove webhooks, replay deliveries',
  'keys:write': 'Create, list and revoke integrator keys',
  'audit:read': 'Read the audit and its signed checkpoints',
} as const;
export type Scope = keyof typeof SCOPES;

export type Route = {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Path below {@link API_BASE}; `{name}` are parameters. */
  readonly path: string;
  readonly summary: string;
  /**
   * `integrator`: bearer key with `scope`. `optional`: public; a bearer key, if one is sent, has to
   * be valid and changes the answer. `none`: the body itself carries the credential, or public.
   */
  readonly auth: 'integrator' | 'optional' | 'none';
  readonly scope?: Scope;
  readonly params?: z.ZodType;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  readonly status: number;
  /** The JSON of a success; `z.undefined()` where there is none (`form` is `file`). */
  readonly response: z.ZodType;
  /**
   * What a success looks like. `json_or_events`: also a stream of server-sent events, for who
   * accepts that. `file`: bytes, in ranges if asked. Absent: JSON.
   */
  readonly form?: 'json_or_events' | 'file';
  /** Codes beyond those any route may answer (authentication, schema, rate limit, internal). */
  readonly errors: readonly ErrorCode[];
};

export const ROUTES = {
  'capabilities.read': {
    method: 'GET',
    path: '/capabilities',
    summary: 'What this GuruConnect can do, and with a key: what that key can (public, ETag)',
    auth: 'optional',
    status: 200,
    response: Capabilities,
    errors: [],
  },
  ...SESSION_ROUTES,
  ...MACHINE_ROUTES,
  ...RELEASE_ROUTES,
  ...WEBHOOK_ROUTES,
  ...INTEGRATOR_KEY_ROUTES,
  ...AUDIT_ROUTES,
  'agent.enrol': {
    method: 'POST',
    path: '/agent/enrol',
    summary: 'Agent: trade an enrolment token for a registered machine key',
    auth: 'none',
    body: Enrol,
    status: 201,
    response: Enrolled,
    errors: ['credential_expired', 'device_enrolled', 'feature_off'],
  },
  'viewer.exchange': {
    method: 'POST',
    path: '/viewer/exchange',
    summary: 'Viewer: trade a one-time code for a short-lived, key-bound token',
    auth: 'none',
    body: ExchangeCode,
    status: 200,
    response: ExchangedCode,
    errors: [
      'code_invalid',
      'code_used',
      'code_expired',
      'session_ended',
      'origin_not_allowed',
      'limit_reached',
    ],
  },
} as const satisfies Record<string, Route>;
export type RouteName = keyof typeof ROUTES;
