// Routes of the audit, as data (routes.ts has all of them).
import { AuditEntryList, CheckpointList, ListCheckpoints, ReadAudit } from './audit.ts';
import type { Route } from './routes.ts';

export const AUDIT_ROUTES = {
  'audit.list': {
    method: 'GET',
    path: '/audit',
    summary: "Entries of the server's audit chain, or of one session's, oldest first",
    auth: 'integrator',
    scope: 'audit:read',
    query: ReadAudit,
    status: 200,
    response: AuditEntryList,
    errors: ['session_not_found', 'feature_off'],
  },
  'audit.checkpoints': {
    method: 'GET',
    path: '/audit/checkpoints',
    summary: "Signed checkpoints of the server's audit chain, and the keys that verify them",
    auth: 'integrator',
    scope: 'audit:read',
    query: ListCheckpoints,
    status: 200,
    response: CheckpointList,
    errors: ['feature_off'],
  },
} as const satisfies Record<string, Route>;
