// What answers plain HTTP on the control port: health for orchestrators, numbers for Prometheus.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { GcError } from '@guruconnect/contract/errors';
import type { MediaNode } from '../media-node.ts';
import type { Metrics } from '../metrics.ts';

type Answer = { readonly status: number; readonly type: string; readonly body: string };
type Route = () => Answer | Promise<Answer>;

const json = (status: number, body: object): Answer => ({
  status,
  type: 'application/json',
  body: JSON.stringify(body),
});

const refusal = (error: GcError): Answer => ({
  status: error.status,
  type: 'application/problem+json',
  body: JSON.stringify(error.toProblem()),
});

export function httpRoutes(
  node: MediaNode,
  metrics: Metrics,
): (request: IncomingMessage, response: ServerResponse) => void {
  const routes: Record<string, Route> = {
    // Alive means that this process answers; nothing outside of it is looked at, or a failing
    // neighbour would get running pictures killed.
    '/livez': () => json(200, { status: 'live' }),
    '/readyz': () =>
      node.ready
        ? json(200, { status: 'ready' })
        : json(503, { status: node.draining ? 'draining' : 'no_media_worker' }),
    '/metrics': async () => ({
      status: 200,
      type: metrics.contentType,
      body: await metrics.exposition(),
    }),
  };

  const answerTo = async (request: IncomingMessage): Promise<Answer> => {
    const path = (request.url ?? '').split('?', 1)[0] ?? '';
    const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
    if (!route) throw new GcError('not_found');
    if (request.method !== 'GET' && request.method !== 'HEAD')
      throw new GcError('method_not_allowed');
    return await route();
  };

  return (request, response) => {
    void answerTo(request)
      .catch((error: unknown) => refusal(GcError.from(error)))
      .then(({ status, type, body }) => {
        response.writeHead(status, {
          'content-type': type,
          'content-length': Buffer.byteLength(body),
          'cache-control': 'no-store',
        });
        response.end(request.method === 'HEAD' ? undefined : body);
      });
  };
}
