// The viewer's own key: made here, never extractable, gone with the page. The token is bound to it
// (RFC 7800), so a stolen token is worth nothing without this browser.
import { SignJWT, base64url, calculateJwkThumbprint } from 'jose';
import { TOKEN_TYPES, VIEWER_PROOF, ViewerJwk } from '@guruconnect/contract/tokens';

export type ViewerKey = {
  readonly publicJwk: ViewerJwk;
  /** RFC 7638 thumbprint, as the token's `cnf.jkt` must say it. */
  readonly thumbprint: string;
  /**
   * A fresh proof for one connection (as DPoP, RFC 9449): used once, so one is made per attempt.
   * @param serverNowS the server's clock, seconds; this machine's may be wrong by more than allowed.
   */
  prove(token: string, serverNowS: number): Promise<string>;
};

export async function makeViewerKey(): Promise<ViewerKey> {
  const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, [
    'sign',
    'verify',
  ]);
  const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', pair.publicKey);
  const publicJwk = ViewerJwk.parse({ kty, crv, x, y });
  return {
    publicJwk,
    thumbprint: await calculateJwkThumbprint(publicJwk),
    prove: async (token, serverNowS) => {
      const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(token));
      return new SignJWT({ ath: base64url.encode(new Uint8Array(hash)) })
        .setProtectedHeader({ typ: TOKEN_TYPES.viewerProof, alg: 'ES256', jwk: publicJwk })
        .setAudience(VIEWER_PROOF.audience)
        .setIssuedAt(Math.floor(serverNowS))
        .setJti(crypto.randomUUID())
        .sign(pair.privateKey);
    },
  };
}
