import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GcError } from '../errors.ts';
import { decodeFact, encodeFact } from './fact-codec.ts';
import type { Fact } from './fact.ts';

type Golden = { hex: string; fact: Fact };
const golden = (
  JSON.parse(
    readFileSync(new URL('../../test/fixtures/facts.json', import.meta.url), 'utf8'),
  ) as Golden[]
).map(({ hex, fact }): Golden =>
  fact.kind === 'cursor_shape'
    ? { hex, fact: { ...fact, rgba: new Uint8Array(fact.rgba) } }
    : { hex, fact },
);

describe('fact codec', () => {
  it.each(golden)('keeps the golden bytes of $fact.kind', ({ hex, fact }) => {
    expect(Buffer.from(encodeFact(fact)).toString('hex')).toBe(hex);
    expect(decodeFact(new Uint8Array(Buffer.from(hex, 'hex')))).toEqual(fact);
  });

  it('answers any bytes with a fact or a coded refusal', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 80 }),
        fc.integer({ min: 0, max: 7 }),
        (tail, kind) => {
          try {
            decodeFact(Uint8Array.of(1, kind, ...tail));
          } catch (error) {
            expect(error).toBeInstanceOf(GcError);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('refuses a cursor whose bytes do not fill its size', () => {
    const bytes = encodeFact({
      kind: 'cursor_shape',
      width: 2,
      height: 2,
      hotspot_x: 0,
      hotspot_y: 0,
      rgba: new Uint8Array(15),
    });
    expect(() => decodeFact(bytes)).toThrow(/cursor bytes/);
  });

  it('reads a refusal code of a newer agent as internal instead of failing', () => {
    const bytes = encodeFact({
      kind: 'input_refused',
      viewer_id: 'vwr_01hzzzzzzzzzzzzzzzzzzzzzzz',
      seq: 1,
      code: 'tomorrow' as never,
    });
    expect(decodeFact(bytes)).toMatchObject({ code: 'internal', seq: 1 });
  });
});
