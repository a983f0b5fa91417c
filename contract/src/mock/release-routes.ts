// Agent releases of the mock broker: one for each platform, and its file says that it is no agent.
import { createHash } from 'node:crypto';
import { GcError } from '../errors.ts';
import { Platform, type AgentRelease } from '../http/v1/releases.ts';
import { API_BASE, ROUTES } from '../http/v1/routes.ts';
import type { MockFeatures } from './features.ts';
import { isKnown, type OwnAnswer, type RouteHandlers } from './serve-routes.ts';

type ReleaseRoutes = Pick<RouteHandlers, Extract<keyof RouteHandlers, `releases.${string}`>>;

const VERSION = '0.1.0';
const fileOf = (platform: string): Buffer =>
  Buffer.from(`This is no GuruConnect agent for ${platform}: a mock broker served it.\n`);
const checksumOf = (file: Buffer): Buffer => createHash('sha256').update(file).digest();

export function releaseRoutes(features: MockFeatures, baseUrl: () => string): ReleaseRoutes {
  const releaseOf = (platform: Platform): AgentRelease => {
    const file = fileOf(platform);
    const path = ROUTES['releases.download'].path
      .replace('{platform}', platform)
      .replace('{version}', VERSION);
    return {
      version: VERSION,
      platform,
      size_bytes: file.length,
      checksum_sha256: checksumOf(file).toString('hex'),
      published_at: '2026-01-01T00:00:00.000Z',
      download_url: baseUrl() + API_BASE + path,
    };
  };
  return {
    'releases.list': ({ query }) => {
      features.require('agent_releases');
      const platforms = query.platform === undefined ? Platform.options : [query.platform];
      return { releases: platforms.map(releaseOf) };
    },
    'releases.latest': ({ params }) => {
      features.require('agent_releases');
      return releaseOf(params.platform);
    },
    'releases.download': ({ params: { platform, version } }) => {
      features.require('agent_releases');
      if (version !== VERSION)
        throw new GcError('not_found', `There is no release ${version} for ${platform}`);
      return download(fileOf(platform), `guruconnect-mock-${platform}.txt`);
    },
  };
}

/** One range at most, which is what resuming a download needs. */
function download(file: Buffer, name: string): OwnAnswer {
  const checksum = checksumOf(file);
  const etag = `"${checksum.toString('hex')}"`;
  return (request, response) => {
    response.setHeader('ETag', etag);
    response.setHeader('Cache-Control', 'public, max-age=31536000, immutable');
    if (isKnown(request, response)) {
      response.writeHead(304).end();
      return;
    }
    const { range, 'if-range': ifRange = etag } = request.headers;
    const [, first = '', last = ''] =
      (ifRange === etag && /^bytes=(\d*)-(\d*)$/.exec(range ?? '')) || [];
    const isRange = first !== '' || last !== '';
    const start = first === '' ? (isRange ? file.length - Number(last) : 0) : Number(first);
    const end =
      first !== '' && last !== '' ? Math.min(Number(last), file.length - 1) : file.length - 1;
    if (isRange && (start >= file.length || start > end)) {
      response.removeHeader('ETag');
      response.setHeader('Content-Range', `bytes */${file.length}`);
      throw new GcError('range_not_satisfiable');
    }
    const from = Math.max(0, start);
    response
      .writeHead(isRange ? 206 : 200, {
        'Content-Type': 'application/octet-stream',
        'Content-Disposition': `attachment; filename="${name}"`,
        'Content-Length': end - from + 1,
        'Accept-Ranges': 'bytes',
        'Repr-Digest': `sha-256=:${checksum.toString('base64')}:`,
        ...(isRange ? { 'Content-Range': `bytes ${from}-${end}/${file.length}` } : {}),
      })
      .end(file.subarray(from, end + 1));
  };
}
