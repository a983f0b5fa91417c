import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { reassembleH264 } from '../../test/rtc/h264-reassembly.ts';
import { nalUnits, packetizeH264 } from './h264-packetizer.ts';

const MAX_BYTES = 100;

/** A unit as an encoder emits it: header, emulation-free content, and a last byte that is not zero. */
const unit = (maxBytes: number) =>
  fc
    .tuple(
      fc.integer({ min: 0, max: 3 }),
      fc.constantFrom(1, 5, 6, 7, 8),
      fc.uint8Array({ maxLength: maxBytes }),
    )
    .map(([nri, type, content]) =>
      Buffer.from([(nri << 5) | type, ...content.map((byte) => byte || 1), 0x80]),
    );

const startCode = fc.constantFrom([0, 0, 1], [0, 0, 0, 1]);

const accessUnit = fc
  .array(fc.tuple(startCode, fc.oneof(unit(20), unit(2 * MAX_BYTES), unit(20 * MAX_BYTES))), {
    minLength: 1,
    maxLength: 12,
  })
  .map((parts) => ({
    units: parts.map(([, bytes]) => bytes),
    bytes: Buffer.concat(parts.flatMap(([code, bytes]) => [Buffer.from(code), bytes])),
  }));

describe('H.264 in RTP', () => {
  it('gives a receiver exactly the units that were put in, in order', () => {
    fc.assert(
      fc.property(accessUnit, fc.integer({ min: 20, max: MAX_BYTES }), (unit, maxBytes) => {
        const payloads = packetizeH264(unit.bytes, maxBytes);
        expect(reassembleH264(payloads)).toEqual(unit.units);
        for (const payload of payloads) expect(payload.length).toBeLessThanOrEqual(maxBytes);
      }),
    );
  });

  it('puts SPS, PPS and a small slice into one packet', () => {
    const bytes = Buffer.from('000000016742c01f00000001684ecb000000016588808080', 'hex');
    const payloads = packetizeH264(bytes, MAX_BYTES);
    expect(payloads).toHaveLength(1);
    expect(payloads[0]?.[0]).toBe(0x60 | 24);
  });

  it('sends a unit that fits alone as it is, without copying it', () => {
    const bytes = Buffer.from('000001658880ff', 'hex');
    const [payload] = packetizeH264(bytes, MAX_BYTES);
    expect(payload?.toString('hex')).toBe('658880ff');
    expect(payload?.buffer).toBe(bytes.buffer);
  });

  it('marks the first and the last fragment and keeps the importance', () => {
    const slice = Buffer.concat([Buffer.of(0, 0, 0, 1, 0x65), Buffer.alloc(249, 7)]);
    const payloads = packetizeH264(slice, MAX_BYTES);
    expect(payloads.map((payload) => payload[0])).toEqual([0x7c, 0x7c, 0x7c]);
    expect(payloads.map((payload) => payload[1])).toEqual([0x85, 0x05, 0x45]);
    expect(payloads.map((payload) => payload.length)).toEqual([85, 85, 85]);
  });

  it('leaves out delimiters and filler', () => {
    const bytes = Buffer.from('0000000109f00000010cff80000001419a80', 'hex');
    expect(nalUnits(bytes).map((unit) => unit.toString('hex'))).toEqual(['419a80']);
  });

  it('makes nothing of bytes without a start code', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 50 }), (bytes) => {
        const noise = bytes.map((byte) => byte || 1);
        expect(packetizeH264(noise, MAX_BYTES)).toEqual([]);
      }),
    );
  });
});
