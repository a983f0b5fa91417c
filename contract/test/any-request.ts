// Requests made from the schemas of the routes, right, nearly right and wrong, and what a server that
// claims the contract may answer: never a fault of its own, always the contract's refusal, and every
// answer as the published description says.
import { randomInt } from 'node:crypto';
import fc, { type Arbitrary } from 'fast-check';
import { expect } from 'vitest';
import { z } from 'zod';
import { PROBLEM_TYPE } from '../src/http/v1/headers.ts';
import { API_BASE, ROUTES, type Route, type RouteName } from '../src/http/v1/routes.ts';
import { newId } from '../src/ids.ts';
import type { JsonSchema } from '../src/openapi/open-api-types.ts';
import { OpenApiValidator } from './open-api-validator.ts';
import { changed, fitting, type Instead } from './schema-arbitrary.ts';

export type Target = {
  readonly url: string;
  readonly key: string;
  /** What exists, by the name of its id, so that not every id is one of nothing. */
  readonly known: Readonly<Record<string, string>>;
};

/** Where any value would do harm or is too rare to be hit. */
const insteadOf =
  (known: Readonly<Record<string, string>>): Instead =>
  (schema, name) => {
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
function requestOf(route: Route, instead: Instead): Arbitrary<Sent> {
  const part = (schema: z.ZodType | undefined): Arbitrary<unknown> => {
    if (!schema) return fc.constant(undefined);
    const good = fitting(schemaOf(schema), noRefs, instead);
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

export class AnyRequests {
  requests = 0;
  /** How often each status was answered. */
  readonly statuses = new Map<number, number>();
  readonly #validator = new OpenApiValidator();
  readonly #target: Target;

  constructor(target: Target) {
    this.#target = target;
  }

  /** @throws what vitest throws, with the smallest request that shows it. */
  async assert(name: RouteName, requests: number): Promise<void> {
    const route: Route = ROUTES[name];
    await fc.assert(
      fc.asyncProperty(requestOf(route, insteadOf(this.#target.known)), (sent) =>
        this.#judge(name, route, sent),
      ),
      { numRuns: requests },
    );
  }

  async #judge(name: RouteName, route: Route, sent: Sent): Promise<void> {
    const { url, key } = this.#target;
    const ill = (text: string): boolean => !text.isWellFormed();
    fc.pre(![...Object.values(sent.params)].some((text) => isDots(text) || ill(text)));
    const hasBody =
      route.method !== 'GET' && (sent.rawBody !== undefined || sent.body !== undefined);
    const body = sent.rawBody ?? JSON.stringify(sent.body);
    const address = `10.${randomInt(256)}.${randomInt(256)}.${randomInt(256)}`;
    const response = await fetch(url + API_BASE + pathOf(route, sent), {
      method: route.method,
      headers: {
        authorization: `Bearer ${key}`,
        'x-forwarded-for': address,
        origin: url,
        ...(hasBody ? { 'content-type': 'application/json' } : {}),
        ...sent.headers,
      },
      ...(hasBody ? { body } : {}),
    });
    const text = await response.text();
    const { status } = response;
    this.requests += 1;
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
    const said = `${name} answered ${status} ${text.slice(0, 500)}`;
    expect(status, said).not.toBe(500);
    const type = response.headers.get('content-type') ?? '';
    if (type.startsWith('text/event-stream') || status === 204) return;
    const json: unknown = text === '' ? undefined : JSON.parse(text);
    expect(this.#validator.responseFaults(name, status, json), said).toEqual([]);
    if (status >= 400) expect(type, said).toContain(PROBLEM_TYPE);
    // What the schema refuses is refused, whatever else is true of the request.
    if (route.body && sent.rawBody === undefined && sent.body !== undefined)
      if (!route.body.safeParse(sent.body).success)
        expect(status, said).toBeGreaterThanOrEqual(400);
  }
}
