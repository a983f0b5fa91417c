// Puts one agent release on the shelf that signaling hands out (GC_RELEASES_DIR): copies the file
// beside the others while computing its SHA-256, then names it in releases.json. Whoever reads the
// folder meanwhile sees the old manifest or the new one, never half of either.
//
//   node infra/release/publish.ts --dir <folder> --platform linux-x64 --version 1.4.0 <file>
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { parseOr } from '@guruconnect/contract/errors';
import {
  DownloadParams,
  RELEASE_MANIFEST_FILE,
  ReleaseManifest,
} from '@guruconnect/contract/http/v1/releases';

export type Publication = {
  readonly directory: string;
  readonly platform: string;
  readonly version: string;
  /** The file to publish; it stays where it is. */
  readonly source: string;
};
type Release = ReleaseManifest['releases'][number];

/**
 * Publishing the same file again changes nothing.
 * @throws Error when this version was published with another content: who has it would never know.
 */
export async function publish(publication: Publication, nowMs = Date.now()): Promise<Release> {
  const { directory, source } = publication;
  const { platform, version } = parseOr(DownloadParams, publication, 'The release');
  await mkdir(directory, { recursive: true });
  return await alone(join(directory, `${RELEASE_MANIFEST_FILE}.lock`), async () => {
    const { releases } = await readManifest(directory);
    const file = `guruconnect-agent-${version}-${platform}${extname(source)}`;
    const temporary = join(directory, `.${file}.${process.pid}.tmp`);
    try {
      const copy = await copyHashed(source, temporary);
      const known = releases.find((r) => r.platform === platform && r.version === version);
      if (known && known.checksum_sha256 !== copy.checksum_sha256)
        throw new Error(
          `${version} for ${platform} was published with another content: give this one a new version`,
        );
      if (known && (await isThere(join(directory, known.file), known.size_bytes))) return known;
      await rename(temporary, join(directory, file));
      const published_at = known?.published_at ?? new Date(nowMs).toISOString();
      const release: Release = { version, platform, file, ...copy, published_at };
      const others = releases.filter((each) => each !== known);
      await writeManifest(directory, parseOr(ReleaseManifest, { releases: [release, ...others] }));
      return release;
    } finally {
      await rm(temporary, { force: true });
    }
  });
}

/** Two publishers at once would each forget the other's release. */
async function alone<T>(lock: string, work: () => Promise<T>): Promise<T> {
  let handle;
  try {
    handle = await open(lock, 'wx');
  } catch (cause) {
    throw new Error(`another publisher is at work (if not, remove ${lock})`, { cause });
  }
  try {
    return await work();
  } finally {
    await handle.close();
    await rm(lock, { force: true });
  }
}

async function readManifest(directory: string): Promise<ReleaseManifest> {
  let text: string;
  try {
    text = await readFile(join(directory, RELEASE_MANIFEST_FILE), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { releases: [] };
    throw error;
  }
  return parseOr(ReleaseManifest, JSON.parse(text), RELEASE_MANIFEST_FILE);
}

async function writeManifest(directory: string, manifest: ReleaseManifest): Promise<void> {
  const target = join(directory, RELEASE_MANIFEST_FILE);
  const temporary = `${target}.${process.pid}.tmp`;
  const handle = await open(temporary, 'w');
  try {
    await handle.writeFile(`${JSON.stringify(manifest, null, 2)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, target);
}

/** What is counted and hashed is what was written, whatever happens to the source meanwhile. */
async function copyHashed(
  source: string,
  target: string,
): Promise<Pick<Release, 'size_bytes' | 'checksum_sha256'>> {
  const hash = createHash('sha256');
  let size_bytes = 0;
  const counter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      size_bytes += chunk.length;
      done(null, chunk);
    },
  });
  // flush: on the disk before the manifest names it
  await pipeline(createReadStream(source), counter, createWriteStream(target, { flush: true }));
  return { size_bytes, checksum_sha256: hash.digest('hex') };
}

const isThere = (path: string, sizeBytes: number): Promise<boolean> =>
  stat(path).then(
    ({ size }) => size === sizeBytes,
    () => false,
  );

const USAGE =
  'usage: publish.ts --dir <folder> --platform <windows-x64|linux-x64> --version <x.y.z> <file>';

async function run(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: {
      dir: { type: 'string' },
      platform: { type: 'string' },
      version: { type: 'string' },
    },
    allowPositionals: true,
  });
  const { dir, platform, version } = values;
  const [source] = positionals;
  if (!dir || !platform || !version || !source || positionals.length > 1) throw new Error(USAGE);
  const release = await publish({ directory: dir, platform, version, source });
  console.log(`${release.checksum_sha256}  ${release.file}`);
}

if (import.meta.main)
  await run().catch((error: unknown) => {
    console.error((error as Error).message);
    process.exitCode = 1;
  });
