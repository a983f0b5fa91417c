import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  dependencyStamp,
  isInstalled,
  isNewEnough,
  onlyUnknownToRegistry,
  treeMatchesLock,
} from './dependencies.mjs';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'guruconnect-clone-'));
  for (const folder of ['node_modules', 'sfu']) mkdirSync(join(root, folder));
  write('package.json', { name: 'root', workspaces: ['sfu'] });
  write('sfu/package.json', { name: 'sfu' });
  write('package-lock.json', { packages: { '': {}, 'node_modules/a': { version: '1.0.0' } } });
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

function write(file: string, content: unknown): void {
  writeFileSync(join(root, file), JSON.stringify(content));
}

describe('the stamp', () => {
  test('stays when nothing changes', () => {
    expect(dependencyStamp(root)).toBe(dependencyStamp(root));
  });

  test.each(['package.json', 'package-lock.json', 'sfu/package.json'])(
    'changes with %s',
    (file) => {
      const before = dependencyStamp(root);
      write(file, { name: 'changed', workspaces: ['sfu'] });
      expect(dependencyStamp(root)).not.toBe(before);
    },
  );
});

describe('an installed tree', () => {
  test('is believed when its stamp fits, and not when the lock file has moved on', () => {
    writeFileSync(join(root, 'node_modules', '.gc-stamp'), dependencyStamp(root));
    expect(isInstalled(root)).toBe(true);
    write('package-lock.json', { packages: { '': {}, 'node_modules/a': { version: '2.0.0' } } });
    expect(isInstalled(root)).toBe(false);
  });

  test('is believed without a stamp when npm says that it is what the lock file says', () => {
    write('node_modules/.package-lock.json', treeOf('1.0.0'));
    putNode('v24.21.0');
    expect(isInstalled(root)).toBe(true);
    write('node_modules/.package-lock.json', treeOf('0.9.0'));
    expect(isInstalled(root)).toBe(false);
  });

  test('is not believed when it was interrupted before its Node came', () => {
    write('node_modules/.package-lock.json', treeOf('1.0.0'));
    expect(isInstalled(root)).toBe(false);
    putNode('v20.20.2');
    expect(isInstalled(root)).toBe(false);
  });
});

function treeOf(version: string) {
  return { packages: { 'node_modules/a': { version } } };
}

function putNode(version: string): void {
  const folder = join(root, 'node_modules', '.bin');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'node'), `#!/bin/sh\necho ${version}\n`, { mode: 0o755 });
}

describe('tree and lock file', () => {
  const lock = {
    packages: {
      '': {},
      'node_modules/a': { version: '1.0.0', integrity: 'sha512-a' },
      'node_modules/a-darwin': { version: '1.0.0', optional: true },
    },
  };
  const a = { version: '1.0.0', integrity: 'sha512-a' };

  test('match though a package for another platform is not there', () => {
    expect(treeMatchesLock({ packages: { 'node_modules/a': a } }, lock)).toBe(true);
  });

  test.each([
    ['a package is missing', {}],
    ['a version differs', { 'node_modules/a': { ...a, version: '1.0.1' } }],
    ['a content differs', { 'node_modules/a': { ...a, integrity: 'sha512-b' } }],
    ['a package is too many', { 'node_modules/a': a, 'node_modules/b': a }],
  ])('differ when %s', (_, packages) => {
    expect(treeMatchesLock({ packages }, lock)).toBe(false);
  });
});

test.each([
  ['24.21.0', true],
  ['22.18.0', true],
  ['22.17.9', false],
  ['20.20.2', false],
  ['', false],
])('Node %s can run the project: %s', (version, answer) => {
  expect(isNewEnough(version)).toBe(answer);
});

describe('a refusal of npm ci', () => {
  const usage = 'npm error code EUSAGE';

  test('is forgiven when only packages the registry does not know are missing', () => {
    const unknown = 'npm error Missing: @turbo/darwin-64@ from lock file';
    expect(onlyUnknownToRegistry([usage, unknown])).toBe(true);
  });

  test('is not forgiven when the lock file is really behind', () => {
    const unknown = 'npm error Missing: @turbo/darwin-64@ from lock file';
    const behind = 'npm error Missing: zod@4.6.7 from lock file';
    expect(onlyUnknownToRegistry([usage, unknown, behind])).toBe(false);
    expect(onlyUnknownToRegistry([usage])).toBe(false);
  });
});
