// Bodies of the agent release routes: GC's own channel, the only place an RMM fetches the agent.
import { z } from 'zod';

export const Platform = z.enum(['windows-x64', 'linux-x64']);
export type Platform = z.output<typeof Platform>;

const semver = z
  .string()
  .regex(/^\d+\.\d+\.\d+(-[0-9A-Za-z.-]{1,64})?$/, 'must be a version such as 1.4.0');

export const AgentRelease = z.looseObject({
  version: z.string(),
  platform: z.string(),
  size_bytes: z.number().int().positive(),
  checksum_sha256: z
    .string()
    .length(64)
    .describe('Lower-case hex of the file; verify before launch.'),
  published_at: z.iso.datetime(),
  download_url: z.url().describe('Served by GC itself, with Range; needs no key.'),
});
export type AgentRelease = z.output<typeof AgentRelease>;

export const ListReleases = z.strictObject({ platform: Platform.optional() });

export const ReleaseList = z.looseObject({ releases: z.array(AgentRelease) });
export const LatestParams = z.object({ platform: Platform });
export const DownloadParams = z.object({ platform: Platform, version: semver });

/** `releases.json` beside the files: written by the publisher, read by signaling at its start. */
export const RELEASE_MANIFEST_FILE = 'releases.json';
export const ReleaseManifest = z.strictObject({
  releases: z.array(
    z.strictObject({
      version: semver,
      platform: Platform,
      /** A plain name: what is served lies beside the manifest and nowhere else. */
      file: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/),
      size_bytes: z.number().int().positive(),
      checksum_sha256: z.string().regex(/^[0-9a-f]{64}$/),
      published_at: z.iso.datetime(),
    }),
  ),
});
export type ReleaseManifest = z.output<typeof ReleaseManifest>;
