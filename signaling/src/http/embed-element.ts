// GET /embed/v1/guru-session.js: <guru-session> for the pages of integrators. The path names the version of the embedding protocol; all of contract v1 speaks it. Public and
// loadable from any origin, so that a page embeds with one script tag.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Router } from 'express';
import type { EMBED_VERSION } from '@guruconnect/contract/embed/embed-messages';
import { GcError } from '@guruconnect/contract/errors';
import type { Logger } from '../logger.ts';

const VERSION: typeof EMBED_VERSION = 1;

const FILE = 'guru-session.js';

/** An older element talks to a newer viewer, so there is no hurry; a page asks again with ETag. */
const CACHE_S = 3_600;
const STALE_S = 86_400;

/** @param directory folder of the built element; read once, at start. */
export function embedElement(directory: string | undefined, logger: Logger): Router {
  const content = read(directory, logger);
  const etag = content && `"${createHash('sha256').update(content).digest('base64url')}"`;
  const routes = Router();
  routes.get(`/embed/v${VERSION}/${FILE}`, (request, response) => {
    response.set({
      'Access-Control-Allow-Origin': '*',
      'Cross-Origin-Resource-Policy': 'cross-origin',
    });
    if (!content || !etag) throw new GcError('not_found', NOT_INSTALLED);
    response.set({
      ETag: etag,
      'Cache-Control': `public, max-age=${CACHE_S}, stale-while-revalidate=${STALE_S}`,
    });
    if (request.headers['if-none-match'] === etag) response.status(304).end();
    else response.set('Content-Type', 'text/javascript; charset=utf-8').send(content);
  });
  return routes;
}

const NOT_INSTALLED =
  'The embed element is not installed on this server: its operator has to build it and name its folder in GC_EMBED_DIR';

function read(directory: string | undefined, logger: Logger): Buffer | undefined {
  if (directory === undefined) return undefined;
  try {
    return readFileSync(join(directory, FILE));
  } catch (err) {
    logger.error({ err }, `GC_EMBED_DIR holds no ${FILE}: pages can not load it`);
    return undefined;
  }
}
