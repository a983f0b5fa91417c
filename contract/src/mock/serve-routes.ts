// The contract's route table on node:http: find the route, authenticate, parse, call, check the answer,
// send; whatever is thrown becomes a problem document. What signaling does with express, for a server
// that has nothing to lose: no limits by address, no patience with slow clients.
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { parse as parseQuery } from 'node:querystring';
import { z } from 'zod';
import { GcError, invalid, parseOr } from '../errors.ts';
import { DEPRECATIONS, deprecationHeaders, deprecationsOf } from '../http/v1/deprecations.ts';
import { PROBLEM_TYPE } from '../http/v1/headers.ts';
import { API_BASE, ROUTES, SCOPES, type Route, type RouteName } from '../http/v1/routes.ts';
import type { Caller, MockKeys } from './mock-keys.ts';

type Routes = typeof ROUTES;
type Parsed<R, Part extends string> = R extends { readonly [P in Part]: infer S extends z.ZodType }
  ? z.output<S>
  : undefined;

/** An answer that is no JSON document: written by the handler, or by another door of the server. */
export type OwnAnswer = (request: IncomingMessage, response: ServerResponse) => unknown;
export type Call<N extends RouteName> = {
  readonly params: Parsed<Routes[N], 'params'>;
  readonly query: Parsed<Routes[N], 'query'>;
  readonly body: Parsed<Routes[N], 'body'>;
  readonly caller: {
    readonly integrator: Caller;
    readonly optional: Caller | undefined;
    readonly none: undefined;
  }[Routes[N]['auth']];
  readonly header: (name: string) => string | undefined;
  /** Sets a header of the answer. */
  readonly set: (name: string, value: string) => void;
  /** Aborted when the connection is gone. */
  readonly gone: AbortSignal;
};
type Given<N extends RouteName> =
  | z.input<Routes[N]['response']>
  | (Routes[N] extends { readonly form: string } ? OwnAnswer : never);
export type RouteHandlers = {
  readonly [N in RouteName]: (call: Call<N>) => Promise<Given<N>> | Given<N>;
};

export type ServeParts = {
  readonly handlers: RouteHandlers;
  readonly keys: MockKeys;
  /** Before anything else of a request of the contract. @throws GcError. */
  readonly admit: () => void;
  /** What is served beside the contract; undefined for a path that is none of it. */
  readonly elsewhere: (method: string, path: string) => OwnAnswer | undefined;
};

export const MAX_BODY_BYTES = 64 * 1024;
const EVERYWHERE = {
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'X-Frame-Options': 'DENY',
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
};

/** Answered also without the version. */
const UNVERSIONED = API_BASE.replace(/\/v1$/, '/capabilities');
const TABLE = (Object.entries(ROUTES) as [RouteName, Route][]).map(([name, route]) => {
  const path = API_BASE + route.path.replaceAll(/\{(\w+)\}/g, '(?<$1>[^/]+)');
  const source = name === 'capabilities.read' ? `(?:${path}|${UNVERSIONED})` : path;
  return { name, route, pattern: new RegExp(`^${source}/?$`, 'i') };
});

export function serveRoutes(parts: ServeParts): RequestListener {
  return (request, response) => {
    for (const [name, value] of Object.entries(EVERYWHERE)) response.setHeader(name, value);
    serve(request, response, parts).catch((thrown: unknown) => {
      sendProblem(response, GcError.from(thrown));
    });
  };
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  parts: ServeParts,
): Promise<void> {
  const [path = '', search = ''] = (request.url ?? '/').split(/\?(.*)/s);
  const method = request.method === 'HEAD' ? 'GET' : (request.method ?? 'GET');
  const own = parts.elsewhere(method, path);
  if (own) {
    await own(request, response);
    return;
  }
  const here = TABLE.filter(({ pattern }) => pattern.test(path));
  const found = here.find(({ route }) => route.method === method);
  if (!found) {
    if (here.length === 0) throw new GcError('not_found');
    const allowed = here.flatMap(({ route: { method: verb } }) =>
      verb === 'GET' ? ['GET', 'HEAD'] : [verb],
    );
    response.setHeader('Allow', allowed.join(', '));
    throw new GcError('method_not_allowed', `${method} is not possible here`);
  }
  parts.admit();
  const { name, route, pattern } = found;
  const params = decoded(pattern.exec(path)?.groups);
  const mayCarryKey = route.auth === 'optional' && request.headers.authorization !== undefined;
  const caller =
    route.auth === 'integrator' || mayCarryKey
      ? authenticate(request, response, route, parts)
      : undefined;
  const query = { ...parseQuery(search) };
  const body = await readBody(request, route.body !== undefined);
  const given = [...Object.keys(query), ...Object.keys(Object(body) as object)];
  const deprecated = deprecationsOf(DEPRECATIONS, name, given);
  for (const [header, value] of deprecationHeaders(deprecated)) response.setHeader(header, value);
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const call = {
    params: part(route.params, params, ''),
    query: part(route.query, query, '/query'),
    body: part(route.body, body, ''),
    caller,
    header: (header: string) => request.headers[header.toLowerCase()]?.toString(),
    set: (header: string, value: string) => void response.setHeader(header, value),
    gone: gone.signal,
  };
  const handle = parts.handlers[name] as (call: unknown) => unknown;
  const answer = await handle(call);
  if (typeof answer === 'function') await (answer as OwnAnswer)(request, response);
  else sendJson(request, response, route.status, route.response.parse(answer));
}

export function sendJson(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  answer: unknown,
): void {
  if (!response.hasHeader('Cache-Control')) response.setHeader('Cache-Control', 'no-store');
  if (isKnown(request, response)) response.writeHead(304).end();
  else
    response
      .writeHead(status, { 'Content-Type': 'application/json; charset=utf-8' })
      .end(JSON.stringify(answer));
}

/** Has the caller this very answer already? */
export function isKnown(request: IncomingMessage, response: ServerResponse): boolean {
  const etag = response.getHeader('ETag');
  const known = request.headers['if-none-match'];
  return (
    etag !== undefined &&
    known !== undefined &&
    known.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag)
  );
}

function sendProblem(response: ServerResponse, error: GcError): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  if (error.retryAfterMs !== undefined)
    response.setHeader('Retry-After', Math.max(1, Math.ceil(error.retryAfterMs / 1000)));
  if (error.status === 401) response.setHeader('WWW-Authenticate', 'Bearer realm="guruconnect"');
  response
    .writeHead(error.status, {
      'Content-Type': `${PROBLEM_TYPE}; charset=utf-8`,
      'Cache-Control': 'no-store',
    })
    .end(JSON.stringify(error.toProblem(`urn:guruconnect:request:${randomUUID()}`)));
}

function authenticate(
  request: IncomingMessage,
  response: ServerResponse,
  { scope }: Route,
  { keys }: ServeParts,
): Caller {
  const caller = keys.verify(request.headers.authorization);
  const { limit, remaining, resetMs } = keys.take(caller);
  response.setHeader('RateLimit-Policy', `"key";q=${limit};w=60`);
  response.setHeader('RateLimit', `"key";r=${remaining};t=${Math.ceil(resetMs / 1000)}`);
  if (scope !== undefined && !caller.scopes.includes(scope))
    throw new GcError('scope_missing', `This needs the scope ${scope} (${SCOPES[scope]})`);
  return caller;
}

function decoded(groups: Record<string, string> = {}): Record<string, string> {
  try {
    return Object.fromEntries(
      Object.entries(groups).map(([name, value]) => [name, decodeURIComponent(value)]),
    );
  } catch {
    throw new GcError('invalid_request', 'The path is not valid');
  }
}

function part(schema: z.ZodType | undefined, value: unknown, pointer: string): unknown {
  if (!schema) return undefined;
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const error = invalid(parsed.error);
  throw new GcError('invalid_request', error.message, {
    faults: error.faults.map((fault) => ({ ...fault, pointer: pointer + fault.pointer })),
  });
}

const JSON_TYPE = /^application\/json\s*(;\s*charset="?utf-8"?\s*)?$/i;
const NoBody = z.strictObject({});

/**
 * The body as JSON; `{}` when there is none.
 * @throws GcError `unsupported_media_type`, `payload_too_large`, `invalid_json`; `invalid_request`
 * for a body where none is taken.
 */
export async function readBody(request: IncomingMessage, takesOne: boolean): Promise<unknown> {
  const { 'transfer-encoding': chunked, 'content-length': length = '0' } = request.headers;
  if (chunked === undefined && Number(length) === 0) return {};
  const { 'content-type': type = '', 'content-encoding': encoding = 'identity' } = request.headers;
  if (!JSON_TYPE.test(type) || encoding !== 'identity') throw new GcError('unsupported_media_type');
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  if (bytes > MAX_BODY_BYTES)
    throw new GcError('payload_too_large', `The body may have ${MAX_BODY_BYTES} bytes`);
  const body = fromJson(Buffer.concat(chunks).toString());
  return takesOne ? body : parseOr(NoBody, body, 'The body');
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new GcError('invalid_json');
  }
}
