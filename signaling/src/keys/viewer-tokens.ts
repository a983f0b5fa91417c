// Viewer tokens: minutes long, bound to the viewer's own key, signed with a key that is made at
// the first start and kept in the store. Owned by main.ts.
import { createHash } from 'node:crypto';
import {
  calculateJwkThumbprint,
  exportJWK,
  generateKeyPair,
  importJWK,
  SignJWT,
  type JWK,
} from 'jose';
import { z } from 'zod';
import { GcError } from '@guruconnect/contract/errors';
import {
  CLOCK_TOLERANCE_S,
  TOKEN_TYPES,
  VIEWER_PROOF,
  VIEWER_TOKEN,
  ViewerClaims,
  ViewerProofClaims,
} from '@guruconnect/contract/tokens';
import type { SessionId } from '@guruconnect/contract/ids';
import type { ViewerRecord } from '../store/session-record.ts';
import type { Store } from '../store/store.ts';
import { claimedKeyId, verifyToken } from './signed-token.ts';

const PrivateJwk = z.object({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  x: z.string(),
  d: z.string(),
});
type SigningKey = { readonly kid: string; readonly privateJwk: z.output<typeof PrivateJwk> };

const publicHalf = ({ kty, crv, x }: z.output<typeof PrivateJwk>): JWK => ({ kty, crv, x });

export type IssuedToken = { readonly token: string; readonly expires_at_ms: number };

export class ViewerTokens {
  readonly #store: Store;
  /** The first signs, all verify. */
  readonly #keys: readonly [SigningKey, ...SigningKey[]];

  private constructor(store: Store, keys: readonly [SigningKey, ...SigningKey[]]) {
    this.#store = store;
    this.#keys = keys;
  }

  static async open(store: Store): Promise<ViewerTokens> {
    if ((await store.signingKeys.list()).length === 0) {
      const { privateKey } = await generateKeyPair('EdDSA', { extractable: true });
      const jwk = PrivateJwk.parse(await exportJWK(privateKey));
      await store.signingKeys.addFirst({
        kid: await calculateJwkThumbprint(publicHalf(jwk)),
        private_jwk: JSON.stringify(jwk),
        created_at_ms: Date.now(),
      });
    }
    const [newest, ...older] = (await store.signingKeys.list()).map(({ kid, private_jwk }) => ({
      kid,
      privateJwk: PrivateJwk.parse(JSON.parse(private_jwk)),
    }));
    if (!newest) throw new Error('the store has no signing key');
    return new ViewerTokens(store, [newest, ...older]);
  }

  async issue(session_id: SessionId, viewer: ViewerRecord): Promise<IssuedToken> {
    const [{ kid, privateJwk }] = this.#keys;
    const iat = Math.floor(Date.now() / 1000);
    const exp = iat + VIEWER_TOKEN.lifetimeS;
    const claims: ViewerClaims = {
      iss: 'gc-signaling',
      aud: VIEWER_TOKEN.audience,
      sub: viewer.id,
      sid: session_id,
      grants: viewer.grants,
      cnf: { jkt: await calculateJwkThumbprint(viewer.public_key) },
      iat,
      exp,
    };
    const token = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'EdDSA', typ: TOKEN_TYPES.viewer, kid })
      .sign(await importJWK(privateJwk, 'EdDSA'));
    return { token, expires_at_ms: exp * 1000 };
  }

  /** @throws GcError `unauthenticated`, `credential_expired`. */
  async verify(token: unknown): Promise<ViewerClaims> {
    const kid = claimedKeyId(token);
    const key = this.#keys.find((candidate) => candidate.kid === kid);
    if (!key) throw new GcError('unauthenticated', 'The credential is not valid here');
    return verifyToken(token, publicHalf(key.privateJwk), {
      typ: TOKEN_TYPES.viewer,
      audience: VIEWER_TOKEN.audience,
      algorithm: 'EdDSA',
      claims: ViewerClaims,
      maxAgeS: VIEWER_TOKEN.lifetimeS,
    });
  }

  /**
   * Does whoever presents `token` hold the key it is bound to? As DPoP (RFC 9449): a fresh proof
   * for each connection, with the hash of the token, good once.
   * @throws GcError `unauthenticated`, `credential_expired`, `credential_replayed`.
   */
  async verifyProof(
    proof: unknown,
    token: string,
    claims: ViewerClaims,
    viewer: ViewerRecord,
  ): Promise<void> {
    const held = await calculateJwkThumbprint(viewer.public_key);
    const proven = await verifyToken(proof, viewer.public_key, {
      typ: TOKEN_TYPES.viewerProof,
      audience: VIEWER_PROOF.audience,
      algorithm: 'ES256',
      claims: ViewerProofClaims,
      maxAgeS: VIEWER_PROOF.lifetimeS,
    });
    const ath = createHash('sha256').update(token).digest('base64url');
    if (claims.cnf.jkt !== held || proven.ath !== ath)
      throw new GcError('unauthenticated', 'The proof is for another token');
    const until = (proven.iat + VIEWER_PROOF.lifetimeS + CLOCK_TOLERANCE_S) * 1000;
    if (!(await this.#store.once(`proof/${viewer.id}/${proven.jti}`, until)))
      throw new GcError('credential_replayed');
  }
}
