// JWTs built by hand, so that a test can also build those that no library would: without a
// signature, with one of another algorithm, with a key they bring themselves.
import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  type JsonWebKey,
  type KeyObject,
} from 'node:crypto';

export type Signer = {
  readonly alg: 'EdDSA' | 'ES256' | 'HS256' | 'HS512' | 'none';
  readonly sign: (input: Buffer) => Buffer;
};

export const eddsa = (key: KeyObject): Signer => ({
  alg: 'EdDSA',
  sign: (input) => sign(null, input, key),
});
export const es256 = (key: KeyObject): Signer => ({
  alg: 'ES256',
  sign: (input) => sign('sha256', input, { key, dsaEncoding: 'ieee-p1363' }),
});
export const hmac = (secret: string | Buffer, alg: 'HS256' | 'HS512' = 'HS256'): Signer => ({
  alg,
  sign: (input) =>
    createHmac(alg === 'HS256' ? 'sha256' : 'sha512', secret)
      .update(input)
      .digest(),
});
export const unsigned: Signer = { alg: 'none', sign: () => Buffer.alloc(0) };

/** @param jwk as JSON text. */
export const privateKeyOf = (jwk: string): KeyObject =>
  createPrivateKey({ key: JSON.parse(jwk) as JsonWebKey, format: 'jwk' });
/** The public half, as a confused verifier would take it for an HMAC secret. */
export const publicPem = (key: KeyObject): string =>
  createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString();
export const publicJwk = (key: KeyObject): JsonWebKey =>
  createPublicKey(key).export({ format: 'jwk' });
export const strangersKey = (): KeyObject => generateKeyPairSync('ed25519').privateKey;
export const strangersEcKey = (): KeyObject =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** @param header `alg` is the signer's unless it is given. */
export function jwt(
  header: Readonly<Record<string, unknown>>,
  claims: Readonly<Record<string, unknown>>,
  signer: Signer,
): string {
  const input = `${part({ alg: signer.alg, ...header })}.${part(claims)}`;
  return `${input}.${signer.sign(Buffer.from(input)).toString('base64url')}`;
}
