import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { REST_MS, SpareKeycodes } from './spare-keycodes.ts';

const A = 0x1000061;
const B = 0x1000062;
const C = 0x1000063;

describe('spare keycodes', () => {
  it('binds neighbours in one request', () => {
    const spare = new SpareKeycodes([200, 201, 210]);
    expect(spare.assign([A, B, C], 0).bindings).toEqual([
      { firstKeycode: 200, keysyms: [A, B] },
      { firstKeycode: 210, keysyms: [C] },
    ]);
  });

  it('binds a character once, however often it comes', () => {
    const spare = new SpareKeycodes([200, 201]);
    spare.assign([A, A, A], 0);
    expect(spare.assign([A, B], 1)).toEqual({
      bindings: [{ firstKeycode: 201, keysyms: [B] }],
      assigned: 2,
    });
    expect([spare.use(A, 2), spare.use(B, 2), spare.use(C, 2)]).toEqual([200, 201, undefined]);
  });

  it('lets a used keycode rest before it types something else', () => {
    const spare = new SpareKeycodes([200]);
    spare.assign([A], 0);
    spare.use(A, 100);
    expect(spare.assign([B], 100 + REST_MS - 1)).toEqual({ bindings: [], assigned: 0 });
    expect(spare.nextFreeAtMs()).toBe(100 + REST_MS);
    expect(spare.assign([B], 100 + REST_MS).assigned).toBe(1);
    expect(spare.use(A, 500)).toBeUndefined();
  });

  it('never takes the keycode of a character of the same text', () => {
    const spare = new SpareKeycodes([200, 201]);
    spare.assign([A, B], 0);
    expect(spare.assign([C, A, B], REST_MS).assigned).toBe(0);
    expect(spare.use(A, REST_MS)).toBe(200);
  });

  it('gives everything back', () => {
    const spare = new SpareKeycodes([200, 201, 202]);
    spare.assign([A, B], 0);
    expect(spare.restore()).toEqual([{ firstKeycode: 200, keysyms: [0, 0] }]);
    expect(spare.restore()).toEqual([]);
    expect(spare.use(A, 1)).toBeUndefined();
  });

  it('has nothing to wait for without keycodes', () => {
    const spare = new SpareKeycodes([]);
    expect(spare.assign([A], 0)).toEqual({ bindings: [], assigned: 0 });
    expect(spare.nextFreeAtMs()).toBeUndefined();
  });

  it('at every moment each keycode types at most one character and each character has one keycode', () => {
    const keycodes = [200, 201, 203, 204, 210];
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 8 }), fc.nat(400)),
        ),
        (texts) => {
          const spare = new SpareKeycodes(keycodes);
          const typed = new Map<number, number>(); // what the server would type
          let nowMs = 0;
          for (const [keysyms, pauseMs] of texts) {
            nowMs += pauseMs;
            const { bindings, assigned } = spare.assign(keysyms, nowMs);
            for (const { firstKeycode, keysyms: bound } of bindings)
              bound.forEach((keysym, i) => typed.set(firstKeycode + i, keysym));
            for (const keysym of [...new Set(keysyms)].slice(0, assigned))
              expect(typed.get(spare.use(keysym, nowMs)!)).toBe(keysym);
          }
          expect([...typed.keys()].every((keycode) => keycodes.includes(keycode))).toBe(true);
        },
      ),
    );
  });
});
