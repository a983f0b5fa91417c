// The front door is true: every file, folder and command that the documents name is there.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = new URL('../../', import.meta.url).pathname;
const documents = [
  'README.md',
  'ARCHITECTURE.md',
  'SECURITY.md',
  'CONTRIBUTING.md',
  'infra/README.md',
  'infra/examples/rmm/README.md',
];
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

describe.each(documents)('%s', (document) => {
  const text = read(document);

  it('links only to what is there', () => {
    const links = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, path = '']) => path);
    const folder = join(root, document, '..');
    expect(links.filter((path) => !existsSync(join(folder, path)))).toEqual([]);
  });

  it('names only npm scripts that exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const named = [...text.matchAll(/npm (?:run )?([a-z:-]+)/g)].map(([, name = '']) => name);
    const known = [...Object.keys(scripts), 'run', 'test', 'dependencies'];
    expect(named.filter((name) => !known.includes(name) && name !== 's')).toEqual([]);
  });
});

it('ARCHITECTURE.md names files of the journeys that exist', () => {
  const block = read('ARCHITECTURE.md');
  const full = [
    ...block.matchAll(/(?:agent-bridge|viewer|signaling|sfu|contract)\/src\/[\w./-]+\.ts/g),
  ];
  expect(full.length).toBeGreaterThan(10);
  expect(full.map(([path]) => path).filter((path) => !existsSync(join(root, path)))).toEqual([]);
});
