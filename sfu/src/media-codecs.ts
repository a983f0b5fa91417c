// What video we speak: codecs, their feedback, and header extensions, each with its reason. This
// table makes the router, is what endpoints are offered, and is all they may use.
import type { types } from 'mediasoup';
import { GcError } from '@guruconnect/contract/errors';
import { RtpCapabilities, type RtpParameters } from '@guruconnect/contract/signal/rtc-parameters';

const h264 = (profileLevelId: string): types.RouterRtpCodecCapability => ({
  kind: 'video',
  mimeType: 'video/H264',
  clockRate: 90_000,
  parameters: {
    // Several NAL units a packet and fragments of one: an IDR of a desktop never fits one packet.
    'packetization-mode': 1,
    'profile-level-id': profileLevelId,
    // The agent may send a higher level than the viewer says it would send itself (RFC 6184, 8.1).
    'level-asymmetry-allowed': 1,
  },
});

/**
 * H.264 because every browser decodes it, often in hardware, and x264 is the fastest encoder of
 * sharp text. In order of preference; mediasoup adds RTX (RFC 4588) to each.
 */
export const ROUTER_CODECS: types.RouterRtpCodecCapability[] = [
  // Main, level 5.0 (up to 4096x2304 at 30): CABAC saves about a tenth of the bits on text.
  h264('4d0032'),
  // Constrained baseline, level 3.1: the one every WebRTC implementation has to decode (RFC 7742).
  h264('42e01f'),
  // High 4:4:4 predictive: coloured text without smeared edges, where the viewer decodes it.
  h264('f4001f'),
];

/**
 * Feedback offered. Not goog-remb: with both, some senders choose it and the agent's congestion
 * control would lose the arrival time of each packet that transport-cc reports.
 */
const FEEDBACK = new Set(['nack', 'nack pli', 'ccm fir', 'transport-cc']);

/** Header extensions offered and passed on; an unknown one would make mediasoup throw halfway. */
const HEADER_EXTENSIONS = {
  /** Says which m-line a packet belongs to before its SSRC is known (BUNDLE, RFC 9143). */
  mid: 'urn:ietf:params:rtp-hdrext:sdes:mid',
  /** Numbers every packet of a transport, for congestion control at both ends. */
  transportCc: 'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01',
  /** 0/0 on every packet makes the browser show a frame when it is there: the largest single gain
   * in delay that was measured. mediasoup passes it on unchanged. */
  playoutDelay: 'http://www.webrtc.org/experiments/rtp-hdrext/playout-delay',
} as const;
export const PLAYOUT_DELAY_URI = HEADER_EXTENSIONS.playoutDelay;

const OFFERED_URIS: ReadonlySet<string> = new Set(Object.values(HEADER_EXTENSIONS));

const isRtx = (mimeType: string): boolean => mimeType.toLowerCase() === 'video/rtx';
const isOurs = (mimeType: string): boolean =>
  isRtx(mimeType) ||
  ROUTER_CODECS.some((codec) => codec.mimeType.toLowerCase() === mimeType.toLowerCase());

/** A router's capabilities as endpoints are offered them: this table, nothing mediasoup adds. */
export function offeredCapabilities(router: types.RouterRtpCapabilities): RtpCapabilities {
  return RtpCapabilities.parse({
    codecs: (router.codecs ?? []).map((codec) => ({
      ...codec,
      rtcpFeedback: (codec.rtcpFeedback ?? []).filter(({ type, parameter }) =>
        FEEDBACK.has(parameter ? `${type} ${parameter}` : type),
      ),
    })),
    headerExtensions: (router.headerExtensions ?? []).filter(
      ({ kind, uri }) => kind === 'video' && OFFERED_URIS.has(uri),
    ),
  });
}

/** What a viewer's browser can receive, less everything we never send. */
export function usableCapabilities(capabilities: RtpCapabilities): types.RtpCapabilities {
  return {
    codecs: (capabilities.codecs ?? []).filter(
      ({ kind, mimeType }) => kind === 'video' && isOurs(mimeType),
    ),
    headerExtensions: (capabilities.headerExtensions ?? []).filter(
      ({ kind, uri }) => kind === 'video' && OFFERED_URIS.has(uri),
    ) as types.RtpHeaderExtension[],
  };
}

const refuse = (detail: string): never => {
  throw new GcError('invalid_request', `rtp_parameters: ${detail}`);
};

/**
 * One plain H.264 stream, checked for what the schema cannot say and mediasoup would either throw
 * at halfway through a request or accept as simulcast (we have one producer per monitor instead).
 * Whether a profile fits, and whether an SSRC or MID is in use, mediasoup knows better.
 * @throws GcError `invalid_request`.
 */
export function producibleVideo(parameters: RtpParameters): types.RtpParameters {
  const payloadTypes = parameters.codecs.map(({ payloadType }) => payloadType);
  if (new Set(payloadTypes).size !== payloadTypes.length) refuse('a payload type is used twice');
  for (const codec of parameters.codecs)
    if (!isOurs(codec.mimeType)) refuse(`${codec.mimeType} is not offered by the router`);
  const media = parameters.codecs.filter(({ mimeType }) => !isRtx(mimeType));
  if (media.length === 0) refuse('there is no codec besides retransmission');
  for (const rtx of parameters.codecs.filter(({ mimeType }) => isRtx(mimeType)))
    if (!media.some(({ payloadType }) => payloadType === rtx.parameters?.['apt']))
      refuse('the apt of a video/rtx codec names no other codec');

  const extensions = parameters.headerExtensions ?? [];
  for (const { uri } of extensions)
    if (!OFFERED_URIS.has(uri)) refuse(`the header extension ${uri} is not offered by the router`);
  if (new Set(extensions.map(({ uri }) => uri)).size !== extensions.length)
    refuse('a header extension is listed twice');
  if (new Set(extensions.map(({ id }) => id)).size !== extensions.length)
    refuse('a header extension id is used twice');

  const encodings = parameters.encodings ?? [];
  if (encodings.length > 1) refuse('a monitor is one stream, not several');
  for (const { rid, scalabilityMode, ssrc, rtx, codecPayloadType } of encodings) {
    if (rid !== undefined) refuse('a monitor is one stream, without rid');
    if (scalabilityMode !== undefined && !/^L1T[1-3]$/.test(scalabilityMode))
      refuse('a monitor is one stream, without spatial layers');
    if (rtx !== undefined && rtx.ssrc === ssrc) refuse('media and retransmission share an SSRC');
    if (codecPayloadType !== undefined && !payloadTypes.includes(codecPayloadType))
      refuse('codecPayloadType names no codec');
  }
  return parameters as types.RtpParameters;
}
