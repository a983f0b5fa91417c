import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ROOT } from '../bootstrap.mjs';
import { workerPlace } from '../media-worker.mjs';
import { parseNinjaProgress } from './build.mjs';
import { applySourceEdit, PROVEN_WITH, recipeHash, SOURCE_EDITS, SUBPROJECTS } from './recipe.mjs';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'guruconnect-recipe-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

test('the hash is that of the content, wherever it lies', () => {
  cpSync(SUBPROJECTS, folder, { recursive: true });
  expect(recipeHash(folder)).toBe(recipeHash());
});

test('the hash changes with a shim, a name and an edit', () => {
  cpSync(SUBPROJECTS, folder, { recursive: true });
  const header = join(folder, 'libsrtp3', 'include', 'srtp.h');
  writeFileSync(header, `${readFileSync(header, 'utf8')}\n`);
  const [first, ...others] = SOURCE_EDITS;
  const hashes = [recipeHash(), recipeHash(folder), recipeHash(SUBPROJECTS, others)];
  expect(first).toBeDefined();
  expect(new Set(hashes).size).toBe(hashes.length);
});

const edit = { file: 'a.cpp', find: '(x == BIT)', replace: '(x & BIT)' };

test('an edit replaces its text, as it stands', () => {
  expect(applySourceEdit('if (x == BIT) {}', edit)).toBe('if (x & BIT) {}');
  const dollars = { ...edit, replace: '$& $1' };
  expect(applySourceEdit('if (x == BIT) {}', dollars)).toBe('if $& $1 {}');
});

test.each([
  ['gone', 'if (x & BIT) {}', 0],
  ['there twice', '(x == BIT) || (x == BIT)', 2],
])('an edit is refused when its text is %s', (_, source, times) => {
  expect(() => applySourceEdit(source, edit)).toThrow(`${times} times, not once`);
});

test('the edits fit the mediasoup that is installed, and it is the one the recipe is proven with', () => {
  const { mediasoup, version } = workerPlace(ROOT, {});
  expect(version).toBe(PROVEN_WITH);
  for (const each of SOURCE_EDITS) {
    const source = readFileSync(join(mediasoup, 'worker', each.file), 'utf8');
    expect(applySourceEdit(source, each)).toContain(each.replace);
  }
});

test('reads how far ninja is', () => {
  expect(parseNinjaProgress('[12/212] Compiling C++ object a.o')).toEqual({ done: 12, total: 212 });
  expect(parseNinjaProgress('ninja: Entering directory')).toBeUndefined();
});
