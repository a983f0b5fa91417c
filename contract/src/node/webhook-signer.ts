// Signatures of deliveries by Standard Webhooks 1.0: over `id.timestamp.body`, `v1` with a shared
// secret (HMAC-SHA256) and `v1a` with our private key (Ed25519), by every pair of keys that counts.
import {
  createHmac,
  createPrivateKey,
  generateKeyPairSync,
  randomBytes,
  sign,
  type KeyObject,
} from 'node:crypto';
import { z } from 'zod';

/** The specification asks for 24 to 64. */
const SECRET_BYTES = 32;
/** A public key in SPKI ends with its 32 raw bytes (RFC 8410). */
const RAW_KEY_BYTES = 32;

/** As they are kept, sealed. */
export const SigningKeys = z.object({
  /** Base64 of the shared secret. */
  secret: z.string(),
  /** Base64 of the private key, PKCS #8 DER. */
  private_key: z.string(),
});
export type SigningKeys = z.output<typeof SigningKeys>;

/** Both keys as the integrator gets them. */
export type ToldKeys = { readonly secret: string; readonly public_key: string };

export function newSigningKeys(): { keys: SigningKeys; told: ToldKeys } {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const secret = randomBytes(SECRET_BYTES).toString('base64');
  const raw = publicKey.export({ type: 'spki', format: 'der' }).subarray(-RAW_KEY_BYTES);
  return {
    keys: {
      secret,
      private_key: privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64'),
    },
    told: { secret: `whsec_${secret}`, public_key: `whpk_${raw.toString('base64')}` },
  };
}

const privateKeyOf = ({ private_key }: SigningKeys): KeyObject =>
  createPrivateKey({ key: Buffer.from(private_key, 'base64'), type: 'pkcs8', format: 'der' });

export type SignedHeaders = {
  readonly 'webhook-id': string;
  readonly 'webhook-timestamp': string;
  readonly 'webhook-signature': string;
};

/** @param nowMs time of this attempt: receivers refuse what is minutes old. */
export function signedHeaders(
  id: string,
  body: string,
  keys: readonly SigningKeys[],
  nowMs: number,
): SignedHeaders {
  const timestamp = String(Math.floor(nowMs / 1000));
  const content = Buffer.from(`${id}.${timestamp}.${body}`);
  const signatures = keys.flatMap((pair) => [
    `v1,${createHmac('sha256', Buffer.from(pair.secret, 'base64')).update(content).digest('base64')}`,
    `v1a,${sign(null, content, privateKeyOf(pair)).toString('base64')}`,
  ]);
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signatures.join(' '),
  };
}
