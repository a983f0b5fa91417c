import { describe, expect, it } from 'vitest';
import type { RtpParameters } from '@guruconnect/contract/signal/rtc-parameters';
import { browserCapabilities, videoParameters } from '../test/rtc-parameters.ts';
import { producibleVideo, usableCapabilities } from './media-codecs.ts';

const [h264, rtx] = videoParameters().codecs as [
  RtpParameters['codecs'][number],
  RtpParameters['codecs'][number],
];
const MID = 'urn:ietf:params:rtp-hdrext:sdes:mid';

describe('video of an agent', () => {
  it('passes as mediasoup-client sends it', () => {
    expect(producibleVideo(videoParameters())).toEqual(videoParameters());
  });

  it.each<[string, Partial<RtpParameters>]>([
    ['another codec', { codecs: [{ ...h264, mimeType: 'video/VP8' }] }],
    ['audio', { codecs: [{ ...h264, mimeType: 'audio/opus' }] }],
    ['retransmission of nothing', { codecs: [rtx] }],
    ['an apt that names no codec', { codecs: [h264, { ...rtx, parameters: { apt: 50 } }] }],
    ['an apt that names itself', { codecs: [h264, { ...rtx, parameters: { apt: 97 } }] }],
    ['an apt that is text', { codecs: [h264, { ...rtx, parameters: { apt: '96' } }] }],
    ['a payload type twice', { codecs: [h264, { ...rtx, payloadType: 96 }] }],
    ['an unknown header extension', { headerExtensions: [{ uri: 'urn:x', id: 1 }] }],
    [
      'a header extension twice',
      {
        headerExtensions: [
          { uri: MID, id: 1 },
          { uri: MID, id: 2 },
        ],
      },
    ],
    ['simulcast', { encodings: [{ ssrc: 1 }, { ssrc: 2 }] }],
    ['a rid', { encodings: [{ rid: 'r0' }] }],
    ['spatial layers', { encodings: [{ ssrc: 1, scalabilityMode: 'L3T3' }] }],
    ['an SSRC for both streams', { encodings: [{ ssrc: 1, rtx: { ssrc: 1 } }] }],
    ['a payload type of no codec', { encodings: [{ ssrc: 1, codecPayloadType: 50 }] }],
  ])('is refused with %s', (_, wrong) => {
    expect(() => producibleVideo({ ...videoParameters(), ...wrong })).toThrow(
      expect.objectContaining({ code: 'invalid_request' }),
    );
  });
});

describe('what a browser can receive', () => {
  it('is reduced to what we send', () => {
    const usable = usableCapabilities(browserCapabilities());
    expect(usable.codecs?.map(({ mimeType }) => mimeType)).toEqual(['video/H264', 'video/rtx']);
    expect(usable.headerExtensions).toHaveLength(3);
    expect(usableCapabilities({})).toEqual({ codecs: [], headerExtensions: [] });
  });
});
