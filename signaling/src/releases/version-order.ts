// Which of two versions is newer (SemVer 2.0.0, section 11). Pure.

type Version = { readonly numbers: readonly number[]; readonly pre: readonly string[] };

function parts(version: string): Version {
  const [core = '', ...rest] = version.split('-');
  const pre = rest.join('-');
  return { numbers: core.split('.').map(Number), pre: pre === '' ? [] : pre.split('.') };
}

/** Only a release without a suffix is offered as the latest one. */
export const isPreRelease = (version: string): boolean => version.includes('-');

/** For Array.sort: older first. */
export function byVersion(a: string, b: string): number {
  const [one, other] = [parts(a), parts(b)];
  for (const [index, number] of one.numbers.entries()) {
    const difference = number - (other.numbers[index] ?? 0);
    if (difference !== 0) return difference;
  }
  // Without a suffix it is the release itself, newer than all before it.
  if (one.pre.length === 0 || other.pre.length === 0) return other.pre.length - one.pre.length;
  for (const [index, identifier] of one.pre.entries()) {
    const against = other.pre[index];
    if (against === undefined) return 1;
    const difference = byIdentifier(identifier, against);
    if (difference !== 0) return difference;
  }
  return one.pre.length - other.pre.length;
}

/** Numbers come before words, numbers by value, words by their characters. */
function byIdentifier(a: string, b: string): number {
  const numeric = /^\d+$/;
  const [aIsNumber, bIsNumber] = [numeric.test(a), numeric.test(b)];
  if (aIsNumber && bIsNumber) return Number(a) - Number(b);
  if (aIsNumber !== bIsNumber) return aIsNumber ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}
