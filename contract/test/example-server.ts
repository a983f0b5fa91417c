// A server that takes what the route table takes and answers with the examples of the description:
// for tests of whatever speaks the contract as an integrator does. It knows no state.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GcError, parseOr } from '../src/errors.ts';
import { IDEMPOTENCY_KEY_HEADER, IdempotencyKey, PROBLEM_TYPE } from '../src/http/v1/headers.ts';
import { takesIdempotencyKey } from '../src/http/v1/route-errors.ts';
import { API_BASE, ROUTES, type Route, type RouteName } from '../src/http/v1/routes.ts';
import { ROUTE_EXAMPLES } from '../src/openapi/route-examples.ts';

export const EXAMPLE_KEY = 'example-integrator-key';
const ETAG = '"example"';
/** What the checksum of the example release is of. */
const EXAMPLE_FILE = 'hello world';

/** One request as it was understood. */
export type Seen = {
  readonly name: RouteName;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly idempotencyKey: string | undefined;
};

/** Answers instead of the example; undefined for the example. May throw a GcError. */
export type Script = (seen: Seen, count: number) => object | undefined;

const routes = (Object.entries(ROUTES) as [RouteName, Route][]).map(([name, route]) => ({
  name,
  route,
  pattern: new RegExp(`^${API_BASE}${route.path.replaceAll(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`),
}));

export class ExampleServer {
  readonly seen: Seen[] = [];
  readonly url: string;
  readonly #server: Server;
  #script: Script = () => undefined;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.url = `http://127.0.0.1:${port}`;
    server.on('request', (request, response) => {
      void this.#serve(request, response);
    });
  }

  static async start(): Promise<ExampleServer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new ExampleServer(server, (server.address() as AddressInfo).port);
  }

  /** From now on `script` is asked first; what was seen is forgotten. */
  play(script: Script = () => undefined): void {
    this.seen.length = 0;
    this.#script = script;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const { seen, route } = await this.#understand(request);
      this.seen.push(seen);
      const own = this.#script(seen, this.seen.length);
      if (seen.name === 'capabilities.read') {
        response.setHeader('etag', ETAG);
        if (request.headers['if-none-match'] === ETAG) {
          response.writeHead(304).end();
          return;
        }
      }
      if (route.form === 'file') {
        response.writeHead(route.status).end(EXAMPLE_FILE);
        return;
      }
      response
        .writeHead(route.status, { 'content-type': 'application/json' })
        .end(JSON.stringify(own ?? ROUTE_EXAMPLES[seen.name].response));
    } catch (thrown) {
      const error = GcError.from(thrown);
      if (error.retryAfterMs !== undefined)
        response.setHeader('retry-after', Math.ceil(error.retryAfterMs / 1000));
      response
        .writeHead(error.status, { 'content-type': PROBLEM_TYPE })
        .end(JSON.stringify(error.toProblem()));
    }
  }

  async #understand(request: IncomingMessage): Promise<{ seen: Seen; route: Route }> {
    const url = new URL(request.url ?? '/', this.url);
    // The one route that is also there without a version.
    const path = url.pathname.replace(
      /^\/api\/integration\/capabilities$/,
      `${API_BASE}/capabilities`,
    );
    const match = routes.find(
      ({ route, pattern }) => route.method === request.method && pattern.test(path),
    );
    if (!match) throw new GcError('not_found', `no route ${request.method} ${url.pathname}`);
    const { name, route, pattern } = match;
    if (route.auth === 'integrator' && request.headers.authorization !== `Bearer ${EXAMPLE_KEY}`)
      throw new GcError('unauthenticated');
    const params = Object.fromEntries(
      Object.entries(pattern.exec(path)?.groups ?? {}).map(([field, value]) => [
        field,
        decodeURIComponent(value),
      ]),
    );
    const query = Object.fromEntries(url.searchParams);
    if (route.params) parseOr(route.params, params, 'The path');
    if (route.query) parseOr(route.query, query, 'The query');
    const key = request.headers[IDEMPOTENCY_KEY_HEADER.toLowerCase()];
    if (takesIdempotencyKey(route) && key !== undefined) parseOr(IdempotencyKey, key, 'The key');
    return {
      route,
      seen: {
        name,
        params,
        query,
        body: route.body ? parseOr(route.body, await bodyOf(request), 'The body') : undefined,
        idempotencyKey: typeof key === 'string' ? key : undefined,
      },
    };
  }
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  if (!request.headers['content-type']?.startsWith('application/json'))
    throw new GcError('unsupported_media_type');
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
  } catch {
    throw new GcError('invalid_json');
  }
}
