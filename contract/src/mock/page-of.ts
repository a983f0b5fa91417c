// One page out of a list in memory, with the opaque cursor of the next one.
import type { z } from 'zod';
import { GcError } from '../errors.ts';

export type Page<T> = { readonly entries: T[]; readonly next_cursor?: string };

/**
 * @param all in the order of the list; `keyOf` names each entry.
 * @param schema of the keys.
 * @throws GcError `invalid_request` for a cursor that no list of this kind gives out.
 */
export function pageOf<T>(
  all: readonly T[],
  keyOf: (entry: T) => string,
  schema: z.ZodType,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined },
): Page<T> {
  const last = cursor === undefined ? undefined : Buffer.from(cursor, 'base64url').toString();
  if (last !== undefined && !schema.safeParse(last).success)
    throw new GcError('invalid_request', 'The cursor is none of this list', {
      faults: [{ pointer: '/query/cursor', detail: 'must be a next_cursor of an earlier answer' }],
    });
  // Nothing is ever taken out of a list, so the entry that the page before ended with is still there.
  const start = last === undefined ? 0 : all.findIndex((entry) => keyOf(entry) === last) + 1;
  const isUnknown = last !== undefined && start === 0;
  const rest = isUnknown ? [] : all.slice(start);
  const entries = rest.slice(0, limit);
  const end = entries.at(-1);
  return rest.length > limit && end !== undefined
    ? { entries, next_cursor: Buffer.from(keyOf(end)).toString('base64url') }
    : { entries };
}
