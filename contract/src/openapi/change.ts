// One difference between two descriptions of the contract, judged.

export type Verdict =
  /** Something that worked with the old description may fail with the new one. */
  | 'breaking'
  /** Something new; whoever knows only the old description notices nothing. */
  | 'addition'
  /** Words only. */
  | 'text';

export type Change = {
  /** Where, readable and stable: the key of an accepted change. */
  readonly at: string;
  readonly what: string;
  readonly verdict: Verdict;
};

export const breaking = (at: string, what: string): Change => ({ at, what, verdict: 'breaking' });
export const addition = (at: string, what: string): Change => ({ at, what, verdict: 'addition' });
export const text = (at: string, what: string): Change => ({ at, what, verdict: 'text' });

export type Direction = 'accepted' | 'sent';

/**
 * A rule seen from both ends: what we accept may only get wider, what we send only narrower.
 * @param wider does the change allow more than before?
 */
export const judged = (direction: Direction, wider: boolean, at: string, what: string): Change =>
  (direction === 'accepted') === wider ? addition(at, what) : breaking(at, what);

export const same = (a: unknown, b: unknown): boolean => canonical(a) === canonical(b);

/** JSON with sorted keys, so that order does not count as a difference. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
