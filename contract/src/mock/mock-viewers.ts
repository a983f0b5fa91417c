// Who gets into the mock's viewer: one-time codes, the tokens they are traded for, and who was sent
// away. Owned by MockBroker.
import { randomBytes } from 'node:crypto';
import { GcError } from '../errors.ts';
import type { Grant } from '../grants.ts';
import type { ViewerInvitation } from '../http/v1/sessions.ts';
import { newId, type SessionId, type ViewerId } from '../ids.ts';
import type { Session, Technician } from '../session.ts';
import { VIEWER_TOKEN } from '../tokens.ts';
import type { MockSessions } from './mock-sessions.ts';
import { viewerGrants, viewerJoined, viewerLeft } from './session-steps.ts';

export const VIEWER_CODE_S = 60;
export const VIEWERS_PER_SESSION = 16;

type Code = {
  readonly sessionId: SessionId;
  readonly technician: Technician;
  readonly grants: readonly Grant[];
  readonly expiresAtMs: number;
  used: boolean;
};
export type Admitted = {
  readonly id: ViewerId;
  readonly sessionId: SessionId;
  readonly technician: Technician;
  grants: readonly Grant[];
  readonly token: string;
  readonly expiresAtMs: number;
  removed: boolean;
};

const secret = (prefix: string): string => `${prefix}_${randomBytes(32).toString('base64url')}`;

export class MockViewers {
  readonly #sessions: MockSessions;
  readonly #codes = new Map<string, Code>();
  readonly #admitted = new Map<ViewerId, Admitted>();

  constructor(sessions: MockSessions) {
    this.#sessions = sessions;
  }

  invite(
    session: Session,
    baseUrl: string,
    technician: Technician,
    grants: readonly Grant[],
  ): ViewerInvitation {
    const code = secret('gcv');
    const expiresAtMs = Date.now() + VIEWER_CODE_S * 1000;
    this.#codes.set(code, { sessionId: session.id, technician, grants, expiresAtMs, used: false });
    return {
      url: `${baseUrl}/viewer/${session.id}`,
      code,
      code_expires_at: new Date(expiresAtMs).toISOString(),
    };
  }

  /** @throws GcError `code_invalid`, `code_used`, `code_expired`, `session_ended`, `limit_reached`. */
  exchange(sessionId: SessionId, text: string): Admitted {
    const there = [...this.#admitted.values()].filter(
      (viewer) => viewer.sessionId === sessionId && !viewer.removed,
    );
    if (there.length >= VIEWERS_PER_SESSION)
      throw new GcError('limit_reached', `A session has ${VIEWERS_PER_SESSION} viewers at most`);
    const code = this.#codes.get(text);
    if (code?.sessionId !== sessionId) throw new GcError('code_invalid');
    if (code.used) throw new GcError('code_used');
    if (code.expiresAtMs <= Date.now()) throw new GcError('code_expired');
    code.used = true;
    this.#sessions.readOpen(sessionId);
    const { technician, grants } = code;
    const viewer: Admitted = {
      id: newId('vwr'),
      sessionId,
      technician,
      grants,
      token: secret('gcmock'),
      expiresAtMs: Date.now() + VIEWER_TOKEN.lifetimeS * 1000,
      removed: false,
    };
    this.#admitted.set(viewer.id, viewer);
    return viewer;
  }

  /** @throws GcError `unauthenticated`, `credential_expired`, `credential_revoked`. */
  byToken(authorization: string | undefined): Admitted {
    const viewer = [...this.#admitted.values()].find(
      ({ token }) => authorization === `Bearer ${token}`,
    );
    if (!viewer) throw new GcError('unauthenticated', 'No such viewer token');
    if (viewer.removed) throw new GcError('credential_revoked', 'The viewer was removed');
    if (viewer.expiresAtMs <= Date.now()) throw new GcError('credential_expired');
    return viewer;
  }

  join({ id, sessionId, technician, grants }: Admitted): void {
    const session = this.#sessions.read(sessionId);
    if (session.state === 'ended' || session.viewers.some((viewer) => viewer.id === id)) return;
    const joined_at = new Date().toISOString();
    const viewer = { id, technician, grants: [...grants], joined_at };
    this.#sessions.write(sessionId, viewerJoined(session, viewer));
  }

  leave({ id, sessionId }: Admitted, reason?: 'removed'): void {
    const session = this.#sessions.read(sessionId);
    if (!session.viewers.some((viewer) => viewer.id === id)) return;
    this.#sessions.write(sessionId, viewerLeft(session, id, reason));
  }

  /** @throws GcError `session_not_found`, `session_ended`, `not_found`. */
  setGrants(sessionId: SessionId, id: ViewerId, grants: Grant[]): Session {
    const session = this.#sessions.readOpen(sessionId);
    const viewer = this.#admitted.get(id);
    if (viewer?.sessionId !== sessionId || viewer.removed)
      throw new GcError('not_found', 'The session has no such viewer');
    viewer.grants = grants;
    const there = session.viewers.find((one) => one.id === id);
    if (there && JSON.stringify(there.grants) !== JSON.stringify(grants))
      this.#sessions.write(sessionId, viewerGrants(session, id, grants));
    return this.#sessions.read(sessionId);
  }

  /** @throws GcError `session_not_found`, `session_ended`, `not_found`. */
  remove(sessionId: SessionId, id: ViewerId): Session {
    this.#sessions.readOpen(sessionId);
    const viewer = this.#admitted.get(id);
    if (viewer?.sessionId !== sessionId)
      throw new GcError('not_found', 'The session has no such viewer');
    viewer.removed = true;
    this.leave(viewer, 'removed');
    return this.#sessions.read(sessionId);
  }
}
