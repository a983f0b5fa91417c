// Reading what a newer build says: fields we do not know are kept, and values beyond those of today
// are let through, because enumerations and bounds of answers may grow within v1. What has to be
// right is the shape: the fields that were promised, each of its type.
import type { z } from 'zod';
import { invalid } from '../errors.ts';

/** Is the fault only that a value lies outside of what this build knows? */
export function mayGrow(issue: z.core.$ZodIssue): boolean {
  switch (issue.code) {
    case 'invalid_value':
      // One value is a constant, which never changes; several are an enumeration.
      return issue.values.length > 1 && typeof issue.input === 'string';
    case 'too_big':
    case 'too_small':
    case 'invalid_format':
      return true;
    default:
      return false;
  }
}

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
  if (parsed.success || parsed.error.issues.every(mayGrow)) return value as z.output<T>;
  throw invalid(parsed.error, what);
}
