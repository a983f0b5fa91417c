// One monitor's frames on their way to one media node: access unit -> RTP packets -> pacer -> wire,
// and what comes back: lost packets are sent again, a receiver that is lost gets a key frame. The
// encoder may feed several of these; each keeps its own state. Owned by AgentSession.
import type { types } from 'mediasoup-client';
import type { Clock } from '../clock.ts';
import { packetizeH264 } from './h264-packetizer.ts';
import { ntpTimestamp } from './ntp-time.ts';
import type { Departure, OutboundStream, OutboundTransport } from './outbound-transport.ts';
import {
  HEADER_EXTENSION_URIS,
  markPadded,
  RtpHeaderTemplate,
  type ExtensionIds,
  type ExtensionName,
} from './rtp-header.ts';
import { RtpHistory, type SentPacket } from './rtp-history.ts';

/** What this file needs of a frame (media/frame.ts). */
export interface OutboundFrame {
  /** One access unit, Annex B. */
  readonly data: Uint8Array<ArrayBuffer>;
  readonly keyframe: boolean;
  readonly timestamp90kHz: number;
}

/** `waits_for_keyframe`: what comes before it could not be decoded, so it is not sent. */
export type FrameFate = 'sent' | 'paused' | 'waits_for_keyframe' | 'empty';

export interface OutboundVideoOptions<Frame extends OutboundFrame> {
  /** As negotiated, with SSRCs. */
  readonly rtpParameters: types.RtpParameters;
  readonly transport: OutboundTransport;
  readonly clock: Clock;
  /** May be called often; whoever encodes merges. */
  readonly onKeyframeNeeded: () => void;
  /** The last packet of this frame was given to the socket. */
  readonly onSent: (frame: Frame) => void;
}

/** libwebrtc's packet size: fits every path, and TURN's and a tunnel's headers beside it. */
const MAX_PACKET_BYTES = 1200;
/** A repair carries the original sequence number before the payload (RFC 4588, section 4). */
const RTX_HEADER_BYTES = 2;
/**
 * More than this waiting is delay nobody asked for: begin again with the newest picture. Of the
 * pacer's time; the largest key frame takes 40 ms of it, a path whose rate fell 2.5 times as long.
 */
export const MAX_BACKLOG_MS = 120;
/**
 * Longer than this repairs may not take: a key frame mends it sooner. It is of the pacer's time, which
 * is 2.5 times shorter than the path's; the largest key frame takes 40 ms of it (frame-budget.ts).
 */
const MAX_REPAIR_BACKLOG_MS = 60;
const REPORT_INTERVAL_MS = 1000;
const FIRST_RTT_MS = 50;
const MIN_REPEAT_MS = 5;
/** What one byte can say (RFC 3550, section 5.1). */
const MAX_PADDING_BYTES = 255;

type VideoDeparture<Frame> = Departure & {
  readonly timestamp90kHz: number;
  readonly marker: boolean;
  readonly payload: Buffer;
  /** The frame that this packet completes. */
  readonly completes: Frame | undefined;
};

export class OutboundVideo<Frame extends OutboundFrame> implements OutboundStream {
  readonly ssrc: number;
  readonly #options: OutboundVideoOptions<Frame>;
  readonly #media: RtpHeaderTemplate;
  readonly #rtx: RtpHeaderTemplate | undefined;
  readonly #history = new RtpHistory();
  readonly #leave: () => void;
  #paused = true;
  #needsKeyframe = true;
  #sequenceNumber = randomSequence();
  #rtxSequenceNumber = randomSequence();
  #rttMs: number | undefined;
  #packetCount = 0;
  #lastTimestamp90kHz = 0;
  #octetCount = 0;
  #reportedAtMs = -Infinity;
  #closed = false;

  constructor(options: OutboundVideoOptions<Frame>) {
    this.#options = options;
    const { media, rtx } = negotiatedStreams(options.rtpParameters);
    this.ssrc = media.ssrc;
    this.#media = new RtpHeaderTemplate(media);
    this.#rtx = rtx && new RtpHeaderTemplate(rtx);
    this.#leave = options.transport.add(this);
  }

  /** Of the last receiver report; undefined before the first. */
  get rttMs(): number | undefined {
    return this.#rttMs;
  }

  /** Paused at first. Resumed, it goes on with a key frame, for which it asks. */
  setPaused(paused: boolean): void {
    if (paused === this.#paused) return;
    this.#paused = paused;
    if (paused) {
      this.#options.transport.drop(this);
      this.#history.forgetOlderThan(Infinity);
    } else {
      this.#restart();
    }
  }

  /** The frame's packets leave now, as far as the pacer allows, the rest within a few milliseconds. */
  send(frame: Frame): FrameFate {
    if (this.#paused || this.#closed) return 'paused';
    if (this.#options.transport.backlogMs > MAX_BACKLOG_MS) {
      this.#options.transport.drop(this);
      // Nobody will report it lost, as it never left: the key frame is ours to ask for.
      if (!frame.keyframe && !this.#needsKeyframe) this.#restart();
    }
    if (this.#needsKeyframe && !frame.keyframe) return 'waits_for_keyframe';
    this.#needsKeyframe = false;
    // Nobody needs what was lost before it: its way is free of repairs.
    if (frame.keyframe) {
      this.#history.forgetOlderThan(Infinity);
      this.#options.transport.dropRepairs(this);
    }
    const payloads = packetizeH264(frame.data, this.#maxPayloadBytes);
    payloads.forEach((payload, i) => {
      const last = i === payloads.length - 1;
      const departure: VideoDeparture<Frame> = {
        stream: this,
        repair: false,
        padding: false,
        bytes: this.#media.bytes + payload.length,
        timestamp90kHz: frame.timestamp90kHz,
        marker: last,
        payload,
        completes: last ? frame : undefined,
      };
      this.#options.transport.push(departure);
    });
    return payloads.length > 0 ? 'sent' : 'empty';
  }

  depart(departure: Departure, transportSequence: number, nowMs: number): number {
    const { repair, padding, marker, payload, timestamp90kHz, completes } =
      departure as VideoDeparture<Frame>;
    const ofRtx = repair || padding;
    const template = ofRtx ? (this.#rtx ?? this.#media) : this.#media;
    const sequenceNumber = ofRtx ? this.#nextRtx() : this.#next();
    const header = template.write(sequenceNumber, timestamp90kHz, marker, transportSequence);
    if (padding) markPadded(header);
    this.#options.transport.send(header, payload);
    if (!ofRtx) {
      this.#history.push({ sequenceNumber, timestamp90kHz, marker, payload, sentAtMs: nowMs });
      this.#packetCount += 1;
      this.#lastTimestamp90kHz = timestamp90kHz;
      this.#octetCount += payload.length;
      this.#report(timestamp90kHz, nowMs);
      if (completes) this.#options.onSent(completes);
    }
    return header.length + payload.length;
  }

  /**
   * On the repair stream, whose numbers no decoder waits for; mediasoup reports its arrival and looks
   * no further (RTP::Packet::RtxDecode: nothing in it). Not before the stream's first packet, by which
   * mediasoup knows it.
   */
  padding(packetBytes: number): VideoDeparture<Frame> | undefined {
    if (!this.#rtx || this.#paused || this.#packetCount === 0) return undefined;
    const bytes = Math.min(MAX_PADDING_BYTES, Math.max(1, packetBytes - this.#rtx.bytes));
    const payload = Buffer.alloc(bytes);
    payload[bytes - 1] = bytes;
    return {
      stream: this,
      repair: false,
      padding: true,
      bytes: this.#rtx.bytes + bytes,
      timestamp90kHz: this.#lastTimestamp90kHz,
      marker: false,
      payload,
      completes: undefined,
    };
  }

  /** Without negotiated RTX nothing is repeated: the same number twice would break SRTP's rules. */
  lost(sequenceNumbers: readonly number[]): void {
    if (!this.#rtx || this.#paused) return;
    const { clock, onKeyframeNeeded, transport } = this.#options;
    const nowMs = clock.nowMs();
    for (const sequenceNumber of sequenceNumbers) {
      if (transport.repairBacklogMs > MAX_REPAIR_BACKLOG_MS) {
        transport.dropRepairs(this);
        return onKeyframeNeeded();
      }
      const packet = this.#history.take(
        sequenceNumber,
        nowMs,
        Math.max(MIN_REPEAT_MS, this.#rttMs ?? FIRST_RTT_MS),
      );
      if (packet) transport.push(this.#repair(packet, this.#rtx.bytes));
    }
  }

  keyframeNeeded(): void {
    if (!this.#paused) this.#options.onKeyframeNeeded();
  }

  reported(rttMs: number | undefined): void {
    if (rttMs !== undefined) this.#rttMs = rttMs;
  }

  /** Idempotent; nothing is sent afterwards. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#leave();
    this.#history.forgetOlderThan(Infinity);
  }

  get #maxPayloadBytes(): number {
    const headerBytes = Math.max(this.#media.bytes, this.#rtx?.bytes ?? 0);
    return MAX_PACKET_BYTES - headerBytes - RTX_HEADER_BYTES;
  }

  #restart(): void {
    this.#needsKeyframe = true;
    this.#options.onKeyframeNeeded();
  }

  #repair(packet: SentPacket, headerBytes: number): VideoDeparture<Frame> {
    const payload = Buffer.allocUnsafe(RTX_HEADER_BYTES + packet.payload.length);
    payload.writeUInt16BE(packet.sequenceNumber, 0);
    packet.payload.copy(payload, RTX_HEADER_BYTES);
    return {
      stream: this,
      repair: true,
      padding: false,
      bytes: headerBytes + payload.length,
      timestamp90kHz: packet.timestamp90kHz,
      marker: packet.marker,
      payload,
      completes: undefined,
    };
  }

  /** Lets the media node measure the round trip, and a receiver map our timestamps to time. */
  #report(rtpTimestamp: number, nowMs: number): void {
    if (nowMs - this.#reportedAtMs < REPORT_INTERVAL_MS) return;
    this.#reportedAtMs = nowMs;
    this.#options.transport.sendReport({
      ssrc: this.ssrc,
      ntpTimestamp: ntpTimestamp(this.#options.clock.unixMs()),
      rtpTimestamp,
      packetCount: this.#packetCount >>> 0,
      octetCount: this.#octetCount >>> 0,
    });
  }

  #next(): number {
    this.#sequenceNumber = (this.#sequenceNumber + 1) & 0xffff;
    return this.#sequenceNumber;
  }

  #nextRtx(): number {
    this.#rtxSequenceNumber = (this.#rtxSequenceNumber + 1) & 0xffff;
    return this.#rtxSequenceNumber;
  }
}

/** Random, as RFC 3550 wants it, but low: SRTP's rollover counter is unsure about a first one near the wrap. */
const randomSequence = (): number => Math.floor(Math.random() * 0x8000);

/** @throws Error when there is no stream in them: mediasoup-client always puts one. */
function negotiatedStreams(parameters: types.RtpParameters) {
  const [codec, ...others] = parameters.codecs;
  const encoding = parameters.encodings?.[0];
  if (!codec || encoding?.ssrc === undefined) throw new Error('negotiated without codec or SSRC');
  const idOf = (name: ExtensionName): number | undefined =>
    parameters.headerExtensions?.find(({ uri }) => uri === HEADER_EXTENSION_URIS[name])?.id;
  const ids = {
    mid: idOf('mid'),
    transportCc: idOf('transportCc'),
    playoutDelay: idOf('playoutDelay'),
  };
  const extensionIds = Object.fromEntries(
    Object.entries(ids).filter(([, id]) => id !== undefined),
  ) as ExtensionIds;
  const mid = parameters.mid ?? '';
  const media = { ssrc: encoding.ssrc, payloadType: codec.payloadType, mid, extensionIds };
  const rtxCodec = others.find(
    ({ mimeType, parameters: fmtp }) =>
      mimeType.toLowerCase() === 'video/rtx' &&
      (fmtp as { apt?: unknown } | undefined)?.apt === codec.payloadType,
  );
  const rtx =
    rtxCodec && encoding.rtx
      ? { ssrc: encoding.rtx.ssrc, payloadType: rtxCodec.payloadType, mid, extensionIds }
      : undefined;
  return { media, rtx };
}
