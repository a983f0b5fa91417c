import { readFileSync } from 'node:fs';
import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, it } from 'vitest';
import { OpenApiValidator, V1_FILE } from '../../test/open-api-validator.ts';
import { ERRORS } from '../errors.ts';
import { errorsOf } from '../http/v1/route-errors.ts';
import { ROUTES, type Route, type RouteName } from '../http/v1/routes.ts';
import { DELIVERED_BODIES, type DeliveredType } from '../http/v1/webhook-deliveries.ts';
import { EVENTS } from '../journal.ts';
import { openApiDocument } from './open-api-document.ts';
import type { JsonSchema } from './open-api-types.ts';
import { ROUTE_EXAMPLES } from './route-examples.ts';
import { exampleOf } from './webhook-operations.ts';

const routes = Object.entries(ROUTES) as [RouteName, Route][];
const document = openApiDocument();
const validator = new OpenApiValidator(document);

describe('the checked-in description', () => {
  it('is what the schemas say (else: npm run openapi -w @guruconnect/contract)', () => {
    expect(readFileSync(V1_FILE, 'utf8')).toBe(`${JSON.stringify(document, null, 2)}\n`);
  });

  it('is OpenAPI 3.1 by the official schema', async () => {
    const { valid, errors } = await new Validator().validate(structuredClone(document));
    expect(errors ?? []).toEqual([]);
    expect(valid).toBe(true);
  });
});

describe('every route', () => {
  it.each(routes)('%s is described with its answers, credential and parameters', (name, route) => {
    const operation = validator.operation(name);
    expect(
      document.paths[route.path]?.[route.method.toLowerCase() as 'get' | 'post' | 'delete'],
    ).toBe(operation);
    expect(operation.responses[String(route.status)]?.content).toBeDefined();
    expect(operation.security).toEqual(
      route.auth === 'optional'
        ? [{}, { integratorKey: [] }]
        : route.scope
          ? [{ integratorKey: [route.scope] }]
          : [],
    );
    for (const code of errorsOf(route))
      expect(operation.responses[String(ERRORS[code].status)]?.['x-error-codes']).toContain(code);
    const inPath = [...route.path.matchAll(/\{([a-z_]+)\}/g)].map((match) => match[1]);
    expect(
      (operation.parameters ?? []).filter((p) => p.in === 'path' && p.required).map((p) => p.name),
    ).toEqual(inPath);
  });

  it.each(routes)('%s has an example that its schemas and the description take', (name, route) => {
    const example = ROUTE_EXAMPLES[name];
    if (route.params) expect(route.params.safeParse(example.params).error).toBeUndefined();
    if (route.query) expect(route.query.safeParse(example.query).error).toBeUndefined();
    if (route.body) expect(route.body.safeParse(example.body).error).toBeUndefined();
    expect(route.response.safeParse(example.response).error).toBeUndefined();
    expect(validator.requestFaults(name, example.body)).toEqual([]);
    expect(validator.responseFaults(name, route.status, example.response)).toEqual([]);
  });

  it('tells where a key against double creation goes, and when to come back', () => {
    const create = validator.operation('sessions.create');
    expect(create.parameters?.find((p) => p.name === 'Idempotency-Key')?.in).toBe('header');
    expect(create.responses['429']?.headers).toHaveProperty('Retry-After');
    expect(create.responses['429']?.headers).toHaveProperty('RateLimit');
    expect(validator.operation('capabilities.read').responses['200']?.headers).toHaveProperty(
      'ETag',
    );
  });
});

describe('every delivery', () => {
  const deliveries = Object.entries(document.webhooks ?? {});

  it('of an event is described, and those of the audit and of a test', () => {
    expect(deliveries.map(([type]) => type).sort()).toEqual(
      [...Object.keys(EVENTS), 'audit.checkpoint', 'webhook.test'].sort(),
    );
  });

  it.each(deliveries)('%s has a body that its schema and the description take', (type, item) => {
    const body = exampleOf(type as DeliveredType);
    expect(item.post?.requestBody?.content['application/json']?.example).toEqual(body);
    expect(DELIVERED_BODIES[type as DeliveredType].safeParse(body).error).toBeUndefined();
    expect(validator.deliveryFaults(type, body)).toEqual([]);
    expect(validator.deliveryFaults(type, { ...body, type: 'other' })).toHaveLength(1);
    expect(validator.deliveryFaults(type, { ...body, later: 1 })).toEqual([]);
  });

  it('names the data of its event', () => {
    const { data, ...ended } = exampleOf('session.ended') as { data: object };
    const without = { ...ended, data: { ...data, data: {} } };
    expect(validator.deliveryFaults('session.ended', without)).toHaveLength(1);
  });
});

/** All schemas below `root`, references followed once. */
function reachable(root: JsonSchema, seen = new Set<JsonSchema>()): Set<JsonSchema> {
  const target = root.$ref
    ? document.components.schemas[root.$ref.slice(root.$ref.lastIndexOf('/') + 1)]
    : undefined;
  if (seen.has(root)) return seen;
  seen.add(root);
  const { additionalProperties: extra } = root;
  const below = [
    target ?? [],
    Object.values(root.properties ?? {}),
    root.items ?? [],
    root.anyOf ?? [],
    root.oneOf ?? [],
    typeof extra === 'object' ? extra : [],
  ].flat();
  for (const schema of below) reachable(schema, seen);
  return seen;
}

const operations = routes.map(([name]) => validator.operation(name));

describe('what is accepted', () => {
  it('is closed, all the way down', () => {
    const roots = operations.flatMap((o) => o.requestBody?.content['application/json'] ?? []);
    for (const schema of roots.flatMap((media) => [...reachable(media.schema)]))
      if (schema.properties) expect(schema.additionalProperties).toBe(false);
  });

  it('does not need what has a default', () => {
    const { required, properties } = document.components.schemas['CreateSession'] ?? {};
    expect(required).toEqual(['device_id', 'mode', 'technician']);
    expect(properties?.['grants']?.['default']).toEqual(['view']);
  });

  it.each([
    ['an unknown field', { later: 1 }],
    ['a grant without view', { grants: ['control'] }],
    ['an origin with a path', { embed_origins: ['https://rmm.example/'] }],
    [
      'too much metadata',
      { metadata: Object.fromEntries([...Array(33).keys()].map((i) => [`k${i}`, ''])) },
    ],
  ])('is refused by schema and description alike: %s', (_what, change) => {
    const body = { ...(ROUTE_EXAMPLES['sessions.create'].body as object), ...change };
    expect(ROUTES['sessions.create'].body.safeParse(body).success).toBe(false);
    expect(validator.requestFaults('sessions.create', body)).not.toEqual([]);
  });
});

describe('what is sent', () => {
  it('is open, all the way down: no closed object, no closed set of values, no bound', () => {
    const deliveries = Object.values(document.webhooks ?? {}).map(({ post }) => post?.requestBody);
    const roots = [...operations.flatMap((o) => Object.values(o.responses)), ...deliveries].flatMap(
      (sent) => Object.values(sent?.content ?? {}),
    );
    for (const schema of roots.flatMap((media) => [...reachable(media.schema)])) {
      expect(schema.additionalProperties).not.toBe(false);
      for (const keyword of ['enum', 'pattern', 'maxLength', 'maximum', 'maxItems'])
        expect(schema).not.toHaveProperty(keyword);
    }
  });

  it('fits the description when a later version says more', () => {
    const later = {
      ...(ROUTE_EXAMPLES['sessions.read'].response as object),
      state: 'waiting_for_something_new',
      new_field: { nested: true },
    };
    expect(validator.responseFaults('sessions.read', 200, later)).toEqual([]);
  });
});

describe('the judge of answers', () => {
  it('knows an answer that does not fit, a status and a code that may not be', () => {
    const { id: _id, ...lacking } = ROUTE_EXAMPLES['sessions.read'].response as { id: string };
    expect(validator.responseFaults('sessions.read', 200, lacking)).toHaveLength(1);
    expect(validator.responseFaults('sessions.read', 204, undefined)).toHaveLength(1);
    const problem = { type: 'x', title: 'x', detail: 'x', status: 404, retryable: false };
    expect(
      validator.responseFaults('sessions.read', 404, { ...problem, code: 'session_not_found' }),
    ).toEqual([]);
    expect(
      validator.responseFaults('sessions.read', 404, { ...problem, code: 'machine_not_found' }),
    ).toHaveLength(1);
  });
});
