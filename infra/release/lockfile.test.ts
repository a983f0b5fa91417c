// The lock file is all there is to install from: whoever installs on another system finds its packages
// in it, and each is the one that was looked at.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

type Entry = {
  readonly link?: boolean;
  readonly integrity?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
};

const { packages } = JSON.parse(
  readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8'),
) as { packages: Record<string, Entry> };
const installed = Object.entries(packages).filter(
  ([path, { link }]) => path.includes('node_modules/') && link !== true,
);

/** As Node looks for it: beside, then further and further up. */
function resolve(from: string, name: string): string | undefined {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/')))) {
    const path = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    if (packages[path]) return path;
    if (folder === '') return undefined;
  }
}

describe('the lock file', () => {
  it('has every package that another one needs, for every system', () => {
    for (const [path, entry] of Object.entries(packages))
      for (const name of Object.keys({ ...entry.dependencies, ...entry.optionalDependencies }))
        expect(resolve(path, name), `${name} for ${path || 'the root'}`).toBeDefined();
  });

  it('has what runs on Windows, Linux and macOS, where a package differs between them', () => {
    const systems = installed
      .filter(([path]) => path.includes('@koromix/koffi-'))
      .map(([, { os, cpu }]) => `${os?.join()} ${cpu?.join()}`);
    for (const system of ['win32 x64', 'linux x64', 'linux arm64', 'darwin arm64'])
      expect(systems).toContain(system);
  });

  it('says of each that ships which bytes it is', () => {
    for (const [path, { dev, integrity }] of installed)
      if (!dev) expect(integrity, path).toMatch(/^sha512-/);
  });

  it('says so of tools, too, but of parts of them for other systems', () => {
    const without = installed.filter(([, { integrity }]) => integrity === undefined);
    for (const [path, { dev, optional, os }] of without) {
      expect([dev, optional], path).toEqual([true, true]);
      expect(`${os?.join()} ${path}`).not.toBe('linux x64');
      expect(path).toMatch(/@turbo\/|@unrs\/resolver-binding-/);
    }
  });
});
