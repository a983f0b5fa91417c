// Session routes: HTTP words into calls of SessionManager, records into contract answers.
import { SessionId } from '@guruconnect/contract/ids';
import { IDEMPOTENCY_KEY_HEADER } from '@guruconnect/contract/http/v1/headers';
import type { ViewerInvitation } from '@guruconnect/contract/http/v1/sessions';
import type { z } from 'zod';
import { integratorActor } from '../../audit/actors.ts';
import type { ViewerCodes } from '../../keys/viewer-codes.ts';
import type { CreatedAnswer, SessionManager } from '../../session/session-manager.ts';
import { sessionView, viewersView } from '../../session/session-view.ts';
import type { RouteHandlers } from '../bind-routes.ts';
import type { Idempotency } from '../idempotency.ts';
import { cursorKey, page } from './cursor.ts';

export type SessionRoutesParts = {
  readonly sessions: SessionManager;
  readonly codes: ViewerCodes;
  readonly idempotency: Idempotency<CreatedAnswer>;
  readonly publicUrl: string;
};

type SessionRoutes = Pick<
  RouteHandlers,
  | 'sessions.create'
  | 'sessions.list'
  | 'sessions.read'
  | 'sessions.end'
  | 'sessions.quality'
  | 'viewers.list'
  | 'viewers.remove'
  | 'viewers.set_grants'
  | 'viewer_codes.create'
>;

export function sessionRoutes({
  sessions,
  codes,
  idempotency,
  publicUrl,
}: SessionRoutesParts): SessionRoutes {
  const invitation = (
    id: SessionId,
    code: string,
    expiresAtMs: number,
  ): z.input<typeof ViewerInvitation> => ({
    url: `${publicUrl}/viewer/${id}`,
    code,
    code_expires_at: new Date(expiresAtMs).toISOString(),
  });

  return {
    'sessions.create': async ({ body, integrator, header }) => {
      const { session, nonce, code_expires_at_ms } = await idempotency.run(
        integrator.id,
        header(IDEMPOTENCY_KEY_HEADER),
        body,
        (keep) => sessions.create(body, integratorActor(integrator), keep),
      );
      const code = codes.derive(session.id, nonce);
      return { ...session, viewer: invitation(session.id, code, code_expires_at_ms) };
    },

    'sessions.list': async ({ query: { cursor, limit, device_id, state, client_ref } }) => {
      const found = await sessions.list({
        device_id,
        state,
        client_ref,
        before: cursorKey(SessionId, cursor),
        limit: limit + 1,
      });
      const { entries, ...next } = page(found, limit, ({ id }) => id);
      return { sessions: entries.map(sessionView), ...next };
    },

    'sessions.read': async ({ params }) => sessionView(await sessions.read(params.session_id)),

    'sessions.end': async ({ params: { session_id }, body: { reason }, integrator }) => {
      const by = integratorActor(integrator);
      return sessionView(await sessions.end(session_id, 'integrator_ended', reason, by));
    },

    'sessions.quality': ({ params }) => sessions.quality(params.session_id),

    'viewers.list': async ({ params }) => ({
      viewers: viewersView(await sessions.read(params.session_id)),
    }),

    'viewers.remove': async ({ params: { session_id, viewer_id }, integrator }) => ({
      viewers: viewersView(
        await sessions.removeViewer(session_id, viewer_id, integratorActor(integrator)),
      ),
    }),

    'viewers.set_grants': async ({ params: { session_id, viewer_id }, body, integrator }) => {
      const by = integratorActor(integrator);
      const record = await sessions.setViewerGrants(session_id, viewer_id, body.grants, by);
      return { viewers: viewersView(record) };
    },

    'viewer_codes.create': async ({ params: { session_id }, body, integrator }) => {
      const by = integratorActor(integrator);
      const { code, expires_at_ms } = await sessions.mintCode(session_id, body, by);
      return invitation(session_id, code, expires_at_ms);
    },
  };
}
