import { GenericNack, RtcpPacketConverter, RtpHeader } from 'werift';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../test/fake-clock.ts';
import { reassembleH264, toAnnexB } from '../../test/rtc/h264-reassembly.ts';
import { madeUpFrame, type MadeUpFrame } from '../../test/rtc/made-up-frames.ts';
import { FixedBandwidth } from './bandwidth.ts';
import { OutboundTransport } from './outbound-transport.ts';
import { MAX_BACKLOG_MS, OutboundVideo } from './outbound-video.ts';
import { HEADER_EXTENSION_URIS } from './rtp-header.ts';
import type { RtpWire, SenderReport } from './rtp-wire.ts';

const MEDIA_SSRC = 1000;
const RTX_SSRC = 2000;
const TARGET_BPS = 1_000_000;

class FakeWire implements RtpWire {
  connected = true;
  readonly packets: { header: RtpHeader; payload: Buffer }[] = [];
  readonly reports: SenderReport[] = [];

  sendRtp(header: Buffer, payload: Buffer): void {
    this.packets.push({ header: RtpHeader.deSerialize(header), payload });
  }

  sendReport(report: SenderReport): void {
    this.reports.push(report);
  }

  of(ssrc: number) {
    return this.packets.filter(({ header }) => header.ssrc === ssrc);
  }
}

function outbound() {
  const clock = new FakeClock();
  const wire = new FakeWire();
  const bandwidth = new FixedBandwidth(TARGET_BPS);
  const transport = new OutboundTransport({ wire, clock, bandwidth });
  const sent: number[] = [];
  const asked = { keyframes: 0 };
  const video = new OutboundVideo<MadeUpFrame>({
    rtpParameters: {
      mid: '1',
      codecs: [
        { mimeType: 'video/H264', payloadType: 97, clockRate: 90_000 },
        {
          mimeType: 'video/rtx',
          payloadType: 98,
          clockRate: 90_000,
          parameters: { apt: 97 } as Record<string, number>,
        },
      ],
      headerExtensions: [
        { uri: HEADER_EXTENSION_URIS.transportCc, id: 2 },
        { uri: HEADER_EXTENSION_URIS.playoutDelay, id: 4 },
      ],
      encodings: [{ ssrc: MEDIA_SSRC, rtx: { ssrc: RTX_SSRC } }],
    },
    transport,
    clock,
    onKeyframeNeeded: () => (asked.keyframes += 1),
    onSent: ({ number }) => sent.push(number),
  });
  video.setPaused(false);
  const hear = (bytes: Buffer): void => {
    for (const packet of RtcpPacketConverter.deSerialize(bytes)) transport.hear(packet);
  };
  const nack = (...lost: number[]): void =>
    hear(new GenericNack({ senderSsrc: 1, mediaSourceSsrc: MEDIA_SSRC, lost }).serialize());
  return { clock, wire, transport, video, sent, asked, hear, nack };
}

describe('outbound video', () => {
  it('numbers packets one after the other and ends each frame with the marker', () => {
    const { video, wire, clock } = outbound();
    video.send(madeUpFrame(1, true, 3000));
    video.send(madeUpFrame(2, false));
    clock.advance(200);
    const headers = wire.of(MEDIA_SSRC).map(({ header }) => header);
    const first = headers[0]?.sequenceNumber ?? 0;
    expect(headers.map(({ sequenceNumber }) => sequenceNumber - first)).toEqual([0, 1, 2, 3, 4]);
    expect(headers.map(({ marker }) => marker)).toEqual([false, false, false, true, true]);
    expect(headers.map(({ timestamp }) => timestamp)).toEqual([3000, 3000, 3000, 3000, 6000]);
  });

  it('tells when the last packet of a frame has left, not earlier', () => {
    const { video, sent, clock } = outbound();
    video.send(madeUpFrame(1, true, 20_000));
    expect(sent).toEqual([]);
    clock.advance(200);
    expect(sent).toEqual([1]);
  });

  it('repeats a lost packet in its own stream, numbered for transport-cc anew', () => {
    const { video, wire, nack, clock } = outbound();
    video.send(madeUpFrame(1, true, 3000));
    clock.advance(100);
    const lost = wire.of(MEDIA_SSRC)[1];
    nack(lost?.header.sequenceNumber ?? 0);
    nack(lost?.header.sequenceNumber ?? 0); // a round trip has not passed
    clock.advance(100);
    const [repair, ...more] = wire.of(RTX_SSRC);
    expect(more).toEqual([]);
    expect(repair?.header).toMatchObject({ payloadType: 98, timestamp: 3000, marker: false });
    expect(repair?.payload.readUInt16BE(0)).toBe(lost?.header.sequenceNumber);
    expect(repair?.payload.subarray(2)).toEqual(lost?.payload);
    const transportSequences = wire.packets.map(({ header }) =>
      header.extensions.find(({ id }) => id === 2)?.payload.readUInt16BE(0),
    );
    expect(transportSequences).toEqual(wire.packets.map((_, i) => i + 1));
  });

  it('asks for a key frame instead of repairing more than that would cost', () => {
    const { video, wire, nack, clock, asked } = outbound();
    video.send(madeUpFrame(1, true, 60_000));
    clock.advance(1000);
    const before = asked.keyframes;
    nack(...wire.of(MEDIA_SSRC).map(({ header }) => header.sequenceNumber));
    clock.advance(1000);
    expect(asked.keyframes).toBe(before + 1);
    expect(wire.of(RTX_SSRC).length).toBeLessThan(10);
  });

  it('repairs nothing from before a key frame', () => {
    const { video, wire, nack, clock } = outbound();
    video.send(madeUpFrame(1, true, 3000));
    clock.advance(100);
    const lost = wire.of(MEDIA_SSRC)[1]?.header.sequenceNumber ?? 0;
    video.send(madeUpFrame(2, true, 3000));
    clock.advance(100);
    nack(lost);
    clock.advance(100);
    expect(wire.of(RTX_SSRC)).toEqual([]);
  });

  it('repeats nothing that it never sent', () => {
    const { video, wire, nack } = outbound();
    video.send(madeUpFrame(1, true));
    nack(((wire.packets[0]?.header.sequenceNumber ?? 0) + 1000) & 0xffff);
    expect(wire.of(RTX_SSRC)).toEqual([]);
  });

  it('drops what waits too long and begins again with a key frame, without a gap in the numbers', () => {
    const { video, wire, asked, sent, clock, transport } = outbound();
    const before = asked.keyframes;
    video.send(madeUpFrame(1, true, 200_000));
    expect(transport.backlogMs).toBeGreaterThan(MAX_BACKLOG_MS);
    expect(video.send(madeUpFrame(2, false))).toBe('waits_for_keyframe');
    expect(video.send(madeUpFrame(3, false))).toBe('waits_for_keyframe');
    expect(asked.keyframes).toBe(before + 1);
    expect(transport.backlogMs).toBe(0);
    expect(video.send(madeUpFrame(4, true, 500))).toBe('sent');
    expect(video.send(madeUpFrame(5, false))).toBe('sent');
    clock.advance(1000);
    expect(sent).toEqual([4, 5]);
    const headers = wire.of(MEDIA_SSRC).map(({ header }) => header);
    const first = headers[0]?.sequenceNumber ?? 0;
    expect(headers.map(({ sequenceNumber }) => sequenceNumber - first)).toEqual(
      headers.map((_, i) => i),
    );
    const last = wire.of(MEDIA_SSRC).filter(({ header }) => header.timestamp === 12_000);
    expect(toAnnexB(reassembleH264(last.map(({ payload }) => payload)))).toEqual(
      Buffer.from(madeUpFrame(4, true, 500).data),
    );
  });

  it('hands requests for a key frame on, except while nobody watches', () => {
    const { video, asked, hear } = outbound();
    const pli = Buffer.from('81ce000200000001000003e8', 'hex');
    const before = asked.keyframes;
    hear(pli);
    expect(asked.keyframes).toBe(before + 1);
    video.setPaused(true);
    hear(pli);
    expect(asked.keyframes).toBe(before + 1);
  });

  it('reports what it sent once a second', () => {
    const { video, wire, clock } = outbound();
    for (let i = 1; i <= 30; i += 1) {
      video.send(madeUpFrame(i, i === 1, 100));
      clock.advance(100);
    }
    expect(wire.reports).toHaveLength(3);
    expect(wire.reports.at(-1)).toMatchObject({ ssrc: MEDIA_SSRC, packetCount: 21 });
  });

  it('sends nothing after it was closed, also not what was waiting', () => {
    const { video, wire, clock } = outbound();
    video.send(madeUpFrame(1, true, 50_000));
    const before = wire.packets.length;
    video.close();
    video.close();
    expect(video.send(madeUpFrame(2, true))).toBe('paused');
    clock.advance(1000);
    expect(wire.packets).toHaveLength(before);
  });

  it('loses what cannot be encrypted yet', () => {
    const { video, wire } = outbound();
    wire.connected = false;
    video.send(madeUpFrame(1, true));
    expect(wire.packets).toEqual([]);
  });

  it('pads on the repair stream, once the media node knows the stream', () => {
    const { video, wire, transport, clock } = outbound();
    expect(video.padding(280)).toBeUndefined();
    video.send(madeUpFrame(1, true));
    clock.advance(200);
    const padding = video.padding(280);
    if (!padding) throw new Error('no padding');
    transport.push(padding);
    clock.advance(10);
    const [packet] = wire.of(RTX_SSRC);
    expect(packet?.header.padding).toBe(true);
    expect(packet?.header.payloadType).toBe(98);
    expect(packet?.payload.length).toBe(packet?.payload.at(-1));
    expect(padding.bytes).toBeLessThanOrEqual(280);
    video.setPaused(true);
    expect(video.padding(280)).toBeUndefined();
  });
});
