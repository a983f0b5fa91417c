// A short run of the fuzzer on the real processes; `npm run fuzz -- --count 1000000` is the long one.
import { expect, it } from 'vitest';
import { BOUNDARIES, fuzz } from './run-fuzz.ts';
import { Random } from './random.ts';
import { WATCHED } from './watch.ts';

const COUNT = 20_000;
/** Node's heap grows in steps of this size before it is collected; a leak of 10 KiB an input shows. */
const GROWTH_MIB = 160;

it('nothing that is sent to any boundary crashes, is a mistake of ours, or stays in memory', async () => {
  const report = await fuzz({ count: COUNT, seed: 20_000 });
  expect(report.findings).toEqual([]);
  const sent = Object.values(report.inputs).reduce((sum, count) => sum + count, 0);
  expect(sent).toBeGreaterThanOrEqual(COUNT - BOUNDARIES.length);
  for (const name of WATCHED) {
    expect(report.end[name].pid).toBe(report.warm[name].pid);
    const grownMiB = report.end[name].rssMiB - report.warm[name].rssMiB;
    expect([name, grownMiB < GROWTH_MIB]).toEqual([name, true]);
  }
}, 400_000);

it('the same seed makes the same inputs', () => {
  const some = (seed: number): string => new Random(seed, 'HTTP', 7).bytes(64).toString('hex');
  expect(some(1)).toBe(some(1));
  expect(some(1)).not.toBe(some(2));
});

it('every boundary gets its share', () => {
  expect(BOUNDARIES.reduce((sum, { perThousand }) => sum + perThousand, 0)).toBe(1000);
});
