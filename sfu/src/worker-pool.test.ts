import { describe, expect, it } from 'vitest';
import { leastBusy } from './worker-pool.ts';

const worker = (size: number, cpu: number) => ({ sessions: { size }, cpu });

describe('the least busy worker', () => {
  it('has the fewest sessions', () => {
    const [a, b, c] = [worker(3, 0.1), worker(1, 0.9), worker(2, 0)];
    expect(leastBusy([a, b, c])).toBe(b);
  });

  it('among equals works least', () => {
    const [a, b] = [worker(1, 0.5), worker(1, 0.2)];
    expect(leastBusy([a, b])).toBe(b);
  });

  it('is none when none runs', () => {
    expect(leastBusy([])).toBeUndefined();
  });
});
