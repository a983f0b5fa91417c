// GET /api/integration/v1/openapi.json: the contract for machines, as this build serves it. Public
// and readable from any origin, so that documentation pages and generators can load it.
import { createHash } from 'node:crypto';
import { Router } from 'express';
import { API_BASE } from '@guruconnect/contract/http/v1/routes';
import { openApiDocument } from '@guruconnect/contract/openapi/open-api-document';

/** It changes only with the build. */
const CACHE_S = 300;

/** Made once, at start. */
export function openApiRoute(): Router {
  const text = JSON.stringify(openApiDocument());
  const etag = `"${createHash('sha256').update(text).digest('base64url')}"`;
  const routes = Router();
  routes.get(`${API_BASE}/openapi.json`, (request, response) => {
    response.set({
      ETag: etag,
      'Cache-Control': `public, max-age=${CACHE_S}`,
      'Access-Control-Allow-Origin': '*',
    });
    if (request.headers['if-none-match'] === etag) response.status(304).end();
    else response.type('json').send(text);
  });
  return routes;
}
