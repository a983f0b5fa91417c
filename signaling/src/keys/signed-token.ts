// How a signed credential is checked, whatever it is for: the algorithm, `typ`, audience and key
// are fixed by who asks, never by the token (RFC 8725); then its claims fit their schema.
import { decodeProtectedHeader, errors, importJWK, jwtVerify, type JWK } from 'jose';
import type { z } from 'zod';
import { GcError } from '@guruconnect/contract/errors';
import { CLOCK_TOLERANCE_S } from '@guruconnect/contract/tokens';

/** Longer than any credential of ours; a consent proof with long names is about 1 KiB. */
const MAX_TOKEN_CHARACTERS = 8192;

export type Expected<T extends z.ZodType> = {
  readonly typ: string;
  readonly audience: string;
  readonly algorithm: 'EdDSA' | 'ES256';
  readonly claims: T;
  /** Longest time from `iat` to now, beside the clock tolerance. Absent: age is judged elsewhere. */
  readonly maxAgeS?: number;
};

const refused = (cause?: unknown): GcError =>
  new GcError('unauthenticated', 'The credential is not valid here', { cause });

/** The `kid` a token claims; undefined for what is no token. Says nothing about its validity. */
export function claimedKeyId(token: unknown): string | undefined {
  if (typeof token !== 'string' || token.length > MAX_TOKEN_CHARACTERS) return undefined;
  try {
    const { kid } = decodeProtectedHeader(token);
    return typeof kid === 'string' ? kid : undefined;
  } catch {
    // whatever is not a token has no key id
    return undefined;
  }
}

/**
 * @param token as it came from outside.
 * @param key the public key that has to have signed it.
 * @throws GcError `credential_expired`, or `unauthenticated` for everything else.
 */
export async function verifyToken<T extends z.ZodType>(
  token: unknown,
  key: JWK,
  expected: Expected<T>,
): Promise<z.output<T>> {
  if (typeof token !== 'string' || token.length > MAX_TOKEN_CHARACTERS) throw refused();
  let payload: unknown;
  try {
    const verified = await jwtVerify(token, await importJWK(key, expected.algorithm), {
      typ: expected.typ,
      audience: expected.audience,
      algorithms: [expected.algorithm],
      clockTolerance: CLOCK_TOLERANCE_S,
      ...(expected.maxAgeS === undefined ? {} : { maxTokenAge: expected.maxAgeS }),
    });
    payload = verified.payload;
  } catch (cause) {
    if (cause instanceof errors.JWTExpired)
      throw new GcError('credential_expired', 'The credential has expired', { cause });
    throw refused(cause);
  }
  const claims = expected.claims.safeParse(payload);
  if (!claims.success) throw refused(claims.error);
  return claims.data;
}
