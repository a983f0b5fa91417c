import { describe, expect, it } from 'vitest';
import { Reservations, RESERVATION_MS } from './reservations.ts';

describe('what was placed lately', () => {
  it('counts less and less, and then no more', () => {
    const reservations = new Reservations();
    expect(reservations.share(0)).toBe(0);
    reservations.add(0);
    reservations.add(0);
    const fresh = reservations.share(0);
    expect(fresh).toBeGreaterThan(0);
    expect(reservations.share(RESERVATION_MS / 2)).toBeCloseTo(fresh / 2, 12);
    expect(reservations.share(RESERVATION_MS)).toBe(0);
  });

  it('is what each of them would count by itself, through bursts and pauses', () => {
    const reservations = new Reservations();
    const times: number[] = [];
    let nowMs = 1_000_000;
    for (let i = 0; i < 20_000; i += 1) {
      nowMs += i % 5000 === 0 ? RESERVATION_MS * 0.7 : i % 3;
      reservations.add(nowMs);
      times.push(nowMs);
      if (i % 1000 !== 0) continue;
      const one = new Reservations();
      one.add(0);
      const whole = one.share(0);
      const expected = times
        .map((atMs) => Math.max(0, 1 - (nowMs - atMs) / RESERVATION_MS) * whole)
        .reduce((sum, share) => sum + share, 0);
      expect(reservations.share(nowMs)).toBeCloseTo(expected, 9);
    }
  });
});
