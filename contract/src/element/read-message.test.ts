import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { mayGrow } from '../client/open-answer.ts';
import { EmbedEvent, EmbedReady } from '../embed/embed-messages.ts';
import { readEvent, readReady } from './read-message.ts';

type Fixtures = Record<'ready' | 'event', Record<'good' | 'later' | 'bad', unknown[]>>;
const { ready, event } = JSON.parse(
  readFileSync(new URL('../../test/fixtures/embed.json', import.meta.url), 'utf8'),
) as Fixtures;

/** Does it have the shape of the schema, whatever the values and bounds of today are? */
const hasShape = (schema: z.ZodType, value: unknown): boolean => {
  const parsed = schema.safeParse(value, { reportInput: true });
  return parsed.success || parsed.error.issues.every(mayGrow);
};
const cases = (list: unknown[]): [string, unknown][] => list.map((v) => [JSON.stringify(v), v]);

describe('what a viewer says', () => {
  it('has an example of every kind', () => {
    const kinds = EmbedEvent.options.map((option) => option.shape.gc.value);
    expect([...new Set(event.good.map((each) => (each as EmbedEvent).gc))].sort()).toEqual(
      [...kinds].sort(),
    );
  });

  it.each(cases(event.good))('%s is understood, by the schema too', (_text, value) => {
    expect(EmbedEvent.safeParse(value).error).toBeUndefined();
    expect(readEvent(value)).toBe(value);
  });

  it.each(cases(event.later))('%s, of a newer viewer, is understood', (_text, value) => {
    expect(EmbedEvent.safeParse(value).success).toBe(false);
    expect(readEvent(value)).toBe(value);
  });

  it.each(cases(event.bad))('%s is nothing, for the schema too', (_text, value) => {
    expect(hasShape(EmbedEvent, value)).toBe(false);
    expect(readEvent(value)).toBeUndefined();
  });

  it.each(cases(ready.good))('%s is "ready"', (_text, value) => {
    expect(EmbedReady.safeParse(value).success).toBe(true);
    expect(readReady(value)).toEqual((value as { versions: number[] }).versions);
  });

  it.each(cases(ready.bad))('%s is not "ready"', (_text, value) => {
    expect(EmbedReady.safeParse(value).success).toBe(false);
    expect(readReady(value)).toBeUndefined();
  });
});

/** A good message with one place of it, at any depth, replaced or taken away. */
const damaged = fc
  .tuple(
    fc.constantFrom(...event.good),
    fc.infiniteStream(fc.nat()),
    fc.option(fc.jsonValue(), { nil: undefined, freq: 3 }),
  )
  .map(([message, choices, replacement]) => {
    const copy = structuredClone(message) as Record<string, unknown>;
    let at: Record<string, unknown> = copy;
    for (;;) {
      const keys = Object.keys(at);
      const key = keys[(choices.next().value ?? 0) % keys.length];
      if (key === undefined) return copy;
      const below = at[key];
      const goOn = (choices.next().value ?? 0) % 2 === 0;
      if (goOn && typeof below === 'object' && below !== null) {
        at = below as Record<string, unknown>;
        continue;
      }
      if (replacement === undefined) delete at[key];
      else at[key] = replacement;
      return copy;
    }
  });

describe('the check by hand', () => {
  it('says the same as the schema of anything, shape for shape', () => {
    fc.assert(
      fc.property(fc.oneof({ arbitrary: damaged, weight: 9 }, fc.jsonValue()), (value) => {
        expect(readEvent(value) !== undefined).toBe(hasShape(EmbedEvent, value));
      }),
      { numRuns: 2000 },
    );
  });
});
