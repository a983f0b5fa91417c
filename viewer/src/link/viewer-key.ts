// The viewer's own key: made here, never extractable, gone with the page. The token is bound to it
// (RFC 7800), so a stolen token is worth nothing without this browser.
import { SignJWT, base64url } from 'jose';
import { TOKEN_TYPES, VIEWER_PROOF, ViewerJwk } from '@guruconnect/contract/tokens';

export class ViewerKey {
  readonly publicJwk: ViewerJwk;
  readonly #privateKey: CryptoKey;

  private constructor(publicJwk: ViewerJwk, privateKey: CryptoKey) {
    this.publicJwk = publicJwk;
    this.#privateKey = privateKey;
  }

  static async of(pair: CryptoKeyPair): Promise<ViewerKey> {
    const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', pair.publicKey);
    return new ViewerKey(ViewerJwk.parse({ kty, crv, x, y }), pair.privateKey);
  }

  /**
   * A fresh proof for one connection (as DPoP, RFC 9449): used once, so one is made per attempt.
   * @param serverNowS the server's clock, seconds; this machine's may be wrong by more than allowed.
   */
  async prove(token: string, serverNowS: number): Promise<string> {
    const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(token));
    return new SignJWT({ ath: base64url.encode(new Uint8Array(hash)) })
      .setProtectedHeader({ typ: TOKEN_TYPES.viewerProof, alg: 'ES256', jwk: this.publicJwk })
      .setAudience(VIEWER_PROOF.audience)
      .setIssuedAt(Math.floor(serverNowS))
      .setJti(crypto.randomUUID())
      .sign(this.#privateKey);
  }
}
