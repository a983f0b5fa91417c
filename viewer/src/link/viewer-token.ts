// What the viewer knows of its token: when to renew it, and how far the server's clock is from
// ours. The claims are read, not trusted: only the server decides by them.
import { decodeJwt } from 'jose';
import { GcError } from '@guruconnect/contract/errors';
import { ViewerClaims } from '@guruconnect/contract/tokens';

export type ViewerToken = {
  readonly token: string;
  readonly lifetimeMs: number;
  /** This machine's clock when the token came, milliseconds since 1970. */
  readonly receivedAtMs: number;
  /** Add to this machine's clock to get the server's. Good to a round trip: seconds are enough. */
  readonly serverOffsetMs: number;
};

/** Share of the lifetime after which a token is renewed: early enough for several tries. */
const RENEW_AT = 0.6;
/** Delay before a renewal that failed is tried again. */
export const RENEW_RETRY_MS = 5_000;

/** @throws GcError `unauthenticated` for something that is not a viewer token. */
export function readToken(token: string, nowMs: number): ViewerToken {
  let claims: ViewerClaims;
  try {
    claims = ViewerClaims.parse(decodeJwt(token));
  } catch (cause) {
    throw new GcError('unauthenticated', 'The server answered with something that is no token', {
      cause,
    });
  }
  return {
    token,
    lifetimeMs: Math.max(0, claims.exp - claims.iat) * 1000,
    receivedAtMs: nowMs,
    serverOffsetMs: claims.iat * 1000 - nowMs,
  };
}

/** Milliseconds until this token should be renewed, 0 when that is overdue. */
export function renewInMs(token: ViewerToken, nowMs: number): number {
  return Math.max(0, token.receivedAtMs + token.lifetimeMs * RENEW_AT - nowMs);
}

export const serverNowS = (token: ViewerToken, nowMs: number): number =>
  (nowMs + token.serverOffsetMs) / 1000;
