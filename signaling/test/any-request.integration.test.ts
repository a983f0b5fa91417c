// Whatever is sent to whatever route: never a fault of ours, always the contract's refusal, and every
// answer as the published description says. Requests are made from the schemas of the routes.
import { randomInt } from 'node:crypto';
import fc, { type Arbitrary } from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { PROBLEM_TYPE } from '@guruconnect/contract/http/v1/headers';
import { API_BASE, ROUTES, type Route, type RouteName } from '@guruconnect/contract/http/v1/routes';
import { newId } from '@guruconnect/contract/ids';
import type { JsonSchema } from '@guruconnect/contract/openapi/open-api-types';
import { OpenApiValidator } from '../../contract/test/open-api-validator.ts';
import { changed, fitting, type Instead } from '../../contract/test/schema-arbitrary.ts';
import { Harness } from './harness.ts';

/** Of each route; three quarters of them are meant to be wrong in some way. */
const REQUESTS_PER_ROUTE = 100;

let gc: Harness;
const validator = new OpenApiValidator();
/** What exists, so that not every id is one of nothing. */
let known: Record<string, string> = {};
let requests = 0;
const statuses = new Map<number, number>();

beforeAll(async () => {
  gc = await Harness.start({
    nodes: 8,
    // Each request comes from an address of its own: limits are another test.
    env: { GC_RATE_PER_MINUTE: '1000000', GC_TRUSTED_PROXIES: '127.0.0.1' },
  });
  const { created } = await gc.liveSession({ device_id: 'device-1' });
  known = { session_id: created.id, device_id: 'device-1' };
});
afterAll(async () => {
  expect(gc.badAnswers).toEqual([]);
  const faults = gc.log.filter((line) => /"level":(50|60)/.test(line));
  expect(faults).toEqual([]);
  await gc.close();
});

/** Where any value would do harm or is too rare to be hit. */
const instead: Instead = (schema, name) => {
  // Waiting is another test.
  if (name === 'wait_s') return fc.constant(0);
  // Nobody is there: webhooks of this test reach nobody.
  if (schema['format'] === 'uri')
    return fc.constantFrom('https://hooks.invalid/gc', 'http://127.0.0.1:9/', 'https://[::1]/x');
  const pattern = String(schema['pattern'] ?? '');
  if (pattern.startsWith('^https?'))
    return fc.constantFrom('https://rmm.example', 'http://localhost:3000', 'https://a.b:8443');
  const prefix = /^\^([a-z]{3})_\[/.exec(pattern)?.[1];
  if (prefix !== undefined)
    return fc.oneof(
      fc.constant(known[name ?? ''] ?? newId('ses').replace('ses', prefix)),
      fc.constant(newId('ses').replace('ses', prefix)),
    );
  if (name === 'device_id')
    return fc.oneof(
      fc.constant('device-1'),
      fc.integer({ min: 2, max: 5_000 }).map((n) => `d-${n}`),
    );
  return undefined;
};

const schemaOf = (schema: z.ZodType): JsonSchema =>
  z.toJSONSchema(schema, { io: 'input', target: 'draft-2020-12' }) as JsonSchema;
const noRefs = (ref: string): never => {
  throw new Error(`an input schema refers to ${ref}`);
};
const arbitraryOf = (schema: z.ZodType): Arbitrary<unknown> =>
  fitting(schemaOf(schema), noRefs, instead);

type Sent = {
  readonly params: Record<string, string>;
  readonly query: Record<string, string>;
  readonly body: unknown;
  readonly rawBody?: string;
  readonly headers: Record<string, string>;
};

const words = (values: unknown): Record<string, string> =>
  Object.fromEntries(
    Object.entries(values as object).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value ?? null),
    ]),
  );
const record = (value: unknown): object =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};

/** Right, nearly right, or anything. */
function requestOf(route: Route): Arbitrary<Sent> {
  const part = (schema: z.ZodType | undefined): Arbitrary<unknown> => {
    if (!schema) return fc.constant(undefined);
    const good = arbitraryOf(schema);
    return fc.oneof(
      { weight: 5, arbitrary: good },
      { weight: 4, arbitrary: changed(good) },
      { weight: 1, arbitrary: fc.jsonValue() },
    );
  };
  const usual = { weight: 12, arbitrary: fc.constant({}) };
  const headers = fc.oneof(
    usual,
    { weight: 1, arbitrary: fc.constant({ 'content-type': 'text/plain' }) },
    { weight: 1, arbitrary: fc.constant({ authorization: 'Bearer nobody' }) },
    { weight: 1, arbitrary: fc.constant({ origin: 'https://elsewhere.example' }) },
    {
      weight: 1,
      arbitrary: fc.record({ 'idempotency-key': fc.stringMatching(/^[\x21-\x7e]{1,9}$/) }),
    },
    { weight: 1, arbitrary: fc.constant({ accept: 'text/event-stream', 'last-event-id': 'x' }) },
  );
  const rawBody = fc.oneof(
    { weight: 12, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.string() },
  );
  return fc
    .tuple(part(route.params), part(route.query), part(route.body), headers, rawBody)
    .map(([params, query, body, sentHeaders, raw]) => ({
      params: words(record(params)),
      query: words(record(query)),
      body,
      ...(raw === undefined || route.method === 'GET' ? {} : { rawBody: raw }),
      headers: sentHeaders as Record<string, string>,
    }));
}

const pathOf = (route: Route, { params, query }: Sent): string => {
  const path = route.path.replaceAll(/\{(\w+)\}/g, (_whole, name: string) =>
    // An empty part would be another path.
    encodeURIComponent(params[name] === '' ? ' ' : (params[name] ?? 'missing')),
  );
  const search = new URLSearchParams(query).toString();
  return search === '' ? path : `${path}?${search}`;
};

/** Dots alone are taken out of an address by whoever sends it. */
const isDots = (text: string): boolean => /^\.{1,2}$/.test(text);

async function judge(name: RouteName, route: Route, sent: Sent): Promise<void> {
  const ill = (text: string): boolean => !text.isWellFormed();
  fc.pre(![...Object.values(sent.params)].some((text) => isDots(text) || ill(text)));
  const hasBody = route.method !== 'GET' && (sent.rawBody !== undefined || sent.body !== undefined);
  const body = sent.rawBody ?? JSON.stringify(sent.body);
  const address = `10.${randomInt(256)}.${randomInt(256)}.${randomInt(256)}`;
  const response = await fetch(gc.url + API_BASE + pathOf(route, sent), {
    method: route.method,
    headers: {
      authorization: `Bearer ${gc.key}`,
      'x-forwarded-for': address,
      origin: gc.url,
      ...(hasBody ? { 'content-type': 'application/json' } : {}),
      ...sent.headers,
    },
    ...(hasBody ? { body } : {}),
  });
  const text = await response.text();
  const { status } = response;
  requests += 1;
  statuses.set(status, (statuses.get(status) ?? 0) + 1);
  const said = `${name} answered ${status} ${text.slice(0, 500)}`;
  expect(status, said).not.toBe(500);
  const type = response.headers.get('content-type') ?? '';
  if (type.startsWith('text/event-stream') || status === 204) return;
  const json: unknown = text === '' ? undefined : JSON.parse(text);
  expect(validator.responseFaults(name, status, json), said).toEqual([]);
  if (status >= 400) expect(type, said).toContain(PROBLEM_TYPE);
  // What the schema refuses is refused, whatever else is true of the request.
  if (route.body && sent.rawBody === undefined && sent.body !== undefined)
    if (!route.body.safeParse(sent.body).success) expect(status, said).toBeGreaterThanOrEqual(400);
}

describe('any request to', () => {
  const routes = Object.entries(ROUTES) as [RouteName, Route][];
  it.each(routes)('%s', async (name, route) => {
    await fc.assert(
      fc.asyncProperty(requestOf(route), (sent) => judge(name, route, sent)),
      { numRuns: REQUESTS_PER_ROUTE },
    );
  });

  it('all of them was asked in every way', () => {
    expect(requests).toBeGreaterThan(routes.length * REQUESTS_PER_ROUTE * 0.99);
    // Not only refusals: the requests are meant to be right as well.
    for (const status of [200, 201, 400, 401, 404, 415])
      expect(statuses.get(status) ?? 0, `answers with ${status}`).toBeGreaterThan(10);
  });
});
