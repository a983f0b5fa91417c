import {
  GenericNack,
  PictureLossIndication,
  RtcpPacketConverter,
  RtcpPayloadSpecificFeedback,
  RtcpReceiverInfo,
  RtcpRrPacket,
} from 'werift';
import { describe, expect, it } from 'vitest';
import { compactNtp } from './ntp-time.ts';
import { feedbackOf } from './rtcp-feedback.ts';

const NOW_MS = Date.UTC(2026, 10, 22);
const heard = (bytes: Buffer) =>
  RtcpPacketConverter.deSerialize(bytes).flatMap((packet) => feedbackOf(packet, NOW_MS));

describe('feedback of the media node', () => {
  it('names the packets that were lost, over the wrap of sequence numbers too', () => {
    const nack = new GenericNack({ senderSsrc: 1, mediaSourceSsrc: 42, lost: [65534, 65535, 3] });
    // 65535 + 1 + 3 of the bitmask is 3 again
    const bytes = nack.serialize();
    expect(heard(bytes)).toEqual([{ kind: 'lost', ssrc: 42, sequenceNumbers: [65534, 65535, 3] }]);
    const mask = Buffer.from('81cd0003000000010000002affff0001', 'hex');
    expect(heard(mask)).toEqual([{ kind: 'lost', ssrc: 42, sequenceNumbers: [65535, 0] }]);
  });

  it('asks for a key frame by PLI and by FIR', () => {
    const pli = new RtcpPayloadSpecificFeedback({
      feedback: new PictureLossIndication({ senderSsrc: 1, mediaSsrc: 42 }),
    });
    expect(heard(pli.serialize())).toEqual([{ kind: 'keyframe_needed', ssrc: 42 }]);
    const fir = Buffer.from('84ce000400000001000000000000002a07000000', 'hex');
    expect(heard(fir)).toEqual([{ kind: 'keyframe_needed', ssrc: 42 }]);
  });

  it('tells loss and round trip', () => {
    const report = new RtcpReceiverInfo({
      ssrc: 42,
      fractionLost: 64,
      packetsLost: 0,
      highestSequence: 0,
      jitter: 0,
      lsr: compactNtp(NOW_MS - 100),
      dlsr: 0,
    });
    const [heardReport] = heard(new RtcpRrPacket({ ssrc: 1, reports: [report] }).serialize());
    expect(heardReport).toMatchObject({ kind: 'report', ssrc: 42, fractionLost: 0.25 });
    expect(heardReport?.kind === 'report' && heardReport.rttMs).toBeCloseTo(100, 0);
  });

  it('gives every arrival of a transport-cc report its own time, in runs and in vectors', () => {
    // base 65535, 5 packets, reference 2 (128 ms): run of 2 small deltas, vector of
    // (received, lost, received) with deltas 1, 4, 2 and 8 quarters of a millisecond
    const report = Buffer.from(
      '8fcd0006' + '00000001' + '00000000' + 'ffff0005' + '00000200' + '2002a800' + '01040208',
      'hex',
    );
    expect(heard(report)).toEqual([
      {
        kind: 'arrivals',
        packets: [
          { transportSequence: 65535, receivedAtMs: 128.25 },
          { transportSequence: 0, receivedAtMs: 129.25 },
          { transportSequence: 1, receivedAtMs: 129.75 },
          { transportSequence: 2, receivedAtMs: undefined },
          { transportSequence: 3, receivedAtMs: 131.75 },
        ],
      },
    ]);
  });

  it('passes over what it does not know', () => {
    expect(heard(Buffer.from('8dcd00020000000100000002', 'hex'))).toEqual([]);
    expect(heard(Buffer.from('8dce00020000000100000002', 'hex'))).toEqual([]);
    expect(heard(Buffer.from('81ca0001000000ff', 'hex'))).toEqual([]);
  });
});
