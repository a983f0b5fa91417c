// WebRTC, RTP and SCTP parameters as they travel. The names are mediasoup's own (camelCase), so
// its documentation is ours. Checked here before they come near the media worker: malformed ones
// (an empty DTLS fingerprint list, mediasoup#537) have crashed workers.
import { z } from 'zod';

const ssrc = z.number().int().min(1).max(0xffffffff);
const payloadType = z.number().int().min(0).max(127);
const name = z.string().min(1).max(64);

/** Codec and fmtp values: numbers, short strings, null. */
const fmtp = z.record(z.string().max(64), z.union([z.string().max(256), z.number(), z.null()]));

export const RtcpFeedback = z.object({ type: name, parameter: z.string().max(64).optional() });

export const RtpCodec = z.object({
  mimeType: z.string().regex(/^(audio|video)\/[A-Za-z0-9-]{1,32}$/),
  payloadType,
  clockRate: z.number().int().min(1).max(192_000),
  channels: z.number().int().min(1).max(8).optional(),
  parameters: fmtp.optional(),
  rtcpFeedback: z.array(RtcpFeedback).max(16).optional(),
});

const headerExtensionUri = z.string().min(1).max(128);

export const RtpParameters = z.object({
  mid: z.string().max(32).optional(),
  msid: z.string().max(128).optional(),
  codecs: z.array(RtpCodec).min(1).max(16),
  headerExtensions: z
    .array(
      z.object({
        uri: headerExtensionUri,
        id: z.number().int().min(1).max(14),
        encrypt: z.boolean().optional(),
        parameters: fmtp.optional(),
      }),
    )
    .max(14)
    .optional(),
  encodings: z
    .array(
      z.object({
        ssrc: ssrc.optional(),
        rid: z.string().max(16).optional(),
        codecPayloadType: payloadType.optional(),
        rtx: z.object({ ssrc }).optional(),
        dtx: z.boolean().optional(),
        scalabilityMode: z
          .string()
          .regex(/^[LS][1-3]T[1-3](_KEY|_KEY_SHIFT|h)?$/)
          .optional(),
        maxBitrate: z.number().int().nonnegative().optional(),
        maxFramerate: z.number().nonnegative().optional(),
        scaleResolutionDownBy: z.number().min(1).max(64).optional(),
        active: z.boolean().optional(),
        priority: z.string().max(16).optional(),
        networkPriority: z.string().max(16).optional(),
      }),
    )
    .min(1)
    .max(4)
    .optional(),
  rtcp: z
    .object({
      cname: z.string().max(64).optional(),
      reducedSize: z.boolean().optional(),
      mux: z.boolean().optional(),
    })
    .optional(),
});
export type RtpParameters = z.output<typeof RtpParameters>;

export const RtpCapabilities = z.object({
  codecs: z
    .array(
      z.object({
        kind: z.enum(['audio', 'video']),
        mimeType: z.string().regex(/^(audio|video)\/[A-Za-z0-9-]{1,32}$/),
        preferredPayloadType: payloadType,
        clockRate: z.number().int().min(1).max(192_000),
        channels: z.number().int().min(1).max(8).optional(),
        parameters: fmtp.optional(),
        rtcpFeedback: z.array(RtcpFeedback).max(16).optional(),
      }),
    )
    .max(64)
    .optional(),
  headerExtensions: z
    .array(
      z.object({
        kind: z.enum(['audio', 'video']),
        uri: headerExtensionUri,
        preferredId: z.number().int().min(1).max(255),
        preferredEncrypt: z.boolean().optional(),
        direction: z.enum(['sendrecv', 'sendonly', 'recvonly', 'inactive']).optional(),
      }),
    )
    .max(64)
    .optional(),
});
export type RtpCapabilities = z.output<typeof RtpCapabilities>;

export const IceParameters = z.object({
  usernameFragment: z.string().min(4).max(256),
  password: z.string().min(16).max(256),
  iceLite: z.boolean().optional(),
});

export const IceCandidate = z.object({
  foundation: z.string().max(64),
  priority: z.number().int().nonnegative(),
  address: z.string().max(255),
  ip: z.string().max(255),
  protocol: z.enum(['udp', 'tcp']),
  port: z.number().int().min(0).max(65535),
  type: z.enum(['host', 'srflx', 'prflx', 'relay']),
  tcpType: z.enum(['passive', 'active', 'so']).optional(),
});

// Lengths of the hash in colon-separated hex (RFC 8122); anything else never reaches the worker.
const FINGERPRINT_BYTES = {
  'sha-1': 20,
  'sha-224': 28,
  'sha-256': 32,
  'sha-384': 48,
  'sha-512': 64,
} as const;

export const DtlsFingerprint = z
  .object({
    algorithm: z.enum(Object.keys(FINGERPRINT_BYTES) as [keyof typeof FINGERPRINT_BYTES]),
    value: z
      .string()
      .max(191)
      .regex(/^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2})*$/),
  })
  .refine(
    ({ algorithm, value }) => value.length === FINGERPRINT_BYTES[algorithm] * 3 - 1,
    'the fingerprint does not have the length of its algorithm',
  );

export const DtlsParameters = z.object({
  role: z.enum(['auto', 'client', 'server']).optional(),
  fingerprints: z.array(DtlsFingerprint).min(1).max(8),
});
export type DtlsParameters = z.output<typeof DtlsParameters>;

export const SctpParameters = z.object({
  port: z.number().int().min(1).max(65535),
  OS: z.number().int().min(1).max(65535),
  MIS: z.number().int().min(1).max(65535),
  maxMessageSize: z.number().int().min(0).max(0xffffffff),
  /** Largest message each way, bytes, seen from the media node; clients put it into their SDP. */
  maxSendMessageSize: z.number().int().min(0).max(0xffffffff).optional(),
  maxReceiveMessageSize: z.number().int().min(0).max(0xffffffff).optional(),
  sendBufferSize: z.number().int().nonnegative().optional(),
  perStreamSendQueueLimit: z.number().int().nonnegative().optional(),
  maxReceiverWindowBufferSize: z.number().int().nonnegative().optional(),
  isDataChannel: z.boolean().optional(),
});

/** RFC 8831: unordered, or limited in time or in retransmissions, never both limits. */
export const SctpStreamParameters = z
  .object({
    streamId: z.number().int().min(0).max(65534),
    ordered: z.boolean().optional(),
    maxPacketLifeTime: z.number().int().min(1).max(65535).optional(),
    maxRetransmits: z.number().int().min(0).max(65535).optional(),
    label: z.string().max(64).optional(),
    protocol: z.string().max(64).optional(),
  })
  .refine(
    (stream) => stream.maxPacketLifeTime === undefined || stream.maxRetransmits === undefined,
    'maxPacketLifeTime and maxRetransmits exclude each other',
  );
export type SctpStreamParameters = z.output<typeof SctpStreamParameters>;

/** A STUN or TURN server with credentials that live minutes (draft-uberti-behave-turn-rest). */
export const IceServer = z.object({
  urls: z
    .array(
      z
        .string()
        .regex(/^(stun|stuns|turn|turns):/)
        .max(255),
    )
    .min(1)
    .max(8),
  username: z.string().max(255).optional(),
  credential: z.string().max(255).optional(),
});
export type IceServer = z.output<typeof IceServer>;

/** What an endpoint needs to make one WebRtcTransport of its own. */
export const TransportOptions = z.object({
  id: z.uuid(),
  iceParameters: IceParameters,
  iceCandidates: z.array(IceCandidate).max(32),
  dtlsParameters: DtlsParameters,
  sctpParameters: SctpParameters.optional(),
});
export type TransportOptions = z.output<typeof TransportOptions>;

/** Ids that mediasoup makes. */
export const TransportId = z.uuid();
export const ProducerId = z.uuid();
export const ConsumerId = z.uuid();
export const DataProducerId = z.uuid();
export const DataConsumerId = z.uuid();

export const VideoConsumer = z.object({
  consumer_id: ConsumerId,
  producer_id: ProducerId,
  rtp_parameters: RtpParameters,
});
export type VideoConsumer = z.output<typeof VideoConsumer>;

export const DataConsumer = z.object({
  data_consumer_id: DataConsumerId,
  data_producer_id: DataProducerId,
  sctp_stream_parameters: SctpStreamParameters,
  label: z.string().max(64),
});
export type DataConsumer = z.output<typeof DataConsumer>;
