// Every route as data: the server binds it, the OpenAPI description and CONTRACT.md's tests read it.
import type { z } from 'zod';
import type { ErrorCode } from '../../errors.ts';
import { Capabilities } from './capabilities.ts';
import {
  CreatedSession,
  CreateSession,
  CreateViewerCode,
  EndSession,
  EventList,
  ListEvents,
  ListSessions,
  SessionList,
  SessionParams,
  ViewerInvitation,
} from './sessions.ts';
import {
  CreateEnrolmentToken,
  Enrol,
  Enrolled,
  EnrolmentToken,
  ListMachines,
  Machine,
  MachineKey,
  MachineKeyList,
  MachineKeyParams,
  MachineList,
  MachineParams,
} from './machines.ts';
import { ExchangeCode, ExchangedCode } from './viewer.ts';
import { Session } from '../../session.ts';

export const API_BASE = '/api/integration/v1';

export const SCOPES = {
  'sessions:read': 'Read sessions and their events',
  'sessions:write': 'Create and end sessions, mint viewer codes',
  'machines:read': 'Read machines and their keys',
  'machines:write': 'Mint enrolment tokens, revoke machine keys',
} as const;
export type Scope = keyof typeof SCOPES;

export type Route = {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Path below {@link API_BASE}; `{name}` are parameters. */
  readonly path: string;
  readonly summary: string;
  /** `integrator`: bearer key with `scope`. `none`: the body itself carries the credential, or public. */
  readonly auth: 'integrator' | 'none';
  readonly scope?: Scope;
  readonly params?: z.ZodType;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  readonly status: number;
  readonly response: z.ZodType;
  /** Codes beyond those any route may answer (authentication, schema, rate limit, internal). */
  readonly errors: readonly ErrorCode[];
};

export const ROUTES = {
  'capabilities.read': {
    method: 'GET',
    path: '/capabilities',
    summary: 'What this GuruConnect can do (public, ETag)',
    auth: 'none',
    status: 200,
    response: Capabilities,
    errors: [],
  },
  'sessions.create': {
    method: 'POST',
    path: '/sessions',
    summary: 'Pre-create a session and get a one-time viewer code; takes an Idempotency-Key',
    auth: 'integrator',
    scope: 'sessions:write',
    body: CreateSession,
    status: 201,
    response: CreatedSession,
    errors: [
      'no_media_node',
      'machine_quarantined',
      'idempotency_conflict',
      'idempotency_in_progress',
      'feature_off',
      'limit_reached',
    ],
  },
  'sessions.list': {
    method: 'GET',
    path: '/sessions',
    summary: 'List sessions, newest first',
    auth: 'integrator',
    scope: 'sessions:read',
    query: ListSessions,
    status: 200,
    response: SessionList,
    errors: [],
  },
  'sessions.read': {
    method: 'GET',
    path: '/sessions/{session_id}',
    summary: 'Read a session',
    auth: 'integrator',
    scope: 'sessions:read',
    params: SessionParams,
    status: 200,
    response: Session,
    errors: ['session_not_found'],
  },
  'sessions.end': {
    method: 'POST',
    path: '/sessions/{session_id}/end',
    summary: 'End a session; ending an ended one changes nothing and answers the same',
    auth: 'integrator',
    scope: 'sessions:write',
    params: SessionParams,
    body: EndSession,
    status: 200,
    response: Session,
    errors: ['session_not_found'],
  },
  'sessions.events': {
    method: 'GET',
    path: '/sessions/{session_id}/events',
    summary: "A session's journal after a given seq",
    auth: 'integrator',
    scope: 'sessions:read',
    params: SessionParams,
    query: ListEvents,
    status: 200,
    response: EventList,
    errors: ['session_not_found', 'feature_off'],
  },
  'viewer_codes.create': {
    method: 'POST',
    path: '/sessions/{session_id}/viewer-codes',
    summary: 'Mint a one-time code for a further viewer, with the same or narrower grants',
    auth: 'integrator',
    scope: 'sessions:write',
    params: SessionParams,
    body: CreateViewerCode,
    status: 201,
    response: ViewerInvitation,
    errors: ['session_not_found', 'session_ended', 'grant_missing', 'feature_off'],
  },
  'machines.list': {
    method: 'GET',
    path: '/machines',
    summary: 'List machines',
    auth: 'integrator',
    scope: 'machines:read',
    query: ListMachines,
    status: 200,
    response: MachineList,
    errors: [],
  },
  'machines.read': {
    method: 'GET',
    path: '/machines/{device_id}',
    summary: 'Read a machine: presence, monitors, versions',
    auth: 'integrator',
    scope: 'machines:read',
    params: MachineParams,
    status: 200,
    response: Machine,
    errors: ['machine_not_found'],
  },
  'machine_keys.list': {
    method: 'GET',
    path: '/machines/{device_id}/keys',
    summary: "List a machine's keys",
    auth: 'integrator',
    scope: 'machines:read',
    params: MachineParams,
    status: 200,
    response: MachineKeyList,
    errors: ['machine_not_found'],
  },
  'machine_keys.revoke': {
    method: 'POST',
    path: '/machines/{device_id}/keys/{key_id}/revoke',
    summary: 'Revoke a machine key: its live connection closes and its sessions end',
    auth: 'integrator',
    scope: 'machines:write',
    params: MachineKeyParams,
    status: 200,
    response: MachineKey,
    errors: ['machine_not_found', 'not_found'],
  },
  'enrolment_tokens.create': {
    method: 'POST',
    path: '/enrolment-tokens',
    summary: 'Mint a single-use enrolment token for one device',
    auth: 'integrator',
    scope: 'machines:write',
    body: CreateEnrolmentToken,
    status: 201,
    response: EnrolmentToken,
    errors: ['feature_off'],
  },
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
