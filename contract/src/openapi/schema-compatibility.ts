// Two versions of one JSON Schema, compared by direction. What cannot be judged is breaking: a
// person then looks and either undoes it or accepts it with a reason.
import { addition, breaking, judged, same, text, type Change, type Direction } from './change.ts';
import type { JsonSchema } from './open-api-types.ts';

export type Resolve = (ref: string) => JsonSchema;
export type Sides<T> = { readonly old: T; readonly new: T };

const TEXTS = new Set(['description', 'title', 'examples', 'example', '$comment', 'deprecated']);
/** Judged by their own functions below. */
const STRUCTURE = new Set([
  ...['$ref', 'type', 'properties', 'required', 'additionalProperties', 'propertyNames', 'items'],
  ...['anyOf', 'oneOf', 'enum', 'const', 'x-extensible-enum', 'default', 'pattern', 'format'],
]);
const LOWER_BOUNDS = new Set(['minimum', 'minLength', 'minItems', 'minProperties']);
const UPPER_BOUNDS = new Set(['maximum', 'maxLength', 'maxItems', 'maxProperties']);

/** Compares schemas; holds what stays the same all the way down. */
export class SchemaComparison {
  readonly #direction: Direction;
  readonly #resolve: Sides<Resolve>;
  /** Pairs of references on the way down: a schema may contain itself. */
  readonly #open = new Set<string>();

  constructor(direction: Direction, resolve: Sides<Resolve>) {
    this.#direction = direction;
    this.#resolve = resolve;
  }

  compare(at: string, before: JsonSchema, after: JsonSchema): Change[] {
    const pair = `${before.$ref ?? ''} ${after.$ref ?? ''}`;
    const isReference = pair !== ' ';
    if (isReference && this.#open.has(pair)) return [];
    if (isReference) this.#open.add(pair);
    const old = this.#followed(before, this.#resolve.old);
    const now = this.#followed(after, this.#resolve.new);
    const changes = [
      ...this.#types(at, old, now),
      ...this.#values(at, old, now),
      ...this.#shape(at, old, now, 'pattern'),
      ...this.#shape(at, old, now, 'format'),
      ...this.#default(at, old, now),
      ...this.#properties(at, old, now),
      ...this.#additional(at, old, now),
      ...this.#below(at, old, now, 'items'),
      ...this.#below(at, old, now, 'propertyNames'),
      ...this.#choices(at, old, now, 'anyOf'),
      ...this.#choices(at, old, now, 'oneOf'),
      ...this.#otherKeywords(at, old, now),
    ];
    if (isReference) this.#open.delete(pair);
    return changes;
  }

  /** Keywords beside a `$ref` apply together with it (JSON Schema 2020-12). */
  #followed(schema: JsonSchema, resolve: Resolve): JsonSchema {
    if (schema.$ref === undefined) return schema;
    const { $ref, ...beside } = schema;
    return { ...this.#followed(resolve($ref), resolve), ...beside };
  }

  #judge(wider: boolean, at: string, what: string): Change {
    return judged(this.#direction, wider, at, what);
  }

  #types(at: string, old: JsonSchema, now: JsonSchema): Change[] {
    const before = typesOf(old);
    const after = typesOf(now);
    if (same(before, after)) return [];
    const covers = (types: readonly string[], type: string): boolean =>
      types.includes('any') ||
      types.includes(type) ||
      (type === 'integer' && types.includes('number'));
    const what = `type ${before.join('|')} became ${after.join('|')}`;
    const wider = before.every((type) => covers(after, type));
    const narrower = after.every((type) => covers(before, type));
    return [wider || narrower ? this.#judge(wider, at, what) : breaking(at, what)];
  }

  #values(at: string, old: JsonSchema, now: JsonSchema): Change[] {
    const before = valuesOf(old);
    const after = valuesOf(now);
    if (!before && !after) return [];
    if (!before) return [this.#judge(false, at, 'is now limited to certain values')];
    if (!after) return [this.#judge(true, at, 'is no longer limited to certain values')];
    const opened = Number(after.open) - Number(before.open);
    const gone = before.values.filter((value) => !after.values.includes(value));
    const added = after.values.filter((value) => !before.values.includes(value));
    return [
      ...(opened === 0 ? [] : [this.#judge(opened > 0, at, 'set of values opened or closed')]),
      // Sent or accepted: whoever waits for this value, or gives it, is let down.
      ...gone.map((value) => breaking(at, `value ${value} removed`)),
      // An open set says in advance that it grows.
      ...added.map((value) =>
        after.open && before.open
          ? addition(at, `value ${value} added`)
          : this.#judge(true, at, `value ${value} added`),
      ),
    ];
  }

  /** Patterns and formats can not be compared, only their presence. */
  #shape(at: string, old: JsonSchema, now: JsonSchema, keyword: 'pattern' | 'format'): Change[] {
    const before = old[keyword];
    const after = now[keyword];
    if (before === after) return [];
    if (before === undefined) return [this.#judge(false, at, `${keyword} added`)];
    if (after === undefined) return [this.#judge(true, at, `${keyword} removed`)];
    return [breaking(at, `${keyword} changed`)];
  }

  #default(at: string, old: JsonSchema, now: JsonSchema): Change[] {
    if (same(old['default'], now['default'])) return [];
    if (old['default'] === undefined) return [addition(at, 'default stated')];
    return [breaking(at, 'default changed: a field left out means something else now')];
  }

  #properties(at: string, old: JsonSchema, now: JsonSchema): Change[] {
    const before = old.properties ?? {};
    const after = now.properties ?? {};
    const wasRequired = (name: string): boolean => old.required?.includes(name) ?? false;
    const isRequired = (name: string): boolean => now.required?.includes(name) ?? false;
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return names.flatMap((name) => {
      const here = `${at}.${name}`;
      const [was, is] = [before[name], after[name]];
      // Neither end may lose a field: one is refused for giving it, the other waits for it.
      if (!is) return [breaking(here, 'field removed')];
      if (!was)
        return this.#direction === 'accepted' && isRequired(name)
          ? [breaking(here, 'new field is required')]
          : [addition(here, 'new field')];
      const required =
        wasRequired(name) === isRequired(name)
          ? []
          : [
              this.#judge(
                wasRequired(name),
                here,
                isRequired(name) ? 'became required' : 'became optional',
              ),
            ];
      return [...required, ...this.compare(here, was, is)];
    });
  }

  #additional(at: string, old: JsonSchema, now: JsonSchema): Change[] {
    const before = old.additionalProperties ?? true;
    const after = now.additionalProperties ?? true;
    if (typeof before === 'object' && typeof after === 'object')
      return this.compare(`${at}.*`, before, after);
    if (same(before, after)) return [];
    const openness = (value: boolean | JsonSchema): number =>
      value === true ? 2 : value === false ? 0 : 1;
    return [this.#judge(openness(after) > openness(before), at, 'rule for unknown fields changed')];
  }

  #below(at: string, old: JsonSchema, now: JsonSchema, key: 'items' | 'propertyNames'): Change[] {
    if (!old[key] && !now[key]) return [];
    return this.compare(
      key === 'items' ? `${at}[]` : `${at}.<name>`,
      old[key] ?? {},
      now[key] ?? {},
    );
  }

  /** Alternatives are the same or another: a changed one is one gone and one new. */
  #choices(at: string, old: JsonSchema, now: JsonSchema, key: 'anyOf' | 'oneOf'): Change[] {
    const before = old[key];
    const after = now[key];
    if (!before && !after) return [];
    if (!before || !after) return [breaking(at, `${key} came or went`)];
    const gone = before.filter((choice) => !after.some((other) => same(choice, other)));
    const added = after.filter((choice) => !before.some((other) => same(choice, other)));
    return [
      ...gone.map(() => this.#judge(false, at, 'alternative removed')),
      ...added.map(() => this.#judge(true, at, 'alternative added')),
    ];
  }

  #otherKeywords(at: string, old: JsonSchema, now: JsonSchema): Change[] {
    const keywords = new Set([...Object.keys(old), ...Object.keys(now)]);
    return [...keywords].flatMap((keyword) => {
      if (STRUCTURE.has(keyword) || same(old[keyword], now[keyword])) return [];
      if (TEXTS.has(keyword)) return [text(at, `${keyword} changed`)];
      const lower = LOWER_BOUNDS.has(keyword);
      if (!lower && !UPPER_BOUNDS.has(keyword)) return [breaking(at, `${keyword} changed`)];
      const none = lower ? -Infinity : Infinity;
      const before = Number(old[keyword] ?? none);
      const after = Number(now[keyword] ?? none);
      return [this.#judge(lower ? after < before : after > before, at, `${keyword} changed`)];
    });
  }
}

const typesOf = (schema: JsonSchema): readonly string[] =>
  schema.type === undefined
    ? ['any']
    : [...(typeof schema.type === 'string' ? [schema.type] : schema.type)].sort();

/** The set of values a schema names, as JSON texts; undefined when it names none. */
function valuesOf(schema: JsonSchema): { open: boolean; values: string[] } | undefined {
  const open = schema['x-extensible-enum'];
  const closed = 'const' in schema ? [schema.const] : schema.enum;
  if (open) return { open: true, values: open.map((value) => JSON.stringify(value)) };
  return closed && { open: false, values: closed.map((value) => JSON.stringify(value)) };
}
