import { RtpHeader } from 'werift';
import { describe, expect, it } from 'vitest';
import { RtpHeaderTemplate } from './rtp-header.ts';

const stream = {
  ssrc: 0xdeadbeef,
  payloadType: 97,
  mid: '12',
  extensionIds: { mid: 1, transportCc: 2, playoutDelay: 4 },
};

const extensions = (header: RtpHeader): Record<number, string> =>
  Object.fromEntries(header.extensions.map(({ id, payload }) => [id, payload.toString('hex')]));

describe('an RTP header', () => {
  it('is read by another implementation as it was meant', () => {
    const bytes = new RtpHeaderTemplate(stream).write(65535, 0xfedcba98, true, 513);
    const header = RtpHeader.deSerialize(bytes);
    expect(header).toMatchObject({
      version: 2,
      marker: true,
      payloadType: 97,
      sequenceNumber: 65535,
      timestamp: 0xfedcba98,
      ssrc: 0xdeadbeef,
      payloadOffset: bytes.length,
    });
    expect(extensions(header)).toEqual({
      1: Buffer.from('12').toString('hex'),
      2: '0201',
      4: '000000',
    });
  });

  it('carries playout delay 0/0 on every packet, marked or not', () => {
    const template = new RtpHeaderTemplate(stream);
    for (let i = 0; i < 4; i += 1) {
      const header = RtpHeader.deSerialize(template.write(i, 0, i === 3, i));
      expect(extensions(header)[4]).toBe('000000');
      expect(header.marker).toBe(i === 3);
    }
  });

  it('leaves out what was not negotiated', () => {
    const template = new RtpHeaderTemplate({ ...stream, extensionIds: { transportCc: 9 } });
    expect(extensions(RtpHeader.deSerialize(template.write(1, 2, false, 3)))).toEqual({
      9: '0003',
    });
  });

  it('does not let one packet change another', () => {
    const template = new RtpHeaderTemplate(stream);
    const first = template.write(1, 1, true, 1);
    template.write(2, 2, false, 2);
    expect(RtpHeader.deSerialize(first)).toMatchObject({ sequenceNumber: 1, marker: true });
  });
});
