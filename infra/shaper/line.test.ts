import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Line, type LineSettings } from './line.ts';
import { seededRandom } from './seeded-random.ts';

const PACKET = 1000;

/** Sends `count` packets every `everyMs`, and says when each came out, looking each 1/8 ms. */
function run(
  settings: Partial<LineSettings>,
  count: number,
  everyMs: number,
  at: (nowMs: number, line: Line<number>) => void = () => undefined,
): { line: Line<number>; arrivals: Map<number, number>; order: number[] } {
  const line = new Line<number>(settings, seededRandom(1));
  const arrivals = new Map<number, number>();
  let sent = 0;
  const endMs = count * everyMs + 5000;
  for (let nowMs = 0; nowMs < endMs; nowMs += 0.125) {
    at(nowMs, line);
    for (; sent < count && nowMs >= sent * everyMs; sent += 1) line.push(nowMs, PACKET, sent);
    for (let item = line.take(nowMs); item !== undefined; item = line.take(nowMs))
      arrivals.set(item, nowMs);
  }
  return { line, arrivals, order: [...arrivals.keys()] };
}

const gaps = (times: Iterable<number>): number[] =>
  [...times].map((time, i, all) => time - (all[i - 1] ?? time)).slice(1);

describe('a line', () => {
  it('delays each packet by its delay', () => {
    const { arrivals } = run({ delayMs: 40 }, 100, 5);
    for (const [n, atMs] of arrivals) expect(atMs - n * 5).toBeCloseTo(40, 0);
    expect(arrivals.size).toBe(100);
  });

  it.each([0.5e6, 1e6, 8e6, 20e6])('carries %d bit/s and no more', (bps) => {
    const spacingMs = (PACKET * 8000) / bps;
    const { arrivals } = run({ bps, queueMs: 1e6 }, 200, spacingMs / 3);
    const spanMs = Math.max(...arrivals.values()) - Math.min(...arrivals.values());
    expect((199 * PACKET * 8000) / spanMs / bps).toBeCloseTo(1, 1);
  });

  it('drops what its queue cannot hold, and never holds a packet longer than that', () => {
    const { line, arrivals } = run({ bps: 1e6, queueMs: 100 }, 500, 2);
    for (const [n, atMs] of arrivals) expect(atMs - n * 2).toBeLessThanOrEqual(108.5);
    expect(line.counters.overflowed).toBeGreaterThan(300);
    expect(line.counters.overflowed + line.counters.carried).toBe(500);
  });

  it('bounds its queue by bytes too', () => {
    const { line } = run({ bps: 8000, queueMs: 1e9, queueBytes: 5000 }, 20, 0.125);
    expect(line.counters.overflowed).toBe(15);
  });

  it('applies a new rate to what waits already', () => {
    let waitedMs = 0;
    const { arrivals } = run({ bps: 8e6, queueMs: 1000 }, 100, 0.25, (nowMs, line) => {
      if (nowMs !== 25) return;
      const before = line.queueMs(nowMs); // 100 packets came, 25 left
      line.change(nowMs, { bps: 0.8e6 });
      waitedMs = line.queueMs(nowMs) / before;
    });
    expect(waitedMs).toBeCloseTo(10, 5);
    expect(Math.max(...arrivals.values())).toBeCloseTo(25 + 75 * 10, -1);
  });

  it.each([
    { loss: 0.05, lossBurst: 1 },
    { loss: 0.02, lossBurst: 4 },
    { loss: 0.2, lossBurst: 8 },
  ])('loses $loss in the long run, $lossBurst in a row', ({ loss, lossBurst }) => {
    const line = new Line<number>({ loss, lossBurst }, seededRandom(7));
    const total = 60_000;
    const lost: boolean[] = [];
    for (let n = 0; n < total; n += 1) {
      line.push(n, PACKET, n);
      lost.push(line.take(n) === undefined);
    }
    const count = lost.filter(Boolean).length;
    const bursts = lost.filter((one, i) => one && !lost[i - 1]).length;
    expect(count / total / loss).toBeGreaterThan(0.85);
    expect(count / total / loss).toBeLessThan(1.15);
    const expected = lossBurst === 1 ? 1 / (1 - loss) : lossBurst;
    expect(count / bursts / expected).toBeGreaterThan(0.9);
    expect(count / bursts / expected).toBeLessThan(1.1);
  });

  it('jitters within its bounds, in order unless it may reorder', () => {
    const ordered = run({ delayMs: 100, jitterMs: 30 }, 500, 3);
    expect(ordered.order).toEqual([...ordered.order].sort((a, b) => a - b));
    const free = run({ delayMs: 100, jitterMs: 30, reorder: true }, 500, 3);
    expect(free.order).not.toEqual(ordered.order);
    for (const { arrivals } of [ordered, free])
      for (const [n, atMs] of arrivals) {
        expect(atMs - n * 3).toBeGreaterThanOrEqual(69.8);
        expect(atMs - n * 3).toBeLessThanOrEqual(130.2);
      }
    expect(Math.min(...gaps(free.arrivals.values()))).toBeGreaterThanOrEqual(0);
  });

  it('lets nothing through in an outage, and everything after it', () => {
    const { arrivals, line } = run({ delayMs: 10 }, 300, 10, (nowMs, changed) => {
      if (nowMs === 1000) changed.change(nowMs, { outage: true });
      if (nowMs === 2000) changed.change(nowMs, { outage: false });
    });
    expect([...arrivals.values()].filter((atMs) => atMs > 1011 && atMs < 2009)).toEqual([]);
    expect(line.counters.lost).toBe(100);
  });

  it('is always told of in time', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ gapMs: fc.double({ min: 0, max: 30, noNaN: true }) }), {
          minLength: 1,
          maxLength: 40,
        }),
        fc.integer({ min: 50_000, max: 10_000_000 }),
        fc.integer({ min: 0, max: 50 }),
        fc.boolean(),
        (packets, bps, jitterMs, reorder) => {
          const line = new Line<number>(
            { bps, delayMs: 50, jitterMs, reorder, queueMs: 1e6 },
            seededRandom(3),
          );
          let nowMs = 0;
          for (const [n, { gapMs }] of packets.entries()) line.push((nowMs += gapMs), PACKET, n);
          // Looking only when it says so finds every packet, and no look comes for nothing twice.
          let looks = 0;
          let out = 0;
          while (line.nextAtMs < Infinity) {
            nowMs = Math.max(nowMs, line.nextAtMs);
            looks += 1;
            while (line.take(nowMs) !== undefined) out += 1;
            if (looks > 10 * packets.length + 10) throw new Error('asked to look for nothing');
          }
          expect(out).toBe(packets.length);
        },
      ),
    );
  });
});
