// Ways to spoil what was well-formed: values, texts and bytes. What comes out is mostly nearly right,
// which gets deeper than noise does.
import type { Random } from './random.ts';

/** What parsers tripped over before. */
const TEXTS = [
  '',
  ' ',
  '0',
  '-1',
  '1e309',
  'NaN',
  'null',
  'undefined',
  '__proto__',
  'constructor',
  'toString',
  '\u0000',
  '\ud800',
  '\u202e',
  '%00',
  '%zz',
  '../../etc/passwd',
  '${jndi:ldap://x}',
  "' OR 1=1 --",
  '<script>',
  'x'.repeat(300),
  'x'.repeat(9000),
  '９９',
  '🖥'.repeat(40),
] as const;
const NUMBERS = [
  -1,
  -0,
  0,
  0.5,
  1,
  2,
  127,
  128,
  255,
  256,
  65_535,
  65_536,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  1e308,
];

function deepNest(depth: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < depth; i += 1) value = i % 2 === 0 ? [value] : { a: value };
  return value;
}

/** Something that is probably not what was wanted. */
export function intruder(random: Random): unknown {
  switch (random.below(9)) {
    case 0:
      return null;
    case 1:
      return random.chance(0.5);
    case 2:
      return random.pick(NUMBERS);
    case 3:
    case 4:
      return random.pick(TEXTS);
    case 5:
      return [];
    case 6:
      return {};
    case 7:
      return deepNest(1 + random.below(200));
    default:
      return Array.from({ length: random.below(600) }, () => random.pick(NUMBERS));
  }
}

type Branch = Record<string, unknown> | unknown[];
const isBranch = (value: unknown): value is Branch => typeof value === 'object' && value !== null;

/** A copy with one place, anywhere inside, replaced, removed, doubled or added to. */
export function spoilValue(value: unknown, random: Random): unknown {
  if (!isBranch(value) || random.chance(0.04)) return intruder(random);
  const keys = Object.keys(value);
  if (keys.length === 0 || random.chance(0.1)) {
    if (Array.isArray(value)) return [...value, intruder(random)];
    return { ...value, [random.pick(TEXTS)]: intruder(random) };
  }
  const key = random.pick(keys);
  const inside = (value as Record<string, unknown>)[key];
  const deeper = isBranch(inside) && random.chance(0.7);
  const put = deeper ? spoilValue(inside, random) : changed(inside, random);
  if (Array.isArray(value)) {
    const index = Number(key);
    if (put === undefined) return value.toSpliced(index, 1);
    return random.chance(0.1) ? [...value, ...value] : value.with(index, put);
  }
  const { [key]: _, ...rest } = value;
  return put === undefined ? rest : { ...rest, [key]: put };
}

/** Undefined: left out. */
function changed(value: unknown, random: Random): unknown {
  if (random.chance(0.2)) return undefined;
  if (typeof value === 'string' && random.chance(0.5)) return spoilText(value, random);
  if (typeof value === 'number' && random.chance(0.6))
    return random.chance(0.5) ? random.pick(NUMBERS) : value + random.below(5) - 2;
  return intruder(random);
}

export function spoilText(text: string, random: Random): string {
  const at = random.below(text.length + 1);
  switch (random.below(5)) {
    case 0:
      return text.slice(0, at);
    case 1:
      return text.slice(0, at) + random.pick(TEXTS) + text.slice(at);
    case 2:
      return text.slice(0, at) + String.fromCharCode(random.below(0x10000)) + text.slice(at + 1);
    case 3:
      return text + text;
    default:
      return random.pick(TEXTS);
  }
}

/** Cut, lengthened, or with some bytes changed; or noise altogether. */
export function spoilBytes(bytes: Uint8Array, random: Random, maxBytes: number): Buffer {
  if (random.chance(0.1)) return random.bytes(random.below(maxBytes));
  let spoiled = Buffer.from(bytes);
  for (let rounds = 1 + random.below(3); rounds > 0; rounds -= 1) {
    const at = random.below(spoiled.length + 1);
    if (random.chance(0.15)) spoiled = spoiled.subarray(0, at);
    else if (random.chance(0.15))
      spoiled = Buffer.concat([spoiled, random.bytes(random.below(64))]).subarray(0, maxBytes);
    else if (at < spoiled.length) spoiled[at] = random.chance(0.5) ? random.below(256) : 0xff;
  }
  return spoiled;
}
