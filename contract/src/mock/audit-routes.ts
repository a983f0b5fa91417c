// The audit routes of the mock broker, and the table of routes whose success is an entry of its audit.
import type { AuditActName } from '../audit.ts';
import type { RouteName } from '../http/v1/routes.ts';
import type { MockFeatures } from './features.ts';
import type { MockAudit } from './mock-audit.ts';
import type { MockSessions } from './mock-sessions.ts';
import type { RouteHandlers } from './serve-routes.ts';

type AuditRoute = 'audit.list' | 'audit.checkpoints';

export function auditRoutes(
  audit: MockAudit,
  sessions: MockSessions,
  features: MockFeatures,
): Pick<RouteHandlers, AuditRoute> {
  return {
    'audit.list': ({ query: { session_id, after, limit } }) => {
      features.require('audit_log');
      if (session_id !== undefined) sessions.read(session_id);
      return audit.entries(session_id, after, limit);
    },
    'audit.checkpoints': ({ query: { after, limit } }) => {
      features.require('audit_log');
      return audit.checkpoints(after, limit);
    },
  };
}

/** The act, the kind of its subject, and which field of the answer or of the path names that. */
const ACTS: Readonly<Partial<Record<RouteName, readonly [AuditActName, string, string]>>> = {
  'viewer_codes.create': ['viewer_code.minted', 'session', 'session_id'],
  'viewer.exchange': ['viewer_code.exchanged', 'session', 'session_id'],
  'integrator_keys.create': ['integrator_key.minted', 'integrator_key', 'id'],
  'integrator_keys.revoke': ['integrator_key.revoked', 'integrator_key', 'id'],
  'enrolment_tokens.create': ['enrolment_token.minted', 'enrolment_token', 'id'],
  'agent.enrol': ['machine.enrolled', 'machine_key', 'key_id'],
  'machine_keys.revoke': ['machine_key.revoked', 'machine_key', 'id'],
  'webhooks.create': ['webhook.created', 'webhook', 'id'],
  'webhooks.remove': ['webhook.removed', 'webhook', 'id'],
  'webhooks.enable': ['webhook.enabled', 'webhook', 'id'],
  'webhooks.disable': ['webhook.disabled', 'webhook', 'id'],
  'webhooks.rotate_secret': ['webhook.secret_rotated', 'webhook', 'id'],
};

type AnyCall = {
  readonly caller?: { readonly id: string } | undefined;
  readonly params?: Readonly<Record<string, unknown>> | undefined;
};

/** The same handlers, which write an entry when they have succeeded. */
export function audited(handlers: RouteHandlers, audit: MockAudit): RouteHandlers {
  const wrapped = (name: RouteName, handle: (call: never) => unknown) => {
    const [act, kind, field] = ACTS[name] ?? [];
    if (act === undefined || kind === undefined || field === undefined) return handle;
    return async (call: AnyCall): Promise<unknown> => {
      const answer = await handle(call as never);
      const named = { ...call.params, ...(answer as Record<string, unknown>) };
      const { caller } = call;
      audit.act({
        act,
        actor: caller ? { kind: 'integrator', id: caller.id } : { kind: 'unknown' },
        subject: { kind, id: String(named[field]) },
      });
      return answer;
    };
  };
  return Object.fromEntries(
    Object.entries(handlers).map(([name, handle]) => [
      name,
      wrapped(name as RouteName, handle as (call: never) => unknown),
    ]),
  ) as unknown as RouteHandlers;
}
