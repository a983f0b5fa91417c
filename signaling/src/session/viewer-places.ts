// Who of a session's viewers is there, who may still come, and whether one more has room. Pure; used
// by the rules of the session (session-state.ts) and at the doors that viewers come in by.
import { GcError } from '@guruconnect/contract/errors';
import type { ViewerId } from '@guruconnect/contract/ids';
import { CLOCK_TOLERANCE_S, VIEWER_TOKEN } from '@guruconnect/contract/tokens';
import { LIMITS } from '../limits.ts';
import type { SessionRecord, ViewerRecord } from '../store/session-record.ts';

/** After this long without its socket a viewer's token has expired for certain. */
const TOKEN_GONE_MS = (VIEWER_TOKEN.lifetimeS + 2 * CLOCK_TOLERANCE_S) * 1000;

/** What a removed viewer is told when it tries to come back. */
export const REMOVED = 'The viewer was removed from the session';

/**
 * @throws GcError `unauthenticated` when the session has no such viewer (any more),
 * `credential_revoked` when it was removed.
 */
export function viewerOf({ viewers }: SessionRecord, viewerId: ViewerId): ViewerRecord {
  const viewer = viewers.find(({ id }) => id === viewerId);
  if (!viewer) throw new GcError('unauthenticated', 'The session has no such viewer');
  if (viewer.removed_at_ms !== undefined) throw new GcError('credential_revoked', REMOVED);
  return viewer;
}

export const isThere = (viewer: ViewerRecord): boolean =>
  viewer.joined_at_ms !== undefined && viewer.left_at_ms === undefined;

/** There, or holding a token and still expected. */
export const takesAPlace = (viewer: ViewerRecord, nowMs: number): boolean =>
  isThere(viewer) || (viewer.left_at_ms ?? viewer.admitted_at_ms) + TOKEN_GONE_MS > nowMs;

/** @throws GcError `limit_reached`. */
export function roomForViewer(record: SessionRecord, nowMs: number): void {
  const places = record.viewers.filter(
    (viewer) => viewer.left_at_ms === undefined && takesAPlace(viewer, nowMs),
  );
  if (places.length >= LIMITS.viewersPerSession)
    throw new GcError('limit_reached', `A session has ${LIMITS.viewersPerSession} viewers at most`);
}
