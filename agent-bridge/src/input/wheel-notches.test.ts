import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_NOTCHES, WheelNotches } from './wheel-notches.ts';

describe('wheel movement', () => {
  it.each([
    [[120], [1]],
    [[-240], [-2]],
    [
      [30, 30, 30, 30],
      [0, 0, 0, 1],
    ],
    [
      [119, 2],
      [0, 1],
    ],
    [
      [100, 100, 100],
      [0, 1, 1],
    ],
    [
      [-60, -60],
      [0, -1],
    ],
    [
      [0, 0],
      [0, 0],
    ],
  ])('%j becomes notches %j', (deltas, notches) => {
    const wheel = new WheelNotches();
    expect(deltas.map((delta) => wheel.add(delta))).toEqual(notches);
  });

  it('forgets the fraction when it turns round', () => {
    const wheel = new WheelNotches();
    wheel.add(110);
    expect(wheel.add(-120)).toBe(-1);
    expect(wheel.add(-110)).toBe(0);
  });

  it('is bounded, so that one event cannot keep an application scrolling', () => {
    expect(new WheelNotches().add(32767)).toBe(MAX_NOTCHES);
    expect(new WheelNotches().add(-32768)).toBe(-MAX_NOTCHES);
  });

  it('loses and invents nothing in one direction', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 1200 })), fc.boolean(), (deltas, up) => {
        const wheel = new WheelNotches();
        const sign = up ? -1 : 1;
        const notches = deltas.reduce((sum, delta) => sum + wheel.add(sign * delta), 0);
        const whole = Math.floor(deltas.reduce((sum, delta) => sum + delta, 0) / 120);
        expect(Math.abs(notches)).toBe(whole);
      }),
    );
  });
});
