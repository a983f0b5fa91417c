import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Fetch } from '../client/http-exchange.ts';
import { CHECKS, runChecks } from './run-checks.ts';

const markdown = readFileSync(new URL('../../CONTRACT.md', import.meta.url), 'utf8');

describe('every check', () => {
  it('has a name of its own and cites a chapter of CONTRACT.md', () => {
    const ids = CHECKS.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { section } of CHECKS) expect(markdown).toContain(`\n## ${section}\n`);
  });

  it('is broken by a server that answers rubbish, and none of them falls over it', async () => {
    const rubbish: Fetch = async () => ({
      status: 200,
      headers: { get: () => null },
      text: async () => '<html>It works!</html>',
    });
    const outcomes = await runChecks({ url: 'https://gc.example', key: 'x', fetch: rubbish });
    expect(
      outcomes.filter(({ result }) => result !== 'broken').map(({ check }) => check.id),
    ).toEqual(
      // the same rubbish at both addresses is the same document
      ['capabilities.public'],
    );
  });

  it('is broken by a server that is not there', async () => {
    const absent: Fetch = () => Promise.reject(new TypeError('connection refused'));
    const outcomes = await runChecks({ url: 'https://gc.example', key: 'x', fetch: absent });
    expect(outcomes.every(({ result }) => result === 'broken')).toBe(true);
  });
});
