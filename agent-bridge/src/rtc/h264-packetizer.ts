// One access unit in Annex B -> RTP payloads, RFC 6184 with packetization-mode 1. Pure. Used by
// OutboundVideo, which puts headers before them.
//
//   small units that fit together      STAP-A (section 5.7.1): SPS, PPS and a small slice in one packet
//   a unit that fits alone             single NAL unit (section 5.6)
//   a unit that fits in no packet      FU-A fragments (section 5.8)

const NAL_TYPE_MASK = 0x1f;
const NRI_MASK = 0x60;
const FORBIDDEN_BIT = 0x80;
const ACCESS_UNIT_DELIMITER = 9;
const FILLER_DATA = 12;
const STAP_A = 24;
const FU_A = 28;
const FU_START = 0x80;
const FU_END = 0x40;
/** STAP-A: one header byte, then two bytes of size before each unit. */
const STAP_HEADER_BYTES = 1;
const STAP_SIZE_BYTES = 2;
const FU_HEADER_BYTES = 2;
const START_CODE = Buffer.of(0, 0, 1);

/**
 * @param accessUnit Annex B, three- or four-byte start codes.
 * @param maxPayloadBytes largest payload, at least 4.
 * @returns payloads in order; the last one ends the access unit (its packet carries the marker).
 * Payloads may share the memory of `accessUnit`. Empty when there is no NAL unit in it.
 */
export function packetizeH264(accessUnit: Uint8Array, maxPayloadBytes: number): Buffer[] {
  const payloads: Buffer[] = [];
  let together: Buffer[] = [];
  let togetherBytes = STAP_HEADER_BYTES;
  const flush = (): void => {
    const [only] = together;
    if (only && together.length === 1) payloads.push(only);
    else if (only) payloads.push(stapA(together, togetherBytes));
    together = [];
    togetherBytes = STAP_HEADER_BYTES;
  };
  for (const unit of nalUnits(accessUnit)) {
    if (unit.length > maxPayloadBytes) {
      flush();
      fragment(unit, maxPayloadBytes, payloads);
      continue;
    }
    if (togetherBytes + STAP_SIZE_BYTES + unit.length > maxPayloadBytes) flush();
    together.push(unit);
    togetherBytes += STAP_SIZE_BYTES + unit.length;
  }
  flush();
  return payloads;
}

/**
 * The units a receiver needs: delimiters and filler carry nothing over RTP, whose timestamp and
 * marker delimit (RFC 6184, section 5.1).
 */
export function nalUnits(accessUnit: Uint8Array): Buffer[] {
  const bytes = Buffer.from(accessUnit.buffer, accessUnit.byteOffset, accessUnit.byteLength);
  const units: Buffer[] = [];
  let at = bytes.indexOf(START_CODE);
  while (at >= 0) {
    const start = at + START_CODE.length;
    const next = bytes.indexOf(START_CODE, start);
    let end = next < 0 ? bytes.length : next;
    // The zero before a four-byte start code, and trailing zeros, belong to no unit: a unit ends
    // with its stop bit (H.264, 7.4.1 and B.1.1).
    while (end > start && bytes[end - 1] === 0) end -= 1;
    const type = (bytes[start] ?? 0) & NAL_TYPE_MASK;
    if (end > start && type !== ACCESS_UNIT_DELIMITER && type !== FILLER_DATA)
      units.push(bytes.subarray(start, end));
    at = next;
  }
  return units;
}

function stapA(units: readonly Buffer[], payloadBytes: number): Buffer {
  const payload = Buffer.allocUnsafe(payloadBytes);
  let forbidden = 0;
  let importance = 0;
  let at = STAP_HEADER_BYTES;
  for (const unit of units) {
    const header = unit[0] ?? 0;
    forbidden |= header & FORBIDDEN_BIT;
    importance = Math.max(importance, header & NRI_MASK);
    at = payload.writeUInt16BE(unit.length, at);
    at += unit.copy(payload, at);
  }
  payload[0] = forbidden | importance | STAP_A;
  return payload;
}

/** Fragments of nearly equal size: the last one is not a crumb with a packet's overhead. */
function fragment(unit: Buffer, maxPayloadBytes: number, payloads: Buffer[]): void {
  const header = unit[0] ?? 0;
  const indicator = (header & (FORBIDDEN_BIT | NRI_MASK)) | FU_A;
  const type = header & NAL_TYPE_MASK;
  const contentBytes = unit.length - 1; // the unit's own header byte travels in the two FU bytes
  const count = Math.ceil(contentBytes / (maxPayloadBytes - FU_HEADER_BYTES));
  for (let i = 0; i < count; i += 1) {
    const from = 1 + Math.floor((contentBytes * i) / count);
    const to = 1 + Math.floor((contentBytes * (i + 1)) / count);
    const payload = Buffer.allocUnsafe(FU_HEADER_BYTES + to - from);
    payload[0] = indicator;
    payload[1] = type | (i === 0 ? FU_START : 0) | (i === count - 1 ? FU_END : 0);
    unit.copy(payload, FU_HEADER_BYTES, from, to);
    payloads.push(payload);
  }
}
