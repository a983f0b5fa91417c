// Opaque cursors of lists: the last entry's sort key, so that a page neither repeats nor skips an
// entry when others are added meanwhile.
import type { z } from 'zod';
import { GcError } from '@guruconnect/contract/errors';

export const cursorOf = (lastKey: string): string => Buffer.from(lastKey).toString('base64url');

/** @throws GcError `invalid_request` for what no list of this kind has given out. */
export function cursorKey<T extends z.ZodType>(
  schema: T,
  cursor: string | undefined,
): z.output<T> | undefined {
  if (cursor === undefined) return undefined;
  const parsed = schema.safeParse(Buffer.from(cursor, 'base64url').toString());
  if (parsed.success) return parsed.data;
  throw new GcError('invalid_request', 'The cursor is none of this list', {
    faults: [{ pointer: '/query/cursor', detail: 'must be a next_cursor of an earlier answer' }],
  });
}

/**
 * One page out of a list that was asked for one entry more than a page has.
 * @returns the page, and the cursor for the next one when there is one.
 */
export function page<T>(
  found: readonly T[],
  limit: number,
  keyOf: (entry: T) => string,
): { entries: T[]; next_cursor?: string } {
  const entries = found.slice(0, limit);
  const last = entries.at(-1);
  return found.length > limit && last !== undefined
    ? { entries, next_cursor: cursorOf(keyOf(last)) }
    : { entries };
}
