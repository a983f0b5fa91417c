import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HeldKeys, type HeldInput } from './held-keys.ts';

const key = (usage: number): HeldInput => ({ kind: 'key', usage });
const button = (n: number): HeldInput => ({ kind: 'button', button: n });

describe('the ledger of held keys', () => {
  it('releases all in reverse order of pressing, once', () => {
    const held = new HeldKeys();
    [key(0xe0), key(0xe1), button(0), key(4)].forEach((input) => held.press(input));
    expect(held.releaseAll()).toEqual([key(4), button(0), key(0xe1), key(0xe0)]);
    expect(held.releaseAll()).toEqual([]);
  });

  it('tells a repeat from a press and keeps its place in the order', () => {
    const held = new HeldKeys();
    expect(held.press(key(4))).toBe('pressed');
    held.press(key(5));
    expect(held.press(key(4))).toBe('repeated');
    expect(held.inOrder()).toEqual([key(4), key(5)]);
  });

  it('releases nothing it did not press', () => {
    const held = new HeldKeys();
    expect(held.release(key(4))).toBe('not_held');
    held.press(button(4));
    expect(held.release(key(4))).toBe('not_held'); // a key is not the button of that number
    expect(held.release(button(4))).toBe('released');
  });

  it('whatever happened before, presses minus releases is what release-all returns', () => {
    const input = fc.oneof(fc.nat(6).map(key), fc.nat(3).map(button));
    fc.assert(
      fc.property(fc.array(fc.tuple(input, fc.boolean())), (history) => {
        const held = new HeldKeys();
        const expected: HeldInput[] = [];
        for (const [changed, down] of history) {
          const at = expected.findIndex((one) => JSON.stringify(one) === JSON.stringify(changed));
          if (down && at < 0) expected.push(changed);
          if (!down && at >= 0) expected.splice(at, 1);
          if (down) held.press(changed);
          else held.release(changed);
        }
        expect(held.size).toBe(expected.length);
        expect(held.releaseAll()).toEqual(expected.reverse());
        expect(held.size).toBe(0);
      }),
    );
  });
});
