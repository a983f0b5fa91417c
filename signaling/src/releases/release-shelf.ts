// The agent releases this server hands out: files in one folder, described by a manifest beside them
// (infra/release/publish.ts writes both). Each file is read once and has to be what the manifest
// says; one that is not is never offered. The folder is looked at again every few seconds: only
// what has another time, size or inode than before is read. Not by watching it, which says nothing
// for folders that are mounted from elsewhere. Owned by main.ts.
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
  readonly checked: Seen;
};

/** As a file was when it was read; another one is not the one that was read. */
type Seen = { readonly mtimeMs: number; readonly ino: number; readonly size: number };

const NOT_SET = 'this server has no folder of agent releases (GC_RELEASES_DIR)';
const UNREADABLE = 'the folder of agent releases of this server can not be read';

export class ReleaseShelf {
  readonly #directory: string;
  readonly #logger: Logger;
  readonly #timer: NodeJS.Timeout | undefined;
  /** Newest first. */
  #releases: readonly ShelvedRelease[] = [];
  #missing: string | undefined;
  /** As it was when it was read last, good or bad. */
  #manifest: Seen | undefined;
  #isFirstLook = true;
  /** Of the last manifest that was one. */
  #entries: readonly Entry[] | undefined;
  /** Files that are not what the manifest says, as they were then. */
  readonly #refused = new Map<string, Seen | undefined>();
  #looking: Promise<void> | undefined;

  private constructor(directory: string | undefined, logger: Logger, lookMs: number) {
    this.#directory = directory === undefined ? '' : resolve(directory);
    this.#missing = directory === undefined ? NOT_SET : UNREADABLE;
    this.#logger = logger;
    if (directory !== undefined) this.#timer = setInterval(() => void this.look(), lookMs);
  }

  /**
   * Never rejects: a server without its releases is still a server, and says so.
   * @param lookMs between two looks at the folder.
   */
  static async open(
    directory: string | undefined,
    logger: Logger,
    lookMs: number,
  ): Promise<ReleaseShelf> {
    const shelf = new ReleaseShelf(directory, logger, lookMs);
    if (directory !== undefined) await shelf.look();
    return shelf;
  }

  /** Looks at the folder now, once for all who ask at the same time. Never rejects. */
  look(): Promise<void> {
    this.#looking ??= this.#look()
      .catch((err: unknown) => {
        this.#logger.error({ err }, 'the agent releases could not be looked at');
      })
      .finally(() => {
        this.#looking = undefined;
      });
    return this.#looking;
  }

  /** Resolves when no file is being read. Idempotent. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }

  /** Why there is nothing to hand out; undefined when there is. */
  get missing(): string | undefined {
    return this.#missing;
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
    const { file, checked } = release;
    try {
      if (isSame(await seen(join(this.#directory, file)), checked)) return release;
      this.#logger.error({ version, platform, file }, 'agent release changed since it was checked');
    } catch (err) {
      this.#logger.error({ err, version, platform, file }, 'agent release is gone');
    }
    return undefined;
  }

  async #look(): Promise<void> {
    const manifest = await seen(join(this.#directory, RELEASE_MANIFEST_FILE)).catch(
      () => undefined,
    );
    if (this.#isFirstLook || !isSame(manifest, this.#manifest)) await this.#readManifest(manifest);
    if (this.#entries === undefined) return;
    const before = this.#releases;
    const found: ShelvedRelease[] = [];
    for (const entry of this.#entries) {
      const release = await this.#checked(entry, before);
      if (release) found.push(release);
    }
    const isNews = this.#missing !== undefined || !sameSet(found, before);
    this.#missing = undefined;
    this.#releases = found.sort(
      (a, b) => byVersion(b.version, a.version) || (a.platform < b.platform ? -1 : 1),
    );
    if (isNews) this.#logger.info({ releases: found.length }, 'agent releases checked');
  }

  /** While the manifest is none, what was good before stays on offer. */
  async #readManifest(manifest: Seen | undefined): Promise<void> {
    this.#isFirstLook = false;
    this.#manifest = manifest;
    try {
      const text = await readFile(join(this.#directory, RELEASE_MANIFEST_FILE), 'utf8');
      this.#entries = ReleaseManifest.parse(JSON.parse(text)).releases;
      this.#refused.clear();
    } catch (err) {
      this.#logger.error({ err }, `GC_RELEASES_DIR holds no valid ${RELEASE_MANIFEST_FILE}`);
    }
  }

  /** Reads a file unless it is known, good or bad, as it is now. */
  async #checked(
    entry: Entry,
    before: readonly ShelvedRelease[],
  ): Promise<ShelvedRelease | undefined> {
    const { version, platform, file, checksum_sha256 } = entry;
    const now = await seen(join(this.#directory, file)).catch(() => undefined);
    const known = before.find(
      (release) =>
        release.file === file &&
        release.version === version &&
        release.platform === platform &&
        release.checksum_sha256 === checksum_sha256 &&
        isSame(release.checked, now),
    );
    if (known) return known;
    if (this.#refused.has(file) && isSame(this.#refused.get(file), now)) return undefined;
    try {
      const release = { ...entry, checked: await check(this.#directory, entry) };
      this.#refused.delete(file);
      return release;
    } catch (err) {
      this.#refused.set(file, now);
      this.#logger.error({ err, version, platform, file }, 'agent release is NOT offered');
      return undefined;
    }
  }
}

const seen = async (path: string): Promise<Seen> => {
  const { mtimeMs, ino, size } = await stat(path);
  return { mtimeMs, ino, size };
};

const sameSet = <T>(one: readonly T[], other: readonly T[]): boolean =>
  one.length === other.length && one.every((each) => other.includes(each));

const isSame = (one: Seen | undefined, other: Seen | undefined): boolean =>
  one?.mtimeMs === other?.mtimeMs && one?.ino === other?.ino && one?.size === other?.size;

/** @throws Error that says how the file differs from what the manifest promises. */
async function check(directory: string, entry: Entry): Promise<Seen> {
  const path = join(directory, entry.file);
  const before = await seen(path);
  if (before.size !== entry.size_bytes)
    throw new Error(`it has ${before.size} bytes, the manifest says ${entry.size_bytes}`);
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  const found = hash.digest('hex');
  if (found !== entry.checksum_sha256)
    throw new Error(`its SHA-256 is ${found}, the manifest says ${entry.checksum_sha256}`);
  if (!isSame(await seen(path), before)) throw new Error('it was written to while it was read');
  return before;
}
