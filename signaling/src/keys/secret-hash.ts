// Secrets that GC itself hands out have at least 128 random bits, so a plain SHA-256 is all that
// has to be kept of them (a slow hash protects guessable passwords, and costs a second per request).
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

export const secretHash = (secret: string): string =>
  createHash('sha256').update(secret).digest('base64url');

/** Takes the same time wherever two hashes differ. */
export function sameHash(a: string, b: string): boolean {
  const left = Buffer.from(a, 'base64url');
  const right = Buffer.from(b, 'base64url');
  return left.length === right.length && timingSafeEqual(left, right);
}

/** 256 random bits with a prefix that secret scanners can look for. */
export const newSecret = (prefix: string): string =>
  `${prefix}_${randomBytes(32).toString('base64url')}`;
