// What signs deliveries, sealed before it is stored: a copy of the store alone can not sign in our
// name. The key is derived from the cluster secret, and follows its rotation.
import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

type Key = { readonly id: string; readonly key: Buffer };

export class SecretBox {
  /** The first seals, all open. */
  readonly #keys: readonly Key[];

  /** @param clusterSecrets the current one first. */
  constructor(clusterSecrets: readonly string[]) {
    this.#keys = clusterSecrets.map((secret) => {
      const key = Buffer.from(hkdfSync('sha256', secret, '', 'gc webhook secrets', 32));
      return { id: createHash('sha256').update(key).digest('base64url').slice(0, 8), key };
    });
  }

  /** @param owner whose it is: it can not be opened as another one's. */
  seal(text: string, owner: string): string {
    const [current] = this.#keys;
    if (!current) throw new Error('there is no cluster secret');
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, current.key, nonce).setAAD(Buffer.from(owner));
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    const bytes = Buffer.concat([nonce, cipher.getAuthTag(), sealed]);
    return `${current.id}.${bytes.toString('base64url')}`;
  }

  /** Undefined for what was sealed with a secret we do not have, or for another owner. */
  open(sealed: string, owner: string): string | undefined {
    const [id, text = ''] = sealed.split('.');
    const key = this.#keys.find((candidate) => candidate.id === id);
    if (!key) return undefined;
    const bytes = Buffer.from(text, 'base64url');
    try {
      const decipher = createDecipheriv(CIPHER, key.key, bytes.subarray(0, NONCE_BYTES))
        .setAAD(Buffer.from(owner))
        .setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
      const opened = decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES));
      return Buffer.concat([opened, decipher.final()]).toString('utf8');
    } catch {
      // the tag does not fit: changed, cut off, or of another owner
      return undefined;
    }
  }

  /** False for what should be sealed anew, with the current secret. */
  isCurrent(sealed: string): boolean {
    return sealed.split('.')[0] === this.#keys[0]?.id;
  }
}
