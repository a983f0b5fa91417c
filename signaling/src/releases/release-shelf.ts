// The agent releases this server hands out: files in one folder, described by a manifest beside them
// (infra/release/publish.ts writes both). Each file is read once at start and has to be what the
// manifest says; one that is not is never offered. Owned by main.ts.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import {
  RELEASE_MANIFEST_FILE,
  ReleaseManifest,
  type Platform,
} from '@guruconnect/contract/http/v1/releases';
import type { Logger } from '../logger.ts';
import { byVersion, isPreRelease } from './version-order.ts';

type Entry = ReleaseManifest['releases'][number];

export type ShelvedRelease = Entry & {
  /** As the file was when it was checked; another one is not the one that was checked. */
  readonly checked: { readonly mtimeMs: number; readonly ino: number };
};

const NOT_SET = 'this server has no folder of agent releases (GC_RELEASES_DIR)';
const UNREADABLE = 'the folder of agent releases of this server can not be read';

export class ReleaseShelf {
  readonly #directory: string;
  readonly #logger: Logger;
  /** Newest first. */
  readonly #releases: readonly ShelvedRelease[];
  /** Why there is nothing to hand out; undefined when there is. */
  readonly missing: string | undefined;

  private constructor(
    directory: string,
    releases: readonly ShelvedRelease[],
    logger: Logger,
    missing?: string,
  ) {
    this.#directory = directory;
    this.#releases = releases;
    this.#logger = logger;
    this.missing = missing;
  }

  /** Never rejects: a server without its releases is still a server, and says so. */
  static async open(directory: string | undefined, logger: Logger): Promise<ReleaseShelf> {
    if (directory === undefined) return new ReleaseShelf('', [], logger, NOT_SET);
    const folder = resolve(directory);
    let manifest: ReleaseManifest;
    try {
      const text = await readFile(join(folder, RELEASE_MANIFEST_FILE), 'utf8');
      manifest = ReleaseManifest.parse(JSON.parse(text));
    } catch (err) {
      logger.error({ err }, `GC_RELEASES_DIR holds no valid ${RELEASE_MANIFEST_FILE}`);
      return new ReleaseShelf(folder, [], logger, UNREADABLE);
    }
    const found: ShelvedRelease[] = [];
    for (const entry of manifest.releases) {
      try {
        found.push({ ...entry, checked: await check(folder, entry) });
      } catch (err) {
        const { version, platform, file } = entry;
        logger.error({ err, version, platform, file }, 'agent release is NOT offered');
      }
    }
    const releases = found.sort(
      (a, b) => byVersion(b.version, a.version) || (a.platform < b.platform ? -1 : 1),
    );
    logger.info({ releases: releases.length }, 'agent releases checked');
    return new ReleaseShelf(folder, releases, logger);
  }

  get directory(): string {
    return this.#directory;
  }

  list(platform?: Platform): readonly ShelvedRelease[] {
    return this.#releases.filter((each) => platform === undefined || each.platform === platform);
  }

  /** The newest that is no pre-release. */
  latest(platform: Platform): ShelvedRelease | undefined {
    return this.list(platform).find(({ version }) => !isPreRelease(version));
  }

  /** For a download: undefined also when the file is not the one that was checked. */
  async find(platform: Platform, version: string): Promise<ShelvedRelease | undefined> {
    const release = this.list(platform).find((each) => each.version === version);
    if (!release) return undefined;
    const { file, size_bytes, checked } = release;
    try {
      const now = await stat(join(this.#directory, file));
      const same = now.mtimeMs === checked.mtimeMs && now.ino === checked.ino;
      if (same && now.size === size_bytes) return release;
      this.#logger.error({ version, platform, file }, 'agent release changed since the start');
    } catch (err) {
      this.#logger.error({ err, version, platform, file }, 'agent release is gone');
    }
    return undefined;
  }
}

/** @throws Error that says how the file differs from what the manifest promises. */
async function check(directory: string, entry: Entry): Promise<ShelvedRelease['checked']> {
  const path = join(directory, entry.file);
  const { size, mtimeMs, ino } = await stat(path);
  if (size !== entry.size_bytes)
    throw new Error(`it has ${size} bytes, the manifest says ${entry.size_bytes}`);
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  const found = hash.digest('hex');
  if (found !== entry.checksum_sha256)
    throw new Error(`its SHA-256 is ${found}, the manifest says ${entry.checksum_sha256}`);
  return { mtimeMs, ino };
}
