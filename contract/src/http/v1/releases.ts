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
