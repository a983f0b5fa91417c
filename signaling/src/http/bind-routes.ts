// The contract's route table -> express: authenticate, parse, call, check the answer, send. The
// only code that sees raw input; a handler gets parsed values and returns a value. Paths and
// methods outside the table are refused here, too.
import express, { type Express, type Request, type Response } from 'express';
import { z } from 'zod';
import { GcError, invalid, parseOr, type ErrorCode } from '@guruconnect/contract/errors';
import {
  deprecationHeaders,
  deprecationsOf,
  type Deprecation,
} from '@guruconnect/contract/http/v1/deprecations';
import { API_BASE, ROUTES, type Route, type RouteName } from '@guruconnect/contract/http/v1/routes';
import type { Integrator, IntegratorKeys } from '../keys/integrator-keys.ts';
import { LIMITS } from '../limits.ts';
import type { Logger } from '../logger.ts';
import type { Metrics } from '../metrics.ts';
import { authenticate } from './integrator-auth.ts';
import { OwnAnswer } from './own-answer.ts';
import { sendProblem } from './problem.ts';
import type { RateLimits } from './rate-limits.ts';
import { requestIdOf } from './request-id.ts';

type Routes = typeof ROUTES;
type Parsed<R, Part extends string> = R extends { readonly [P in Part]: infer S extends z.ZodType }
  ? z.output<S>
  : undefined;
type Answer<R> = R extends { readonly response: infer S extends z.ZodType } ? z.input<S> : never;

export type Call<N extends RouteName> = {
  readonly params: Parsed<Routes[N], 'params'>;
  readonly query: Parsed<Routes[N], 'query'>;
  readonly body: Parsed<Routes[N], 'body'>;
  readonly integrator: {
    readonly integrator: Integrator;
    readonly optional: Integrator | undefined;
    readonly none: undefined;
  }[Routes[N]['auth']];
  readonly header: (name: string) => string | undefined;
  /** Sets a header of the answer. */
  readonly set: (name: string, value: string) => void;
  /** Told when the connection is gone, also after a whole answer. */
  readonly whenGone: (listener: () => void) => void;
};
/** Only a route that has another form than JSON may answer by itself. */
type Given<N extends RouteName> =
  Answer<Routes[N]> | (Routes[N] extends { readonly form: string } ? OwnAnswer : never);
export type RouteHandlers = {
  readonly [N in RouteName]: (call: Call<N>) => Promise<Given<N>> | Given<N>;
};

export type BindParts = {
  readonly keys: IntegratorKeys;
  readonly limits: RateLimits;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly deprecations: readonly Deprecation[];
  /** A request was refused, for whoever counts wrong credentials. */
  readonly onRefused: (code: ErrorCode, request: Request) => void;
  /** What to do with an answer of ours that does not fit the contract. */
  readonly onBadAnswer: (route: RouteName, error: z.ZodError) => void;
};

/** Answered also without the version, since it is what tells the versions. */
const UNVERSIONED_CAPABILITIES = API_BASE.replace(/\/v1$/, '/capabilities');

const expressPath = (path: string): string => path.replaceAll(/\{(\w+)\}/g, ':$1');

export function bindRoutes(app: Express, handlers: RouteHandlers, parts: BindParts): void {
  const methods = new Map<string, Set<string>>();
  const bind = <N extends RouteName>(name: N, path: string): void => {
    const { method }: Route = ROUTES[name];
    const allowed = methods.get(path) ?? new Set();
    methods.set(path, allowed.add(method));
    // express answers HEAD with GET.
    if (method === 'GET') allowed.add('HEAD');
    const verb = method.toLowerCase() as Lowercase<Route['method']>;
    app[verb](path, (request, response) => serve(name, handlers[name], request, response, parts));
  };
  for (const name of Object.keys(ROUTES) as RouteName[])
    bind(name, API_BASE + expressPath(ROUTES[name].path));
  bind('capabilities.read', UNVERSIONED_CAPABILITIES);

  for (const [path, allowed] of methods)
    app.all(path, (request, response) => {
      response.set('Allow', [...allowed].join(', '));
      throw new GcError('method_not_allowed', `${request.method} is not possible here`);
    });
}

async function serve<N extends RouteName>(
  name: N,
  handler: RouteHandlers[N],
  request: Request,
  response: Response,
  parts: BindParts,
): Promise<void> {
  const route: Route = ROUTES[name];
  try {
    const integrator = await admit(route, request, response, parts);
    const body = await readBody(route, request, response);
    const given = [...Object.keys(request.query), ...Object.keys(Object(body))];
    for (const [header, value] of deprecationHeaders(
      deprecationsOf(parts.deprecations, name, given),
    ))
      response.set(header, value);
    const call = {
      params: part(route.params, request.params, ''),
      query: part(route.query, request.query, '/query'),
      body: part(route.body, body, ''),
      integrator,
      header: (header: string) => request.get(header),
      set: (header: string, value: string) => {
        response.set(header, value);
      },
      whenGone: (listener: () => void) => {
        response.once('close', listener);
      },
    } as Call<N>;
    const answer = await handler(call);
    if (answer instanceof OwnAnswer) {
      await answer.send(request, response);
      parts.metrics.requests.inc({ route: name, status: response.statusCode });
      return;
    }
    const checked = route.response.safeParse(answer);
    if (!checked.success) parts.onBadAnswer(name, checked.error);
    const status = isKnown(request, response) ? NOT_MODIFIED : route.status;
    parts.metrics.requests.inc({ route: name, status });
    if (!response.hasHeader('Cache-Control')) response.set('Cache-Control', 'no-store');
    response.status(status);
    if (status === NOT_MODIFIED) response.end();
    else response.json(answer);
  } catch (thrown) {
    const error = await countFailure(route, request, GcError.from(thrown), parts.limits);
    parts.metrics.requests.inc({ route: name, status: error.status });
    parts.metrics.refusals.inc({ door: 'http', code: error.code });
    parts.onRefused(error.code, request);
    const requestId = requestIdOf(response);
    if (error.code === 'internal')
      parts.logger.error({ err: thrown, route: name, request_id: requestId }, 'a request failed');
    else
      parts.logger.debug(
        { code: error.code, route: name, request_id: requestId },
        'request refused',
      );
    sendProblem(response, error, requestId);
  }
}

/**
 * Has the caller this very answer already? Not left to express, which sends all of it again to who
 * says "no-cache": Node's fetch does that by itself with every If-None-Match.
 */
export function isKnown(request: Request, response: Response): boolean {
  const etag = response.get('ETag');
  const known = request.get('if-none-match');
  if (etag === undefined || known === undefined) return false;
  return known.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag);
}

async function admit(
  route: Route,
  request: Request,
  response: Response,
  { keys, limits }: BindParts,
): Promise<Integrator | undefined> {
  const mayCarryKey = route.auth === 'optional' && request.headers.authorization !== undefined;
  if (route.auth === 'integrator' || mayCarryKey)
    return authenticate(request, response, route.scope, keys, limits);
  await limits.public(request);
  // A body that carries a credential: who guessed too often is not heard.
  if (route.body) await limits.mayTry(request);
  return undefined;
}

/** A wrong credential in a body counts against its address. */
async function countFailure(
  route: Route,
  request: Request,
  error: GcError,
  limits: RateLimits,
): Promise<GcError> {
  if (route.auth !== 'none' || error.status !== 401) return error;
  return limits.failed(request).then(
    () => error,
    (limited: unknown) => GcError.from(limited),
  );
}

function part(schema: z.ZodType | undefined, value: unknown, pointer: string): unknown {
  if (!schema) return undefined;
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const error = invalid(parsed.error);
  if (pointer === '') throw error;
  throw new GcError('invalid_request', error.message, {
    faults: error.faults.map((fault) => ({ ...fault, pointer: pointer + fault.pointer })),
  });
}

const NOT_MODIFIED = 304;

const parseJson = express.json({
  limit: LIMITS.bodyBytes,
  // A small body that unpacks into a large one is no favour to anybody.
  inflate: false,
  strict: false,
  type: () => true,
});

/** JSON is UTF-8 (RFC 8259, 8.1). */
const JSON_TYPE = /^application\/json\s*(;\s*charset="?utf-8"?\s*)?$/i;

const NoBody = z.strictObject({});

/** The body as JSON; `{}` when there is none. */
async function readBody(route: Route, request: Request, response: Response): Promise<unknown> {
  const hasBody =
    request.headers['transfer-encoding'] !== undefined ||
    Number(request.headers['content-length'] ?? 0) > 0;
  if (!hasBody) return {};
  if (!JSON_TYPE.test(request.headers['content-type'] ?? ''))
    throw new GcError('unsupported_media_type');
  await new Promise<void>((resolve, reject) => {
    parseJson(request, response, (error?: unknown) => {
      if (error === undefined) resolve();
      else reject(bodyError(error));
    });
  });
  const body: unknown = request.body;
  if (!route.body) parseOr(NoBody, body, 'The body');
  return body;
}

/** What express.json complains of, by the status it suggests. The body is never quoted. */
function bodyError(error: unknown): unknown {
  const status: unknown =
    typeof error === 'object' && error !== null && 'status' in error ? error.status : undefined;
  switch (status) {
    case 413:
      return new GcError('payload_too_large', `The body may have ${LIMITS.bodyBytes} bytes`);
    case 415:
      return new GcError('unsupported_media_type');
    case 400:
      return new GcError('invalid_json');
    default:
      return error;
  }
}
