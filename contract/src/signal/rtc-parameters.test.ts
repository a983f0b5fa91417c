import { describe, expect, it } from 'vitest';
import { DtlsParameters, SctpStreamParameters } from './rtc-parameters.ts';

const sha256 = Array.from({ length: 32 }, () => 'AB').join(':');

describe('parameters that would reach the media worker', () => {
  it.each([
    [{ fingerprints: [{ algorithm: 'sha-256', value: sha256 }] }, true],
    [{ fingerprints: [] }, false],
    [{ fingerprints: [{ algorithm: 'sha-256', value: 'AB' }] }, false],
    [{ fingerprints: [{ algorithm: 'md5', value: sha256 }] }, false],
    [{ role: 'boss', fingerprints: [{ algorithm: 'sha-256', value: sha256 }] }, false],
  ])('DTLS %#', (parameters, good) => {
    expect(DtlsParameters.safeParse(parameters).success).toBe(good);
  });

  it('never both limits of a data channel (RFC 8831)', () => {
    expect(
      SctpStreamParameters.safeParse({ streamId: 1, maxRetransmits: 0, maxPacketLifeTime: 100 })
        .success,
    ).toBe(false);
    expect(
      SctpStreamParameters.safeParse({ streamId: 1, ordered: false, maxRetransmits: 0 }).success,
    ).toBe(true);
  });
});
