// Everything that leaves on one transport to the media node, in one order: the pacer's. Numbers the
// packets for transport-cc and hands feedback to the stream it is about. Owned by RtcPeer; shared by
// the OutboundVideos of its session.
import type { RtcpPacket } from 'werift';
import type { Clock } from '../clock.ts';
import type { Bandwidth } from './bandwidth.ts';
import type { PathCounters } from './path-watch.ts';
import { PACE_FACTOR, Pacer, type Paced } from './pacer.ts';
import { feedbackOf } from './rtcp-feedback.ts';
import type { RtpWire, SenderReport } from './rtp-wire.ts';

/** A packet that waits; it becomes bytes when it leaves, so that what is dropped leaves no gap. */
export interface Departure extends Paced {
  readonly stream: OutboundStream;
  readonly repair: boolean;
  /** Carries nothing: it asks the path. */
  readonly padding: boolean;
}

export interface OutboundStream {
  /** The media SSRC: feedback names it, for repairs too. */
  readonly ssrc: number;
  /** Puts the packet on the wire. @returns its bytes with header. */
  depart(departure: Departure, transportSequence: number, nowMs: number): number;
  /** A packet without content, which the media node counts and drops; undefined: not possible now. */
  padding(packetBytes: number): Departure | undefined;
  lost(sequenceNumbers: readonly number[]): void;
  keyframeNeeded(): void;
  reported(rttMs: number | undefined): void;
}

export interface OutboundTransportOptions {
  readonly wire: RtpWire;
  readonly clock: Clock;
  readonly bandwidth: Bandwidth;
}

export class OutboundTransport {
  readonly #wire: RtpWire;
  readonly #clock: Clock;
  readonly #bandwidth: Bandwidth;
  readonly #pacer: Pacer<Departure>;
  readonly #streams = new Map<number, OutboundStream>();
  readonly #stopListening: () => void;
  #transportSequence = 0;
  #sent = 0;
  #arrived = 0;

  constructor({ wire, clock, bandwidth }: OutboundTransportOptions) {
    this.#wire = wire;
    this.#clock = clock;
    this.#bandwidth = bandwidth;
    this.#pacer = new Pacer({
      clock,
      rateBps: bandwidth.targetBps * PACE_FACTOR,
      send: (departure) => this.#depart(departure),
    });
    this.#stopListening = bandwidth.onTarget((bps) => this.#pacer.setRate(bps * PACE_FACTOR));
  }

  get backlogMs(): number {
    return this.#pacer.backlogMs;
  }

  get repairBacklogMs(): number {
    return this.#pacer.repairBacklogMs;
  }

  get counters(): PathCounters {
    return { sent: this.#sent, arrived: this.#arrived };
  }

  /** @returns a function that takes the stream out again, with what waits of it. */
  add(stream: OutboundStream): () => void {
    this.#streams.set(stream.ssrc, stream);
    return () => {
      this.#streams.delete(stream.ssrc);
      this.#pacer.drop((departure) => departure.stream === stream);
    };
  }

  push(departure: Departure): void {
    if (departure.repair) this.#pacer.pushRepair(departure);
    else this.#pacer.pushMedia(departure);
  }

  /** Forgets what waits of this stream, repairs too. */
  drop(stream: OutboundStream): void {
    this.#pacer.drop((departure) => departure.stream === stream);
  }

  /** Forgets only what waits of this stream to be sent again. */
  dropRepairs(stream: OutboundStream): void {
    this.#pacer.drop((departure) => departure.stream === stream && departure.repair);
  }

  /** To be called by `depart` of a stream. */
  send(header: Buffer, payload: Buffer): void {
    this.#wire.sendRtp(header, payload);
  }

  sendReport(report: SenderReport): void {
    this.#wire.sendReport(report);
  }

  /** What the media node said. */
  hear(packet: RtcpPacket): void {
    for (const feedback of feedbackOf(packet, this.#clock.unixMs())) {
      if (feedback.kind === 'arrivals') {
        for (const { receivedAtMs } of feedback.packets)
          if (receivedAtMs !== undefined) this.#arrived += 1;
        this.#bandwidth.arrivals(feedback.packets, this.#clock.nowMs());
        this.#probe();
        continue;
      }
      const stream = this.#streams.get(feedback.ssrc);
      if (feedback.kind === 'lost') stream?.lost(feedback.sequenceNumbers);
      else if (feedback.kind === 'keyframe_needed') stream?.keyframeNeeded();
      else {
        if (feedback.rttMs !== undefined) this.#bandwidth.roundTrip(feedback.rttMs);
        stream?.reported(feedback.rttMs);
      }
    }
  }

  /** Idempotent; nothing leaves afterwards. */
  close(): void {
    this.#stopListening();
    this.#pacer.close();
    this.#streams.clear();
  }

  #probe(): void {
    const probe = this.#bandwidth.nextProbe(this.#clock.nowMs());
    if (!probe) return;
    const { bps, packets, packetBytes } = probe;
    this.#pacer.startTrain({
      bps,
      bytes: packets * packetBytes,
      pad: () => {
        for (const stream of this.#streams.values()) {
          const departure = stream.padding(packetBytes);
          if (departure) return departure;
        }
        return undefined;
      },
    });
  }

  #depart(departure: Departure): void {
    // Without keys nothing can leave; the stream asks for a key frame when it is connected.
    if (!this.#wire.connected) return;
    this.#transportSequence = (this.#transportSequence + 1) & 0xffff;
    this.#sent += 1;
    const nowMs = this.#clock.nowMs();
    const bytes = departure.stream.depart(departure, this.#transportSequence, nowMs);
    this.#bandwidth.packetSent(this.#transportSequence, bytes, nowMs, departure.padding);
  }
}
