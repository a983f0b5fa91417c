// Values that fit a JSON Schema, and values that almost do, for property tests of whatever takes what
// the contract describes. It knows the part of JSON Schema that our schemas use (open-api-types.ts).
import fc, { type Arbitrary } from 'fast-check';
import type { JsonSchema } from '../src/openapi/open-api-types.ts';

/** Instead of what a schema says: where any fitting value would do harm, or is hard to hit. */
export type Instead = (
  schema: JsonSchema,
  name: string | undefined,
) => Arbitrary<unknown> | undefined;
export type Resolve = (ref: string) => JsonSchema;

const MAX_ITEMS = 4;
const MAX_TEXT = 40;
/** About 68 years around 2000: what RFC 3339 writes without effort. */
const DATES = { min: new Date('1970-01-01'), max: new Date('2038-01-01'), noInvalidDate: true };

/** A value that fits; what a schema can not say (a refinement) may still refuse it. */
export function fitting(
  schema: JsonSchema,
  resolve: Resolve,
  instead: Instead = () => undefined,
  name?: string,
): Arbitrary<unknown> {
  const of = (inner: JsonSchema, called?: string) => fitting(inner, resolve, instead, called);
  const own = instead(schema, name);
  if (own) return own;
  if (schema.$ref !== undefined) return of(resolve(schema.$ref), name);
  if ('const' in schema) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return fc.oneof(...choices.map((choice) => of(choice, name)));
  switch (schema.type) {
    case 'string':
      return text(schema);
    case 'integer':
    case 'number':
      return number(schema);
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array':
      return list(schema, of);
    case 'object':
      return object(schema, of);
    default:
      return fc.jsonValue();
  }
}

const bound = (value: unknown, otherwise: number): number =>
  typeof value === 'number' ? value : otherwise;

function text(schema: JsonSchema): Arbitrary<string> {
  const minLength = bound(schema['minLength'], 0);
  const maxLength = Math.max(minLength, Math.min(bound(schema['maxLength'], MAX_TEXT), MAX_TEXT));
  if (schema['format'] === 'date-time') return fc.date(DATES).map((date) => date.toISOString());
  if (schema['format'] === 'uri') return fc.webUrl();
  if (typeof schema['pattern'] === 'string') {
    const pattern = new RegExp(schema['pattern'], 'u');
    const longest = bound(schema['maxLength'], Infinity);
    try {
      return fc
        .stringMatching(pattern, { size: 'small' })
        .filter((value) => value.length >= minLength && value.length <= longest);
    } catch {
      // a class that fast-check does not know (\p{…}): found by looking
      return fc.string({ minLength, maxLength }).filter((value) => pattern.test(value));
    }
  }
  return fc.string({ minLength, maxLength, unit: 'binary' });
}

function number(schema: JsonSchema): Arbitrary<number> {
  const min = bound(schema['minimum'], -1_000_000);
  const max = bound(schema['maximum'], 1_000_000);
  return schema.type === 'integer'
    ? fc.integer({ min, max })
    : fc.double({ min, max, noNaN: true, noDefaultInfinity: true });
}

type Of = (schema: JsonSchema, name?: string) => Arbitrary<unknown>;

function list(schema: JsonSchema, of: Of): Arbitrary<unknown[]> {
  const minLength = bound(schema['minItems'], 0);
  const maxLength = Math.max(minLength, Math.min(bound(schema['maxItems'], MAX_ITEMS), MAX_ITEMS));
  const items = fc.array(of(schema.items ?? {}), { minLength, maxLength });
  const contains = schema['contains'] as JsonSchema | undefined;
  if (!contains) return items;
  return fc
    .tuple(items, of(contains))
    .map(([others, one]) => [...others.slice(0, Math.max(0, maxLength - 1)), one]);
}

function object(schema: JsonSchema, of: Of): Arbitrary<object> {
  const properties = Object.entries(schema.properties ?? {}).map(
    ([name, property]) => [name, of(property, name)] as const,
  );
  const additional = schema.additionalProperties;
  const named = fc.record(Object.fromEntries(properties), {
    requiredKeys: [...(schema.required ?? [])],
    noNullPrototype: true,
  });
  if (typeof additional !== 'object') return named;
  const keys = schema.propertyNames ? of(schema.propertyNames) : fc.string();
  const more = fc.dictionary(keys as Arbitrary<string>, of(additional), {
    maxKeys: Math.min(bound(schema['maxProperties'], MAX_ITEMS), MAX_ITEMS),
    noNullPrototype: true,
  });
  return fc.tuple(more, named).map(([extra, own]) => ({ ...extra, ...own }));
}

/** The value with one thing changed somewhere: a field lost, added, or something else entirely. */
export function changed(value: Arbitrary<unknown>): Arbitrary<unknown> {
  return fc
    .tuple(value, fc.nat(), fc.constantFrom('lose', 'add', 'replace'), fc.jsonValue())
    .map(([original, where, how, other]) => {
      const copy: unknown = structuredClone(original);
      const places = objectsIn(copy);
      const place = places[where % Math.max(1, places.length)];
      if (place === undefined) return other;
      const keys = Object.keys(place);
      const key = keys[where % Math.max(1, keys.length)] ?? 'nothing';
      if (how === 'lose') delete place[key];
      else place[how === 'add' ? 'added_by_nobody' : key] = other;
      return copy;
    });
}

type Anything = Record<string, unknown>;

function objectsIn(value: unknown): Anything[] {
  if (typeof value !== 'object' || value === null) return [];
  const own = Array.isArray(value) ? [] : [value as Anything];
  return [...own, ...Object.values(value).flatMap(objectsIn)];
}
