// Documents and tables against the code: what is used is named, what is named is used.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ERRORS } from '@guruconnect/contract/errors';
import { END_REASONS } from '@guruconnect/contract/session';
import { EVENTS } from '@guruconnect/contract/journal';
import { Environment } from '../src/config.ts';

const here = new URL('..', import.meta.url).pathname;
const sources = readdirSync(join(here, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
  .map((file) => readFileSync(join(here, 'src', file), 'utf8'));
const found = (pattern: RegExp): Set<string> =>
  new Set(sources.flatMap((text) => [...text.matchAll(pattern)].map((match) => match[1] ?? '')));

describe('the code', () => {
  it('throws no error code that is not in the contract’s table', () => {
    const used = found(/new GcError\(\s*'(\w+)'/g);
    expect(used.size).toBeGreaterThan(20);
    expect([...used].filter((code) => !Object.hasOwn(ERRORS, code))).toEqual([]);
  });

  it('journals no event that is not in the contract’s vocabulary', () => {
    const used = found(/event\(\s*'([a-z_.]+)'/g);
    expect(used.size).toBeGreaterThan(8);
    expect([...used].filter((name) => !Object.hasOwn(EVENTS, name))).toEqual([]);
  });

  it('can end a session for every reason the contract names', () => {
    const text = sources.join('\n');
    const never = Object.keys(END_REASONS).filter((reason) => !text.includes(`'${reason}'`));
    expect(never).toEqual([]);
  });
});

describe('README.md', () => {
  const readme = readFileSync(join(here, 'README.md'), 'utf8');

  it('names every setting, and no other', () => {
    const documented = new Set(
      [...readme.matchAll(/^\| `(GC_[A-Z_]+)`/gm)].map((match) => match[1] ?? ''),
    );
    expect([...documented].sort()).toEqual(Object.keys(Environment.shape).sort());
  });
});
