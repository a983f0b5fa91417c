// Time as RTCP tells it (RFC 3550 sections 4 and 6.4.1). Pure.

/** Seconds from 1900 to 1970. */
const NTP_EPOCH_S = 2_208_988_800n;
const FRACTION_BITS = 32n;

/** @param unixMs milliseconds since 1970, fractions allowed. */
export function ntpTimestamp(unixMs: number): bigint {
  const us = BigInt(Math.round(unixMs * 1000));
  const seconds = us / 1_000_000n + NTP_EPOCH_S;
  return (seconds << FRACTION_BITS) | (((us % 1_000_000n) << FRACTION_BITS) / 1_000_000n);
}

/** The middle 32 bits, unit 1/65536 s: what receivers give back as "last SR". */
export function compactNtp(unixMs: number): number {
  return Number((ntpTimestamp(unixMs) >> 16n) & 0xffff_ffffn);
}

/**
 * Round trip time of a report block, ms; undefined when it answers no report of ours.
 * @param lastSr compact NTP time of the sender report it answers, 0 for none.
 * @param delaySinceLastSr 1/65536 s that the receiver held it.
 */
export function roundTripMs(
  lastSr: number,
  delaySinceLastSr: number,
  nowUnixMs: number,
): number | undefined {
  if (lastSr === 0) return undefined;
  const units = (compactNtp(nowUnixMs) - lastSr - delaySinceLastSr) >>> 0;
  // A clock that was set back meanwhile gives nearly 2^32.
  return units > 0x8000_0000 ? undefined : (units * 1000) / 65536;
}
