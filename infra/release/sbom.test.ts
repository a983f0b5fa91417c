import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { CARRIED, licenseOf, readSbom, shipped, type Bom } from './sbom.ts';

const read = (file: string): string =>
  readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');

const SHIPPING = ['contract', 'signaling', 'sfu', 'agent-bridge', 'viewer'];
/** Ours may be combined with these: all permissive, or weak copyleft of a file's own. */
const PERMISSIVE = new Set([
  'MIT',
  'ISC',
  '0BSD',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'Unlicense',
  'MPL-2.0',
]);

let bom: Bom;
beforeAll(async () => {
  bom = await readSbom();
}, 60_000);

const find = (name: string) => bom.components.find((component) => component.name === name);

describe('the bill of materials', () => {
  it('has what our packages need at run time, with version, licence and hash', () => {
    for (const folder of SHIPPING) {
      const { dependencies = {} } = JSON.parse(read(`${folder}/package.json`)) as {
        dependencies?: Record<string, string>;
      };
      for (const [name, version] of Object.entries(dependencies)) {
        // Another package may bring another version of it.
        const component = bom.components.find((each) => each['bom-ref'] === `${name}@${version}`);
        expect(component, name).toBeDefined();
        expect(component?.hashes?.length, name).toBeGreaterThan(0);
      }
    }
    for (const component of bom.components)
      expect([component.name, licenseOf(component)]).not.toContain('unknown');
  });

  it('has nothing that only development needs', () => {
    for (const name of ['vitest', 'typescript', 'vite', 'turbo', 'puppeteer-core'])
      expect(find(name), name).toBeUndefined();
    const refs = new Set(bom.components.map((component) => component['bom-ref']));
    for (const { dependsOn } of bom.dependencies)
      for (const ref of dependsOn) expect(refs).toContain(ref);
  });

  it('has no licence beside the permissive ones, but in the agent, which is GPL', () => {
    const others = bom.components.filter((component) => !PERMISSIVE.has(licenseOf(component)));
    expect(others.map(({ name }) => name).sort()).toEqual(['FFmpeg', 'agent-bridge', 'x264']);
  });

  it('leaves what npm wrote beside that as it is', () => {
    expect(shipped(bom).components.length).toBe(bom.components.length + CARRIED.length);
    expect(bom).toMatchObject({
      bomFormat: 'CycloneDX',
      metadata: { component: { name: 'guruconnect' } },
    });
  });
});

describe('NOTICE', () => {
  const notice = read('NOTICE').replaceAll(/\s+/g, ' ');

  it('names what our packages need at run time and what that carries, with the same licence', () => {
    const direct = SHIPPING.flatMap((folder) =>
      Object.keys(
        (JSON.parse(read(`${folder}/package.json`)) as { dependencies?: object }).dependencies ??
          {},
      ),
    );
    const carried = CARRIED.map(({ name }) => name);
    for (const name of new Set([...direct, ...carried])) {
      const component = find(name);
      if (!component) throw new Error(`${name} is not in the bill of materials`);
      expect(notice).toContain(`${name} (${licenseOf(component)})`);
    }
  });

  it('names nothing that does not ship', () => {
    const [, ships = ''] = notice.split(/What ships with|What these need/);
    const names = [...ships.matchAll(/([\w.-]+) \([\w.-]+\)/g)].map(([, name = '']) => name);
    expect(names.length).toBeGreaterThan(15);
    for (const name of names) expect(find(name), name).toBeDefined();
  });
});
