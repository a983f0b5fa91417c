import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { SETTINGS } from './config.ts';
import { EXIT_CODES } from './exit-codes.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const tableRows = (cell: RegExp): string[] =>
  [...readme.matchAll(new RegExp(`^\\| ${cell.source} \\|`, 'gm'))].map((match) => match[1] ?? '');

describe('the README', () => {
  it('explains exactly the settings there are', () => {
    expect(tableRows(/`([A-Z_]+)`/).sort()).toEqual(SETTINGS.map(({ name }) => name).sort());
  });

  it('explains every way the process ends', () => {
    expect(tableRows(/(\d+)/).map(Number)).toEqual(Object.values(EXIT_CODES));
  });
});
