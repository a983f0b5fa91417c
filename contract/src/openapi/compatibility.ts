// The gate before a release: what was published in v1 keeps working in v1. Compares the description
// of today with every released one (contract/openapi/released) and says what may not pass.
import { z } from 'zod';
import type { Change } from './change.ts';
import { compareDocuments } from './document-comparison.ts';
import type { OpenApiDocument } from './open-api-types.ts';

/**
 * A breaking change that was looked at and let pass, because it breaks nobody (a fault of the
 * description, never served, …). Kept in contract/openapi/accepted-changes.json.
 */
export const AcceptedChange = z.strictObject({
  /** Version of the released file it differs from. */
  since: z.string(),
  at: z.string(),
  what: z.string(),
  reason: z.string().min(20, 'say why it breaks nobody'),
});
export type AcceptedChange = z.output<typeof AcceptedChange>;
export const AcceptedChanges = z.array(AcceptedChange);

/**
 * @param released every released description, in any order; may be empty.
 * @returns what has to be put right before this may be released; empty when it may.
 */
export function faultsOfRelease(
  current: OpenApiDocument,
  released: readonly OpenApiDocument[],
  accepted: readonly AcceptedChange[] = [],
): string[] {
  const unused = new Set(accepted);
  const faults = released.flatMap((old) => {
    const since = old.info.version;
    const changes = compareDocuments(old, current).filter((change) => {
      const entry = accepted.find((item) => matches(item, since, change));
      if (entry) unused.delete(entry);
      return !entry;
    });
    return faultsAgainst(version(since), version(current.info.version), changes).map(
      (fault) => `since ${since}: ${fault}`,
    );
  });
  const stale = [...unused].map(
    ({ since, at, what }) => `accepted but not there any more: since ${since}: ${at}: ${what}`,
  );
  return [...faults, ...stale];
}

const matches = (item: AcceptedChange, since: string, change: Change): boolean =>
  item.since === since && item.at === change.at && item.what === change.what;

type Version = readonly [major: number, minor: number, patch: number];

function version(text: string): Version {
  const [, major, minor, patch] = /^(\d+)\.(\d+)\.(\d+)$/.exec(text) ?? [];
  if (major === undefined) throw new Error(`${text} is not a version like 1.2.3`);
  return [Number(major), Number(minor), Number(patch)];
}

function faultsAgainst(old: Version, now: Version, changes: readonly Change[]): string[] {
  const [major, minor, patch] = now.map((part, i) => part - (old[i] ?? 0)) as [
    number,
    number,
    number,
  ];
  const isOlder = major < 0 || (major === 0 && (minor < 0 || (minor === 0 && patch < 0)));
  if (isOlder) return [`the version went back to ${now.join('.')}`];
  if (major > 0) return [];
  const told = (verdict: Change['verdict']): string[] =>
    changes.filter((change) => change.verdict === verdict).map(({ at, what }) => `${at}: ${what}`);
  const needsMinor = minor > 0 ? [] : told('addition');
  const needsPatch = minor > 0 || patch > 0 ? [] : told('text');
  return [
    ...told('breaking').map((change) => `needs a new major version: ${change}`),
    ...needsMinor.map((change) => `needs a new minor version: ${change}`),
    ...needsPatch.map((change) => `needs a new patch version: ${change}`),
  ];
}
