import { describe, expect, it } from 'vitest';
import { compactNtp, ntpTimestamp, roundTripMs } from './ntp-time.ts';

const NOW_MS = Date.UTC(2026, 10, 22, 13, 0, 0, 250);
const HALF_SECOND = 32768;

describe('RTCP time', () => {
  it('counts seconds from 1900 and fractions in 2^-32', () => {
    const time = ntpTimestamp(NOW_MS);
    expect(time >> 32n).toBe(BigInt(Math.floor(NOW_MS / 1000)) + 2_208_988_800n);
    expect(time & 0xffff_ffffn).toBe(1n << 30n); // a quarter
  });

  it('gives the round trip without the time the receiver held the report', () => {
    const sentSr = compactNtp(NOW_MS);
    expect(roundTripMs(sentSr, HALF_SECOND, NOW_MS + 540)).toBeCloseTo(40, 0);
  });

  it('says nothing for a receiver that had no report yet, or when the clock went back', () => {
    expect(roundTripMs(0, 0, NOW_MS)).toBeUndefined();
    expect(roundTripMs(compactNtp(NOW_MS), 0, NOW_MS - 1000)).toBeUndefined();
  });
});
