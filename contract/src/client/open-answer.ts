// Reading what a newer build says: fields we do not know are kept, and values we do not know are
// let through where an enumeration stands, because enumerations of answers may grow within v1.
import type { z } from 'zod';
import { invalid } from '../errors.ts';

/** Is the fault only that a text is not among the values this build knows? */
const isNewValue = (issue: z.core.$ZodIssue): boolean =>
  issue.code === 'invalid_value' && issue.values.length > 1 && typeof issue.input === 'string';

/**
 * `value` as it came, once it has the shape of `schema`; for schemas without transformations.
 * @throws GcError `invalid_request` that points at what does not fit.
 */
export function openAnswer<T extends z.ZodType>(
  schema: T,
  value: unknown,
  what: string,
): z.output<T> {
  const parsed = schema.safeParse(value, { reportInput: true });
  if (parsed.success || parsed.error.issues.every(isNewValue)) return value as z.output<T>;
  throw invalid(parsed.error, what);
}
