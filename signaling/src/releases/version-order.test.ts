import { expect, it } from 'vitest';
import { byVersion, isPreRelease } from './version-order.ts';

it('is the one of SemVer 2.0.0, 11.4', () => {
  const inOrder = [
    '0.9.10',
    '1.0.0-alpha',
    '1.0.0-alpha.1',
    '1.0.0-alpha.beta',
    '1.0.0-beta',
    '1.0.0-beta.2',
    '1.0.0-beta.11',
    '1.0.0-rc.1',
    '1.0.0',
    '1.0.2',
    '1.0.10',
    '1.2.0',
    '10.0.0',
  ];
  expect([...inOrder].reverse().sort(byVersion)).toEqual(inOrder);
  for (const version of inOrder) expect(byVersion(version, version)).toBe(0);
});

it('knows what is not a release yet', () => {
  expect(['1.0.0', '1.0.0-rc.1'].map(isPreRelease)).toEqual([false, true]);
});
