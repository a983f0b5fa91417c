// Audit routes: entries and checkpoints as the store has them.
import type { FeatureGate } from '../../features.ts';
import type { SessionManager } from '../../session/session-manager.ts';
import type { AuditStore } from '../../store/audit.ts';
import type { RouteHandlers } from '../bind-routes.ts';

export type AuditRoutesParts = {
  readonly audit: AuditStore;
  readonly sessions: SessionManager;
  readonly gate: FeatureGate;
};

export function auditRoutes({
  audit,
  sessions,
  gate,
}: AuditRoutesParts): Pick<RouteHandlers, 'audit.list' | 'audit.checkpoints'> {
  return {
    'audit.list': async ({ query: { session_id, after, limit } }) => {
      gate.require();
      if (session_id === undefined) {
        const entries = await audit.entries(after, limit);
        return { entries, last_seq: (await audit.last())?.seq ?? 0 };
      }
      const { last_seq } = await sessions.read(session_id);
      return { entries: await audit.sessionEntries(session_id, after, limit), last_seq };
    },

    'audit.checkpoints': async ({ query: { after, limit } }) => {
      gate.require();
      const keys = await audit.keys();
      return {
        checkpoints: await audit.checkpoints(after, limit),
        keys: keys.map(({ key_id, public_key, created_at_ms }) => ({
          key_id,
          public_key,
          created_at: new Date(created_at_ms).toISOString(),
        })),
      };
    },
  };
}
