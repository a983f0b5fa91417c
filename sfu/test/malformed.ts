// Ways to spoil a message: every field of a good one, one after the other, replaced by what does
// not belong there.

/** Each is wrong for most fields; for the rest it is unusual, which must do no harm either. */
const INTRUDERS: readonly unknown[] = [
  undefined, // the field is missing
  null,
  true,
  0,
  -1,
  1.5,
  2 ** 32,
  Number.MAX_SAFE_INTEGER,
  '',
  'x'.repeat(5000),
  '\u0000',
  [],
  {},
  [null],
  { toString: 'x' },
];

/** What may stand in a message's place altogether. */
export const NO_MESSAGES: readonly unknown[] = [...INTRUDERS, Buffer.from('bytes'), [[[]]]];

type Json = unknown;
const isBranch = (value: Json): value is Record<string, Json> | Json[] =>
  typeof value === 'object' && value !== null;

/** Copies of `message`, each spoiled in exactly one place (also inside lists and nested objects). */
export function* spoiled(message: Json): Generator<Json> {
  if (!isBranch(message)) return;
  for (const key of Object.keys(message)) {
    const put = (value: Json): Json => {
      if (Array.isArray(message)) return message.with(Number(key), value);
      const { [key]: _, ...rest } = message;
      return value === undefined ? rest : { ...rest, [key]: value };
    };
    for (const intruder of INTRUDERS) yield put(intruder);
    const inside = Array.isArray(message) ? message[Number(key)] : message[key];
    for (const deeper of spoiled(inside)) yield put(deeper);
  }
  if (Array.isArray(message)) {
    yield [...message, ...message]; // everything twice
    yield Array.from({ length: 500 }, () => message[0]);
  } else {
    yield { ...message, surprise: 'a field nobody knows' };
    yield JSON.parse(JSON.stringify({ ...message }).replace('{', '{"__proto__":{"epoch":1},'));
  }
}
