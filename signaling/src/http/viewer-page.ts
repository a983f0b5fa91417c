// GET /viewer/{session_id}: the built viewer with headers made for that session. The page itself is
// the same for all and holds no secret; the code rides in the fragment, which no server sees.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import express, { Router, type Response } from 'express';
import { SessionId } from '@guruconnect/contract/ids';
import type { FeatureGate } from '../features.ts';
import type { Logger } from '../logger.ts';
import type { SessionRecord } from '../store/session-record.ts';
import { forViewer } from './page-headers.ts';

export type ViewerPageParts = {
  /** Folder of the built viewer: index.html and assets/. */
  readonly directory: string | undefined;
  readonly publicUrl: string;
  readonly embedded: FeatureGate;
  /** Undefined for a session that never was. */
  readonly find: (id: SessionId) => Promise<SessionRecord | undefined>;
  /** By the address of the request. @throws GcError `rate_limited`. */
  readonly admit: (request: express.Request) => Promise<void>;
  readonly logger: Logger;
};

export function viewerPage(parts: ViewerPageParts): Router {
  const { directory, publicUrl, embedded, find, admit, logger } = parts;
  const page = readPage(directory, logger);
  const routes = Router();

  if (directory !== undefined)
    routes.use(
      '/viewer/assets',
      // vite puts a hash of the content into each name: a name never changes its content.
      express.static(join(directory, 'assets'), {
        immutable: true,
        maxAge: '365d',
        index: false,
        redirect: false,
      }),
    );

  routes.get('/viewer/:session_id', async (request, response) => {
    await admit(request);
    response.set('Cache-Control', 'no-store');
    const id = SessionId.safeParse(request.params.session_id);
    const record = id.success ? await find(id.data) : undefined;
    if (!record) {
      plainPage(response, 404, 'There is no such session', 'The link may be old or mistyped.');
      return;
    }
    if (page === undefined) {
      plainPage(
        response,
        503,
        'The viewer is not installed on this server',
        'Its operator has to build it and name its folder in GC_VIEWER_DIR.',
      );
      return;
    }
    forViewer(response, publicUrl, embedded.on ? record.embed_origins : []);
    response.type('html').send(page);
  });
  return routes;
}

function readPage(directory: string | undefined, logger: Logger): string | undefined {
  if (directory === undefined) return undefined;
  try {
    return readFileSync(join(directory, 'index.html'), 'utf8');
  } catch (err) {
    logger.error({ err }, 'GC_VIEWER_DIR holds no index.html: the viewer can not be opened');
    return undefined;
  }
}

/** For a person who followed a link; without scripts, styles or anything of the session. */
function plainPage(response: Response, status: number, title: string, text: string): void {
  response
    .status(status)
    .type('html')
    .send(
      `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title></head><body><h1>${title}</h1><p>${text}</p></body></html>\n`,
    );
}
