// The receiving half of RFC 6184, for tests of what we send.

/** Payloads of one access unit, in order -> its NAL units. @throws Error when they do not fit together. */
export function reassembleH264(payloads: readonly Buffer[]): Buffer[] {
  const units: Buffer[] = [];
  let fragments: Buffer[] | undefined;
  for (const payload of payloads) {
    const type = (payload[0] ?? 0) & 0x1f;
    if (type !== 28 && fragments) throw new Error('a unit ended in the middle');
    if (type === 24) {
      for (let at = 1; at < payload.length;) {
        const bytes = payload.readUInt16BE(at);
        units.push(payload.subarray(at + 2, at + 2 + bytes));
        at += 2 + bytes;
      }
    } else if (type === 28) {
      const fu = payload[1] ?? 0;
      if (fu & 0x80) fragments = [Buffer.of(((payload[0] ?? 0) & 0xe0) | (fu & 0x1f))];
      if (!fragments) throw new Error('a fragment without its start');
      fragments.push(payload.subarray(2));
      if (fu & 0x40) {
        units.push(Buffer.concat(fragments));
        fragments = undefined;
      }
    } else {
      units.push(payload);
    }
  }
  if (fragments) throw new Error('a unit without its end');
  return units;
}

/** As a decoder takes it. */
export const toAnnexB = (units: readonly Buffer[]): Buffer =>
  Buffer.concat(units.flatMap((unit) => [Buffer.of(0, 0, 0, 1), unit]));
