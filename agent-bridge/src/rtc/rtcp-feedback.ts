// What the media node says about what we send, in our words: from werift's RTCP classes to plain
// facts. Pure. Heard by OutboundTransport.
import type { GenericNack, PictureLossIndication, RtcpPacket, TransportWideCC } from 'werift';
import type { PacketArrival } from './bandwidth.ts';
import { roundTripMs } from './ntp-time.ts';

export type RtcpFeedback =
  /** These packets of the stream did not arrive (RFC 4585). */
  | { readonly kind: 'lost'; readonly ssrc: number; readonly sequenceNumbers: readonly number[] }
  /** Nothing more can be decoded without a key frame (PLI of RFC 4585, FIR of RFC 5104). */
  | { readonly kind: 'keyframe_needed'; readonly ssrc: number }
  | {
      readonly kind: 'report';
      readonly ssrc: number;
      /** 0 to 1, since the report before. */
      readonly fractionLost: number;
      readonly rttMs: number | undefined;
    }
  | { readonly kind: 'arrivals'; readonly packets: readonly PacketArrival[] };

/** werift has this class but does not export it. */
type FullIntraRequest = { readonly count: number; readonly fir: readonly { ssrc: number }[] };

// Payload types of RFC 3550 and 4585, and formats within the last two.
const SENDER_REPORT = 200;
const RECEIVER_REPORT = 201;
const TRANSPORT_FEEDBACK = 205;
const PAYLOAD_FEEDBACK = 206;
const NACK = 1;
const TRANSPORT_CC = 15;
const PLI = 1;
const FIR = 4;

/** @param nowUnixMs milliseconds since 1970, for the round trip. */
export function feedbackOf(packet: RtcpPacket, nowUnixMs: number): RtcpFeedback[] {
  switch (packet.type) {
    case SENDER_REPORT:
    case RECEIVER_REPORT:
      return packet.reports.map(({ ssrc, fractionLost, lsr, dlsr }) => ({
        kind: 'report',
        ssrc,
        fractionLost: fractionLost / 256,
        rttMs: roundTripMs(lsr, dlsr, nowUnixMs),
      }));
    case TRANSPORT_FEEDBACK: {
      // werift leaves it out when it does not know the format.
      const feedback: GenericNack | TransportWideCC | undefined = packet.feedback;
      if (feedback?.count === NACK) {
        const { mediaSourceSsrc, lost } = feedback as GenericNack;
        const sequenceNumbers = lost.map((sequenceNumber) => sequenceNumber & 0xffff);
        return [{ kind: 'lost', ssrc: mediaSourceSsrc, sequenceNumbers }];
      }
      if (feedback?.count === TRANSPORT_CC)
        return [{ kind: 'arrivals', packets: arrivalsOf(feedback as TransportWideCC) }];
      return [];
    }
    case PAYLOAD_FEEDBACK: {
      const feedback: { readonly count: number } | undefined = packet.feedback;
      if (feedback?.count === PLI)
        return [{ kind: 'keyframe_needed', ssrc: (feedback as PictureLossIndication).mediaSsrc }];
      if (feedback?.count === FIR)
        return (feedback as FullIntraRequest).fir.map(({ ssrc }) => ({
          kind: 'keyframe_needed',
          ssrc,
        }));
      return [];
    }
    default:
      return [];
  }
}

const RUN_LENGTH = 0;
const SMALL_DELTA = 1;
const LARGE_DELTA = 2;
const REFERENCE_UNIT_MS = 64;

/**
 * draft-holmer-rmcat-transport-wide-cc-extensions-01, section 3.1. werift parses the message well,
 * but its own `packetResults` leaves out every packet told by a status vector.
 */
function arrivalsOf(feedback: TransportWideCC): PacketArrival[] {
  const statuses: number[] = [];
  for (const chunk of feedback.packetChunks) {
    if (chunk.type !== RUN_LENGTH)
      statuses.push(...('symbolList' in chunk ? chunk.symbolList : []));
    else if ('runLength' in chunk)
      for (let i = 0; i < chunk.runLength; i += 1) statuses.push(chunk.packetStatus);
  }
  let atMs = feedback.referenceTime * REFERENCE_UNIT_MS;
  let delta = 0;
  return statuses.slice(0, feedback.packetStatusCount).map((status, i) => {
    const transportSequence = (feedback.baseSequenceNumber + i) & 0xffff;
    if (status !== SMALL_DELTA && status !== LARGE_DELTA)
      return { transportSequence, receivedAtMs: undefined };
    atMs += (feedback.recvDeltas[delta++]?.delta ?? 0) / 1000; // werift gives microseconds
    return { transportSequence, receivedAtMs: atMs };
  });
}
