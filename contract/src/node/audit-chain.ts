// How audit entries are hashed into chains and checkpoints are signed: SHA-256 and Ed25519 over
// canonical JSON. For whoever writes a chain, and for whoever verifies one.
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto';
import type { AuditEntry, Checkpoint, UnchainedEntry } from '../audit.ts';
import type { JournalEvent } from '../journal.ts';

/** `prev_hash` of the first entry of a chain. */
export const GENESIS = '0'.repeat(64);

/**
 * The one text of a JSON value (RFC 8785): no white space, names sorted by their UTF-16 code units,
 * strings and numbers as ECMAScript writes them. Members that are undefined are left out, as JSON does.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null);
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`);
  return `{${members.join(',')}}`;
}

/** Of an entry, whatever its own `hash` says. */
export function entryHash({ hash: _, ...entry }: Record<string, unknown>): string {
  return createHash('sha256').update(canonicalJson(entry)).digest('hex');
}

/** @param prevHash of the entry before, or {@link GENESIS}. */
export function chained(entry: UnchainedEntry, prevHash: string): AuditEntry {
  // As it will be read again: a value that JSON changes would change the hash.
  const linked = JSON.parse(JSON.stringify({ ...entry, prev_hash: prevHash })) as AuditEntry;
  return { ...linked, hash: entryHash(linked) };
}

/** An event of a journal as an entry of its session's chain. Nobody said who: then it was GC. */
export const entryOfEvent = ({
  session_id,
  seq,
  at,
  type,
  data,
  actor,
  ...more
}: JournalEvent): UnchainedEntry => ({
  ...more,
  chain: session_id,
  seq,
  at,
  actor: actor ?? { kind: 'server' },
  act: type,
  subject: { kind: 'session', id: session_id },
  details: data,
});

const SEED_BYTES = 32;
/** PKCS #8 of an Ed25519 key up to its 32 bytes (RFC 8410, 7). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

/** A key that signs checkpoints. */
export type CheckpointKey = {
  /** The beginning of the SHA-256 of the public key. */
  readonly keyId: string;
  /** Base64url of its 32 bytes. */
  readonly publicKey: string;
  readonly privateKey: KeyObject;
};

/** @param seed base64url of 32 random bytes (RFC 8032, 5.1.5). @throws Error for another length. */
export function checkpointKey(seed: string): CheckpointKey {
  const bytes = Buffer.from(seed, 'base64url');
  if (bytes.length !== SEED_BYTES) throw new Error(`a seed has ${SEED_BYTES} bytes`);
  const privateKey = createPrivateKey({
    key: Buffer.concat([PKCS8_PREFIX, bytes]),
    format: 'der',
    type: 'pkcs8',
  });
  const { x = '' } = createPublicKey(privateKey).export({ format: 'jwk' });
  return { keyId: keyIdOf(x), publicKey: x, privateKey };
}

const KEY_ID_DIGITS = 16;
/** What a key is called, so that nobody can pass off another one under the same name. */
export const keyIdOf = (publicKey: string): string =>
  createHash('sha256')
    .update(Buffer.from(publicKey, 'base64url'))
    .digest('hex')
    .slice(0, KEY_ID_DIGITS);

export function signCheckpoint(
  { seq, hash }: Pick<AuditEntry, 'seq' | 'hash'>,
  atMs: number,
  { keyId, privateKey }: CheckpointKey,
): Checkpoint {
  const unsigned = {
    kind: 'guruconnect-audit-checkpoint' as const,
    seq,
    head: hash,
    at: new Date(atMs).toISOString(),
    key_id: keyId,
  };
  const signature = sign(null, Buffer.from(canonicalJson(unsigned)), privateKey);
  return { ...unsigned, signature: signature.toString('base64url') };
}

/** @param publicKey base64url of 32 bytes. */
export function isSignedBy(checkpoint: Checkpoint, publicKey: string): boolean {
  const { signature, ...unsigned } = checkpoint;
  const key = createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: publicKey },
    format: 'jwk',
  });
  return verify(
    null,
    Buffer.from(canonicalJson(unsigned)),
    key,
    Buffer.from(signature, 'base64url'),
  );
}
