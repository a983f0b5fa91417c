// The bill of materials of what ships: CycloneDX as npm writes it from the lock file, less what only
// development needs. `npm run sbom` writes sbom.cdx.json; `npm run sbom -- FILE` another file.
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { z } from 'zod';

const root = new URL('../../', import.meta.url).pathname;
const DEFAULT_FILE = 'sbom.cdx.json';
/** About 1.5 MB for 500 packages. */
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

const License = z.looseObject({
  license: z.looseObject({ id: z.string().optional(), name: z.string().optional() }).optional(),
  expression: z.string().optional(),
});
const Component = z.looseObject({
  'bom-ref': z.string(),
  name: z.string(),
  version: z.string().optional(),
  licenses: z.array(License).optional(),
  hashes: z.array(z.looseObject({ alg: z.string(), content: z.string() })).optional(),
  properties: z.array(z.looseObject({ name: z.string(), value: z.string() })).optional(),
});
export type Component = z.output<typeof Component>;

/** CycloneDX 1.5, as far as we look at it. */
export const Bom = z.looseObject({
  bomFormat: z.literal('CycloneDX'),
  specVersion: z.string(),
  metadata: z.looseObject({ component: z.looseObject({ name: z.string() }) }),
  components: z.array(Component),
  dependencies: z.array(z.looseObject({ ref: z.string(), dependsOn: z.array(z.string()) })),
});
export type Bom = z.output<typeof Bom>;

/** What packages carry inside, which npm can not see: named in NOTICE, too (a test compares). */
export const CARRIED = [
  { by: 'mediasoup', name: 'libuv', license: 'MIT' },
  { by: 'mediasoup', name: 'OpenSSL', license: 'Apache-2.0' },
  { by: 'mediasoup', name: 'libsrtp', license: 'BSD-3-Clause' },
  { by: 'mediasoup', name: 'FlatBuffers', license: 'Apache-2.0' },
  { by: 'mediasoup', name: 'abseil-cpp', license: 'Apache-2.0' },
  { by: 'mediasoup', name: 'libwebrtc', license: 'BSD-3-Clause' },
  { by: 'node-av', name: 'FFmpeg', license: 'GPL-3.0-or-later' },
  { by: 'node-av', name: 'x264', license: 'GPL-2.0-or-later' },
] as const;

/** Packages whose package.json names no licence (or in a way that npm does not read): their files do. */
const NAMED_ELSEWHERE: Readonly<Record<string, string>> = {
  '@shinyoshiaki/jspack': 'BSD-3-Clause',
  'xmlhttprequest-ssl': 'MIT',
};

/** How npm marks what is there for development only. */
const DEVELOPMENT = 'cdx:npm:package:development';
/** Tests and examples; nothing of it is delivered. */
const NOT_DELIVERED = '@guruconnect/infra@';

/**
 * npm's own `--omit dev` leaves out what any workspace needs for development, also when another one
 * ships it (mediasoup, express): so all is asked for, and what npm marks is taken out here.
 */
export function shipped(bom: Bom): Bom {
  const components = bom.components.filter(
    (component) =>
      !component['bom-ref'].startsWith(NOT_DELIVERED) &&
      !component.properties?.some(({ name, value }) => name === DEVELOPMENT && value === 'true'),
  );
  const carried = CARRIED.flatMap(({ by, name, license }) =>
    components.some((component) => component.name === by)
      ? [
          {
            type: 'library',
            'bom-ref': `${by}/${name}`,
            name,
            licenses: [{ license: { id: license } }],
          },
        ]
      : [],
  );
  const named = components.map((component) => {
    const license = NAMED_ELSEWHERE[component.name];
    return component.licenses === undefined && license !== undefined
      ? { ...component, licenses: [{ license: { id: license } }] }
      : component;
  });
  const kept = new Set(components.map((component) => component['bom-ref']));
  return {
    ...bom,
    // Otherwise the name of the folder it happens to be in.
    metadata: {
      ...bom.metadata,
      component: { ...bom.metadata.component, name: 'guruconnect' },
    },
    components: [...named, ...carried],
    dependencies: bom.dependencies
      .filter(({ ref }) => kept.has(ref) || ref.startsWith('guruconnect@'))
      .map((entry) => ({ ...entry, dependsOn: entry.dependsOn.filter((ref) => kept.has(ref)) })),
  };
}

/** As people write it: an SPDX id or expression; "unknown" when a package says nothing. */
export const licenseOf = ({ licenses = [] }: Component): string =>
  licenses
    .map(({ license, expression }) => license?.id ?? license?.name ?? expression ?? 'unknown')
    .join(' AND ') || 'unknown';

/** @throws Error when npm fails, or writes something else. */
export async function readSbom(): Promise<Bom> {
  const args = ['sbom', '--sbom-format=cyclonedx', '--sbom-type=application'];
  const { stdout } = await promisify(execFile)('npm', [...args, '--package-lock-only'], {
    cwd: root,
    maxBuffer: MAX_OUTPUT_BYTES,
  });
  return shipped(Bom.parse(JSON.parse(stdout)));
}

if (import.meta.main) {
  const file = process.argv[2] ?? DEFAULT_FILE;
  const bom = await readSbom();
  writeFileSync(file, `${JSON.stringify(bom, null, 2)}\n`);
  process.stdout.write(`${file}: ${bom.components.length} components\n`);
}
