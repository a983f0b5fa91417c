// The form of an integrator key: gci_<id>_<secret><checksum>. The prefix lets secret scanners find
// it, the id says which key it is without saying the secret, the checksum tells a typing error from
// a wrong key offline. Only its hash is ever kept. Exported for the demo and for operators.
import { createHash, randomBytes } from 'node:crypto';

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const ID_LENGTH = 10;
/** 52 characters of 5 bits: 260 bits. */
const SECRET_LENGTH = 52;
const CHECKSUM_LENGTH = 6;

const SHAPE = new RegExp(
  `^gci_([${ALPHABET}]{${ID_LENGTH}})_([${ALPHABET}]{${SECRET_LENGTH}})([${ALPHABET}]{${CHECKSUM_LENGTH}})$`,
);

/** As many letters of the alphabet of ids as there are bytes, 5 bits each. */
export const lettersOf = (bytes: Uint8Array, length: number): string =>
  Array.from(bytes.subarray(0, length), (byte) => ALPHABET.charAt(byte & 31)).join('');

const checksum = (id: string, secret: string): string =>
  lettersOf(createHash('sha256').update(`${id}_${secret}`).digest(), CHECKSUM_LENGTH);

/** A fresh key; whoever calls it shows it once and stores it nowhere. */
export function newIntegratorKey(): string {
  const id = lettersOf(randomBytes(ID_LENGTH), ID_LENGTH);
  const secret = lettersOf(randomBytes(SECRET_LENGTH), SECRET_LENGTH);
  return `gci_${id}_${secret}${checksum(id, secret)}`;
}

/** The id of a well-formed key, else undefined: wrong form, wrong length, wrong checksum. */
export function integratorKeyId(key: string): string | undefined {
  const [, id, secret, check] = SHAPE.exec(key) ?? [];
  if (id === undefined || secret === undefined || check !== checksum(id, secret)) return undefined;
  return id;
}

export const isIntegratorKey = (key: string): boolean => integratorKeyId(key) !== undefined;
