import { describe, expect, it } from 'vitest';
import { PresetLadder, type Rung } from './preset-ladder.ts';

const FPS = 60;

/** Encodes `frames` frames that take `encodeUs` each; the rungs stepped to, in order. */
function run(ladder: PresetLadder, encodeUs: number, frames: number): Rung[] {
  const steps: Rung[] = [];
  for (let n = 0; n < frames; n++) if (ladder.note(encodeUs, FPS)) steps.push(ladder.rung);
  return steps;
}

describe('encoder settings follow the machine', () => {
  it.each([
    ['stay while frames are quick', 4_000, 300, []],
    ['stay while frames take half of the interval', 8_000, 3_000, []],
    ['step down while frames take most of the interval', 14_000, 60, ['plain']],
    ['go to the bottom when that does not help', 30_000, 300, ['plain', 'least']],
    ['stay at the bottom', 90_000, 3_000, ['plain', 'least']],
  ])('%s', (_, encodeUs, frames, expected) => {
    expect(run(new PresetLadder(), encodeUs, frames)).toEqual(expected);
  });

  it('are not moved by single slow frames', () => {
    const ladder = new PresetLadder();
    for (let n = 0; n < 100; n++) {
      expect(ladder.note(40_000, FPS)).toBe(false);
      expect(run(ladder, 3_000, 12)).toEqual([]);
    }
  });

  it('come back after a long easy time, and later each time that failed', () => {
    const ladder = new PresetLadder();
    run(ladder, 14_000, 60);
    expect(ladder.rung).toBe('plain');
    expect(run(ladder, 2_000, 1_100)).toEqual([]);
    expect(run(ladder, 2_000, 200)).toEqual(['thorough']);
    run(ladder, 14_000, 60);
    expect(run(ladder, 2_000, 2_300)).toEqual([]);
    expect(run(ladder, 2_000, 200)).toEqual(['thorough']);
  });
});
