// The contract as OpenAPI 3.1, generated from the route table. Pure: the same build gives the same
// document, so it is checked in (contract/openapi/v1.json) and a test fails when the two differ.
import type { z } from 'zod';
import { ERRORS, Problem, type ErrorCode } from '../errors.ts';
import { DEPRECATIONS, type Deprecation } from '../http/v1/deprecations.ts';
import {
  IDEMPOTENCY_KEPT_S,
  IDEMPOTENCY_KEY_HEADER,
  IdempotencyKey,
  PROBLEM_TYPE,
} from '../http/v1/headers.ts';
import { EVENT_STREAM_TYPE, LAST_EVENT_ID_HEADER, LastEventId } from '../http/v1/sessions.ts';
import { errorsOf, takesIdempotencyKey } from '../http/v1/route-errors.ts';
import { API_BASE, ROUTES, SCOPES, type Route, type RouteName } from '../http/v1/routes.ts';
import { CONTRACT_VERSION } from '../version.ts';
import { componentSchemas, inlineSchema, refTo } from './components.ts';
import type {
  Content,
  Header,
  JsonSchema,
  Method,
  OpenApiDocument,
  Operation,
  Parameter,
  PathItem,
  ResponseObject,
  SecurityRequirement,
} from './open-api-types.ts';
import { markDeprecated } from './deprecated.ts';
import { ROUTE_EXAMPLES, type RouteExample } from './route-examples.ts';
import { webhookOperations } from './webhook-operations.ts';

const SECURITY_SCHEME = 'integratorKey';

const TAGS = {
  capabilities: 'What this GuruConnect can do',
  sessions: 'Support encounters: create, follow, end',
  viewer_codes: 'One-time codes that open a viewer',
  viewers: 'Technicians who watch a session now',
  machines: 'Managed endpoints: presence, monitors, versions',
  machine_keys: 'Credentials of machines',
  enrolment_tokens: 'How a device becomes a machine',
  releases: "The agent's own release channel",
  webhooks: 'Events delivered to a URL of yours, signed (Standard Webhooks 1.0)',
  deliveries: 'What webhooks sent, and sending it again',
  integrator_keys: 'Credentials of integrators',
  audit: 'Who did what, when, and proof that nobody touched it',
  agent: "GuruConnect's own agent",
  viewer: "GuruConnect's own viewer",
} as const satisfies Record<Noun<RouteName>, string>;
type Noun<N extends string> = N extends `${infer Head}.${string}` ? Head : never;

const INFO = `What integrators (RMM products) program against. Read CONTRACT.md first.

- JSON is snake_case; times are RFC 3339 in UTC.
- Requests are strict: an unknown field is refused. Answers are open: ignore fields you do not know, and expect new values where \`x-extensible-enum\` lists those of today.
- Errors are problem documents (RFC 9457) with a stable \`code\`; \`x-error-codes\` lists those an operation may answer.`;

/** @throws Error when something is deprecated that is not there. */
export function openApiDocument(
  deprecations: readonly Deprecation[] = DEPRECATIONS,
): OpenApiDocument {
  const paths: Record<string, Record<string, Operation>> = {};
  for (const [name, route] of Object.entries(ROUTES) as [RouteName, Route][]) {
    const item = (paths[route.path] ??= {});
    item[route.method.toLowerCase() as Method] = operationOf(name, route);
  }
  return markDeprecated(deprecations, {
    openapi: '3.1.0',
    info: {
      title: 'GuruConnect integration contract',
      version: CONTRACT_VERSION,
      description: INFO,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: API_BASE, description: 'Below the public URL of your GuruConnect' }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths: paths as Record<string, PathItem>,
    webhooks: webhookOperations(),
    components: {
      schemas: componentSchemas(),
      securitySchemes: {
        [SECURITY_SCHEME]: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'gci_…',
          description: `Integrator key. Its scopes: ${Object.entries(SCOPES)
            .map(([scope, text]) => `\`${scope}\` (${text})`)
            .join(', ')}.`,
        },
      },
    },
  });
}

function operationOf(name: RouteName, route: Route): Operation {
  const example = ROUTE_EXAMPLES[name];
  const parameters = parametersOf(route, example);
  return {
    operationId: name,
    summary: route.summary,
    ...(example.note === undefined ? {} : { description: example.note }),
    tags: [name.slice(0, name.indexOf('.'))],
    security: securityOf(route),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(route.body
      ? {
          requestBody: {
            required: true,
            content: json(route.body, 'accepted', example.body),
          },
        }
      : {}),
    responses: { ...successOf(name, route, example), ...problemsOf(route) },
  };
}

function securityOf({ auth, scope }: Route): readonly SecurityRequirement[] {
  if (auth === 'optional') return [{}, { [SECURITY_SCHEME]: [] }];
  return scope ? [{ [SECURITY_SCHEME]: [scope] }] : [];
}

const json = (schema: z.ZodType, direction: 'accepted' | 'sent', example: unknown): Content => ({
  'application/json': { schema: refTo(schema, direction), example },
});

function parametersOf(route: Route, example: RouteExample): Parameter[] {
  const from = (schema: z.ZodType | undefined, place: 'path' | 'query'): Parameter[] => {
    if (!schema) return [];
    const { properties = {}, required = [] } = inlineSchema(schema);
    const examples = (place === 'path' ? example.params : example.query) ?? {};
    return Object.entries(properties).map(([name, property]) => {
      const { description, ...rest } = property;
      return {
        name,
        in: place,
        required: required.includes(name),
        ...(description === undefined ? {} : { description }),
        schema: rest,
        ...(name in examples ? { example: examples[name] } : {}),
      };
    });
  };
  const { description, ...idempotencyKey } = inlineSchema(IdempotencyKey);
  const header = (name: string, says: string, schema: JsonSchema = { type: 'string' }) => ({
    name,
    in: 'header' as const,
    required: false,
    description: says,
    schema,
  });
  return [
    ...from(route.params, 'path'),
    ...from(route.query, 'query'),
    ...(takesIdempotencyKey(route)
      ? [
          {
            name: IDEMPOTENCY_KEY_HEADER,
            in: 'header' as const,
            required: false,
            description: `${description ?? ''} The same key with the same body gets the same answer for ${IDEMPOTENCY_KEPT_S / 3600} hours; with another body \`idempotency_conflict\`.`,
            schema: idempotencyKey,
            example: '9a4b6f0e-2f1c-4a52-8c39-0f8f2f4f6d11',
          },
        ]
      : []),
    ...(route.form === 'json_or_events'
      ? [
          header(
            LAST_EVENT_ID_HEADER,
            `With \`Accept: ${EVENT_STREAM_TYPE}\`: the last event already known; counts more than \`after\`.`,
            inlineSchema(LastEventId),
          ),
        ]
      : []),
    ...(route.form === 'file'
      ? [
          header(
            'Range',
            'One range of bytes, to go on where a download was cut (RFC 9110, 14.2).',
          ),
          header('If-Range', 'The ETag the range is meant for; else the whole file is sent.'),
        ]
      : []),
  ];
}

const text = (description: string): Header => ({ description, schema: { type: 'string' } });

const RATE_HEADERS: Readonly<Record<string, Header>> = {
  RateLimit: text('What is left: draft-ietf-httpapi-ratelimit-headers.'),
  'RateLimit-Policy': text('The limits that apply: draft-ietf-httpapi-ratelimit-headers.'),
};
const RETRY_AFTER: Readonly<Record<string, Header>> = {
  'Retry-After': {
    description: 'Seconds to wait before asking again.',
    schema: { type: 'integer' },
  },
};
const CHALLENGE: Readonly<Record<string, Header>> = {
  'WWW-Authenticate': text('The kind of credential that is needed.'),
};
const ETAG: Readonly<Record<string, Header>> = {
  ETag: text('Send it back as If-None-Match: 304 when nothing has changed.'),
};

function successOf(
  name: RouteName,
  route: Route,
  example: RouteExample,
): Record<string, ResponseObject> {
  const hasEtag = name === 'capabilities.read' || route.form === 'file';
  const headers = {
    ...(hasEtag ? ETAG : {}),
    ...(route.auth === 'none' ? {} : RATE_HEADERS),
  };
  return {
    [String(route.status)]: {
      description: route.status === 201 ? 'Created' : 'As asked',
      ...(Object.keys(headers).length === 0 ? {} : { headers }),
      content: successContent(route, example),
    },
    ...(route.form === 'json_or_events'
      ? { 204: { description: 'Event stream: the session has ended and nothing will follow' } }
      : {}),
    ...(route.form === 'file'
      ? { 206: { description: 'The range asked for', headers: ETAG, content: BYTES } }
      : {}),
    ...(hasEtag ? { 304: { description: 'Not changed', headers: ETAG } } : {}),
  };
}

/** Any bytes (OpenAPI 3.1, 4.8.14.2: a binary body needs no schema). */
const BYTES: Content = { 'application/octet-stream': { schema: {} } };

function successContent(route: Route, example: RouteExample): Content {
  if (route.form === 'file') return BYTES;
  const content = json(route.response, 'sent', example.response);
  if (route.form !== 'json_or_events') return content;
  return {
    ...content,
    [EVENT_STREAM_TYPE]: {
      schema: {
        type: 'string',
        description:
          'Server-sent events: `id` is the seq, `data` the event as JSON. Ends after `session.ended`.',
      },
    },
  };
}

/** One response per status, naming the codes it may carry. */
function problemsOf(route: Route): Record<string, ResponseObject> {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of errorsOf(route).sort()) {
    const { status } = ERRORS[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, group]) => [
      String(status),
      {
        description: group.map((code) => `\`${code}\`: ${ERRORS[code].title}.`).join('\n'),
        ...problemHeaders(route, status),
        'x-error-codes': group,
        content: { [PROBLEM_TYPE]: { schema: refTo(Problem, 'sent') } },
      },
    ]),
  );
}

function problemHeaders(
  route: Route,
  status: number,
): { headers?: Readonly<Record<string, Header>> } {
  const headers = {
    ...(route.auth !== 'none' && status !== 401 ? RATE_HEADERS : {}),
    ...(status === 401 ? CHALLENGE : {}),
    ...(status === 429 || status === 503 ? RETRY_AFTER : {}),
  };
  return Object.keys(headers).length === 0 ? {} : { headers };
}
