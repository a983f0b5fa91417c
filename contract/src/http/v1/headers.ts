// Headers that mean something to both ends of the contract, beyond authorization and content type.
import { z } from 'zod';

export const IDEMPOTENCY_KEY_HEADER = 'Idempotency-Key';

/** draft-ietf-httpapi-idempotency-key-header, without the quotes of a structured field. */
export const IdempotencyKey = z
  .string()
  .regex(/^[\x21-\x7e]{1,255}$/, 'must be 1-255 printable ASCII characters without spaces')
  .describe('Chosen by the integrator, new for each session it wants; a UUID will do.');

/** How long the answer to a key is kept and given again, seconds. */
export const IDEMPOTENCY_KEPT_S = 86_400;

export const PROBLEM_TYPE = 'application/problem+json';
