// SECURITY.md is held to the code: each row of its tables names a test that is there, and each limit
// that names a constant says its value.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { LIMITS, TIMINGS } from '../../signaling/src/limits.ts';

const root = new URL('../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');
const document = read('SECURITY.md');

const chapter = (title: string): string =>
  new RegExp(`^## ${title}$([^]*?)(?=^## |$(?![^]))`, 'm').exec(document)?.[1] ?? '';
const rowsOf = (title: string): string[][] =>
  chapter(title)
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .slice(1)
    .map((line) =>
      line
        .slice(1, -1)
        .split(' | ')
        .map((cell) => cell.trim()),
    );

/** `path` › name of a test, or part of it. */
const TEST = /^`([^`]+\.test\.ts)` › (.+)$/;

describe.each([
  ['Limits', 25],
  ['OWASP ASVS 5.0', 25],
])('every row of "%s"', (title, least) => {
  const rows = rowsOf(title);

  it('is there', () => {
    expect(rows.length).toBeGreaterThanOrEqual(least);
  });

  it.each(rows)('%s: names a test that is there', (_, how, test = '') => {
    // What is not done, or nobody can test here, says so in so many words.
    if (test === '–') return expect(how).toMatch(/not done|defaults/);
    const [, path = '', name = ''] = TEST.exec(test) ?? [];
    expect(path).not.toBe('');
    expect(read(path)).toContain(name);
  });
});

describe('every limit with a name', () => {
  const constants: Readonly<Record<string, number>> = { ...LIMITS, ...TIMINGS };
  const named = rowsOf('Limits').flatMap(([what = '', limit = '']) => {
    const name = /\(`(\w+)`\)/.exec(what)?.[1];
    return name === undefined ? [] : [[name, Number.parseInt(limit, 10)] as const];
  });

  it('has the value of the code', () => {
    expect(named.length).toBeGreaterThan(10);
    for (const [name, value] of named) expect([name, value]).toEqual([name, constants[name]]);
  });
});
