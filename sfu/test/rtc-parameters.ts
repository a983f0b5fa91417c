// Parameters as an agent and a browser send them, for tests that need no packets: the node accepts
// them without a peer behind.
import type {
  DtlsParameters,
  RtpCapabilities,
  RtpParameters,
} from '@guruconnect/contract/signal/rtc-parameters';
import { PLAYOUT_DELAY_URI } from '../src/media-codecs.ts';

const TRANSPORT_CC = 'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01';
const MID = 'urn:ietf:params:rtp-hdrext:sdes:mid';

const feedback = [
  { type: 'nack' },
  { type: 'nack', parameter: 'pli' },
  { type: 'ccm', parameter: 'fir' },
  { type: 'transport-cc' },
];

const h264Parameters = {
  'packetization-mode': 1,
  'profile-level-id': '42e01f',
  'level-asymmetry-allowed': 1,
};

/** One monitor's stream; another `n` gives other SSRCs and another MID. */
export const videoParameters = (n = 1): RtpParameters => ({
  mid: String(n),
  codecs: [
    {
      mimeType: 'video/H264',
      payloadType: 96,
      clockRate: 90_000,
      parameters: h264Parameters,
      rtcpFeedback: feedback,
    },
    { mimeType: 'video/rtx', payloadType: 97, clockRate: 90_000, parameters: { apt: 96 } },
  ],
  headerExtensions: [
    { uri: MID, id: 1 },
    { uri: TRANSPORT_CC, id: 5 },
    { uri: PLAYOUT_DELAY_URI, id: 11 },
  ],
  encodings: [{ ssrc: 10_000 + n, rtx: { ssrc: 20_000 + n } }],
  rtcp: { cname: 'agent', reducedSize: true },
});

/** What a browser with H.264 says it can receive. */
export const browserCapabilities = (): RtpCapabilities => ({
  codecs: [
    {
      kind: 'video',
      mimeType: 'video/H264',
      preferredPayloadType: 102,
      clockRate: 90_000,
      parameters: h264Parameters,
      rtcpFeedback: feedback,
    },
    {
      kind: 'video',
      mimeType: 'video/rtx',
      preferredPayloadType: 103,
      clockRate: 90_000,
      parameters: { apt: 102 },
    },
    { kind: 'video', mimeType: 'video/VP8', preferredPayloadType: 104, clockRate: 90_000 },
    {
      kind: 'audio',
      mimeType: 'audio/opus',
      preferredPayloadType: 111,
      clockRate: 48_000,
      channels: 2,
    },
  ],
  headerExtensions: [
    { kind: 'video', uri: MID, preferredId: 1 },
    { kind: 'video', uri: TRANSPORT_CC, preferredId: 5 },
    { kind: 'video', uri: PLAYOUT_DELAY_URI, preferredId: 11 },
    { kind: 'video', uri: 'urn:3gpp:video-orientation', preferredId: 8 },
  ],
});

export const dtlsParameters = (): DtlsParameters => ({
  role: 'client',
  fingerprints: [{ algorithm: 'sha-256', value: Array(32).fill('AB').join(':') }],
});
