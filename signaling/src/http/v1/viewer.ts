// The exchange: a viewer's page trades its one-time code for a token bound to its own key. Only the
// page we serve may do that, so another site can not spend a code it got hold of in a browser.
import { GcError } from '@guruconnect/contract/errors';
import type { SessionManager } from '../../session/session-manager.ts';
import type { RouteHandlers } from '../bind-routes.ts';

export function viewerRoutes(
  sessions: SessionManager,
  publicUrl: string,
): Pick<RouteHandlers, 'viewer.exchange'> {
  return {
    'viewer.exchange': async ({ body: { session_id, code, public_key }, header }) => {
      if (header('origin') !== publicUrl) throw new GcError('origin_not_allowed');
      const { viewer, record, issued } = await sessions.exchange(session_id, code, public_key);
      return {
        token: issued.token,
        expires_at: new Date(issued.expires_at_ms).toISOString(),
        viewer_id: viewer.id,
        session_id,
        grants: viewer.grants,
        embed_origins: record.embed_origins,
      };
    },
  };
}
