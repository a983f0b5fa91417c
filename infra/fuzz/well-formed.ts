// Well-formed messages out of their own schemas: what a schema allows is what is sent, so a new message
// or a new field is fuzzed by being there.
import { z } from 'zod';
import { newId } from '@guruconnect/contract/ids';
import type { Random } from './random.ts';

/** JSON Schema, as much of it as zod writes. */
type Schema = {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly prefixItems?: readonly Schema[];
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly format?: string;
};

/** Values that mean something to whoever receives them, by the name of the field they belong in. */
export type Known = Readonly<Record<string, readonly unknown[]>>;

const PREFIX = /^\^([a-z]+)_\[/;
/** One fitting text for each pattern of the contract that is no id. */
const FITTING = [
  'device-1',
  'https://rmm.example',
  'https://rmm.example/hook',
  'video/H264',
  'audio/opus',
  'L1T1',
  'stun:127.0.0.1:3478',
  'node-1',
  'A'.repeat(43),
  Array(32).fill('AB').join(':'),
  'a',
  '1',
  '1.0.0',
  'KeyA',
];

export class WellFormed {
  readonly #schema: Schema;

  constructor(schema: z.ZodType) {
    this.#schema = z.toJSONSchema(schema, {
      io: 'input',
      unrepresentable: 'any',
    }) as Schema;
  }

  make(random: Random, known: Known = {}): unknown {
    return valueOf(this.#schema, random, known, undefined);
  }
}

const LONGEST_LIST = 4;

function valueOf(schema: Schema, random: Random, known: Known, name: string | undefined): unknown {
  const meaningful = name === undefined ? undefined : known[name];
  if (meaningful && meaningful.length > 0 && random.chance(0.85)) return random.pick(meaningful);
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return random.pick(schema.enum);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return valueOf(random.pick(choices), random, known, name);
  if (schema.allOf?.[0]) return valueOf(schema.allOf[0], random, known, name);
  switch (schema.type) {
    case 'object':
      return objectOf(schema, random, known);
    case 'array': {
      const least = schema.minItems ?? 0;
      const most = Math.max(least, Math.min(schema.maxItems ?? LONGEST_LIST, LONGEST_LIST));
      const items = schema.items ?? schema.prefixItems?.[0] ?? {};
      return Array.from({ length: least + random.below(most - least + 1) }, () =>
        valueOf(items, random, known, name),
      );
    }
    case 'integer':
    case 'number': {
      const least = Math.max(schema.minimum ?? 0, -1e6);
      const most = Math.min(schema.maximum ?? least + 1000, least + 2 ** 32);
      return random.pick([least, most, Math.floor(least + random.below(most - least + 1))]);
    }
    case 'boolean':
      return random.chance(0.5);
    case 'null':
      return null;
    default:
      return textOf(schema, random);
  }
}

function objectOf(schema: Schema, random: Random, known: Known): Record<string, unknown> {
  const made: Record<string, unknown> = {};
  for (const [key, inside] of Object.entries(schema.properties ?? {}))
    if (schema.required?.includes(key) || random.chance(0.5))
      made[key] = valueOf(inside, random, known, key);
  if (!schema.properties && typeof schema.additionalProperties === 'object')
    made['a'] = valueOf(schema.additionalProperties, random, known, 'a');
  return made;
}

function textOf({ pattern, format, minLength = 0, maxLength = 40 }: Schema, random: Random) {
  if (format === 'uuid') return random.uuid();
  if (format === 'date-time') return new Date(random.below(2 ** 40)).toISOString();
  if (format === 'uri') return 'https://rmm.example/hook';
  if (pattern !== undefined) {
    const prefix = PREFIX.exec(pattern)?.[1];
    if (prefix !== undefined) return newId(prefix as 'ses', random.below(2 ** 40));
    const expression = new RegExp(pattern);
    return FITTING.find((text) => expression.test(text)) ?? 'x';
  }
  const length = Math.max(minLength, random.below(Math.min(maxLength, 40) + 1));
  return 'abcdefghij'.repeat(30).slice(0, length);
}
