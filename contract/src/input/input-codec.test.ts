import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GcError } from '../errors.ts';
import { decodeInput, encodeInput, MAX_INPUT_BYTES } from './input-codec.ts';
import type { InputEvent } from './input-event.ts';

const golden = JSON.parse(
  readFileSync(new URL('../../test/fixtures/input.json', import.meta.url), 'utf8'),
) as { hex: string; event: InputEvent }[];

const u16 = fc.integer({ min: 0, max: 0xffff });
const u32 = fc.integer({ min: 0, max: 0xffffffff });
const i16 = fc.integer({ min: -0x8000, max: 0x7fff });
const stamp = { monitor_id: fc.integer({ min: 1, max: 0xffff }), topology_epoch: u32, seq: u32 };
const position = fc.record({ x: u16, y: u16 });
const anyEvent: fc.Arbitrary<InputEvent> = fc.oneof(
  fc.record({ ...stamp, kind: fc.constant('move' as const), position }),
  fc.record({
    ...stamp,
    kind: fc.constant('button' as const),
    position,
    button: fc.integer({ min: 0, max: 4 }),
    down: fc.boolean(),
  }),
  fc.record({ ...stamp, kind: fc.constant('wheel' as const), position, dx: i16, dy: i16 }),
  fc.record({ ...stamp, kind: fc.constant('key' as const), usage: u16, down: fc.boolean() }),
  fc.record({
    ...stamp,
    kind: fc.constant('text' as const),
    text: fc.string({ minLength: 1, maxLength: 100, unit: 'grapheme' }),
  }),
  fc.record({ ...stamp, kind: fc.constant('release_all' as const) }),
  fc.record({ ...stamp, kind: fc.constant('probe' as const) }),
);

describe('input codec', () => {
  it.each(golden)('keeps the golden bytes $hex', ({ hex, event }) => {
    expect(Buffer.from(encodeInput(event)).toString('hex')).toBe(hex);
    expect(decodeInput(Buffer.from(hex, 'hex'))).toEqual(event);
  });

  it('gives back every event it encoded', () => {
    fc.assert(
      fc.property(anyEvent, (event) => {
        expect(decodeInput(encodeInput(event))).toEqual(event);
      }),
    );
  });

  it('answers any bytes with an event or a coded refusal, never with another error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: MAX_INPUT_BYTES + 8 }), (bytes) => {
        try {
          decodeInput(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(GcError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('refuses every valid event that was shortened or lengthened by one byte', () => {
    fc.assert(
      fc.property(
        anyEvent.filter((event) => event.kind !== 'text'),
        (event) => {
          const bytes = encodeInput(event);
          expect(() => decodeInput(bytes.subarray(0, -1))).toThrow(GcError);
          expect(() => decodeInput(Uint8Array.of(...bytes, 0))).toThrow(GcError);
        },
      ),
    );
  });

  it('refuses text that is empty, too long or not UTF-8', () => {
    const event = { monitor_id: 1, topology_epoch: 0, seq: 0, kind: 'text' } as const;
    expect(() => encodeInput({ ...event, text: '' })).toThrow(GcError);
    expect(() => encodeInput({ ...event, text: 'x'.repeat(1025) })).toThrow(GcError);
    expect(() => decodeInput(Buffer.from('010500020000000700000102ff', 'hex'))).toThrow(GcError);
  });
});
