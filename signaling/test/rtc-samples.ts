// WebRTC parameters that fit the contract and mean nothing: for conversations without media.
import { randomUUID } from 'node:crypto';
import type {
  DtlsParameters,
  RtpCapabilities,
  RtpParameters,
  SctpStreamParameters,
  TransportOptions,
} from '@guruconnect/contract/signal/rtc-parameters';

export const rtpCapabilities: RtpCapabilities = {
  codecs: [
    {
      kind: 'video',
      mimeType: 'video/H264',
      preferredPayloadType: 102,
      clockRate: 90_000,
      parameters: { 'packetization-mode': 1, 'profile-level-id': '42e01f' },
      rtcpFeedback: [{ type: 'nack', parameter: 'pli' }],
    },
  ],
  headerExtensions: [],
};

export const rtpParameters: RtpParameters = {
  codecs: [{ mimeType: 'video/H264', payloadType: 102, clockRate: 90_000 }],
  encodings: [{ ssrc: 1234 }],
};

export const dtlsParameters: DtlsParameters = {
  role: 'client',
  fingerprints: [{ algorithm: 'sha-256', value: Array(32).fill('AB').join(':') }],
};

export const sctpStream = (streamId: number): SctpStreamParameters => ({ streamId, ordered: true });

export const transportOptions = (): TransportOptions => ({
  id: randomUUID(),
  iceParameters: { usernameFragment: 'ufrag', password: 'p'.repeat(22), iceLite: true },
  iceCandidates: [
    {
      foundation: 'udp',
      priority: 1,
      address: '127.0.0.1',
      ip: '127.0.0.1',
      protocol: 'udp',
      port: 44_400,
      type: 'host',
    },
  ],
  dtlsParameters: { ...dtlsParameters, role: 'auto' },
});
