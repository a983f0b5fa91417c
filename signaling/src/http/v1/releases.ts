// Agent releases: what there is, and the files themselves, in ranges and without a key, since an
// endpoint that fetches the agent has none.
import type { Response } from 'express';
import { GcError } from '@guruconnect/contract/errors';
import { API_BASE, ROUTES } from '@guruconnect/contract/http/v1/routes';
import type { AgentRelease } from '@guruconnect/contract/http/v1/releases';
import type { FeatureGate } from '../../features.ts';
import type { ReleaseShelf, ShelvedRelease } from '../../releases/release-shelf.ts';
import { isKnown, type RouteHandlers } from '../bind-routes.ts';
import { OwnAnswer } from '../own-answer.ts';

type ReleaseRoutes = Pick<RouteHandlers, 'releases.list' | 'releases.latest' | 'releases.download'>;

export type ReleaseRoutesParts = {
  readonly shelf: ReleaseShelf;
  readonly gate: FeatureGate;
  readonly publicUrl: string;
};

/** A version never changes its content (the publisher refuses that). */
const CACHE = 'public, max-age=31536000, immutable';

export function releaseRoutes({ shelf, gate, publicUrl }: ReleaseRoutesParts): ReleaseRoutes {
  const view = (release: ShelvedRelease): AgentRelease => {
    const { version, platform, size_bytes, checksum_sha256, published_at } = release;
    const path = ROUTES['releases.download'].path
      .replace('{platform}', platform)
      .replace('{version}', version);
    const download_url = publicUrl + API_BASE + path;
    return { version, platform, size_bytes, checksum_sha256, published_at, download_url };
  };

  return {
    'releases.list': ({ query }) => {
      gate.require();
      return { releases: shelf.list(query.platform).map(view) };
    },

    'releases.latest': ({ params }) => {
      gate.require();
      const release = shelf.latest(params.platform);
      if (!release) throw new GcError('not_found', `There is no release for ${params.platform}`);
      return view(release);
    },

    'releases.download': async ({ params: { platform, version } }) => {
      gate.require();
      const release = await shelf.find(platform, version);
      if (!release)
        throw new GcError('not_found', `There is no release ${version} for ${platform}`);
      return new OwnAnswer(async (request, response) => {
        response.set(headersOf(release));
        if (isKnown(request, response)) {
          response.status(304).end();
          return;
        }
        await sendFile(response, shelf.directory, release.file);
      });
    },
  };
}

const headersOf = ({ file, checksum_sha256 }: ShelvedRelease): Record<string, string> => ({
  'Content-Type': 'application/octet-stream',
  'Content-Disposition': `attachment; filename="${file}"`,
  'Cache-Control': CACHE,
  ETag: `"${checksum_sha256}"`,
  // RFC 9530: of the whole file, also when only a range of it is sent.
  'Repr-Digest': `sha-256=:${Buffer.from(checksum_sha256, 'hex').toString('base64')}:`,
});

/** @throws GcError `range_not_satisfiable`, `not_found`. */
async function sendFile(response: Response, root: string, file: string): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      const options = { root, etag: false, lastModified: false, cacheControl: false };
      response.sendFile(file, options, (error?: Error) => {
        if (error) reject(error);
        else resolve();
      });
    });
  } catch (cause) {
    const { status, code } = cause as { status?: number; code?: string };
    // The other end went away; it comes back with a range.
    if (code === 'ECONNABORTED' || response.headersSent) return;
    for (const name of ['ETag', 'Content-Disposition', 'Repr-Digest', 'Content-Length'])
      response.removeHeader(name);
    if (status === 416) throw new GcError('range_not_satisfiable');
    if (status === 404) throw new GcError('not_found', 'The file is gone', { cause });
    throw cause;
  }
}
