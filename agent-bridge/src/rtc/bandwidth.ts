// What the path to the media node can carry. The seam for congestion control: it hears of every
// packet that left and of every arrival the media node reports (transport-cc), and says what the
// encoders may use together. One for each transport; owned by RtcPeer.

export interface PacketArrival {
  /** Transport-wide number, 16 bits. */
  readonly transportSequence: number;
  /** By the media node's clock; undefined when it did not arrive. */
  readonly receivedAtMs: number | undefined;
}

/** Packets to send now at a rate of their own, to ask the path for more than it is used for. */
export interface Probe {
  readonly bps: number;
  readonly packets: number;
  /** With RTP header. */
  readonly packetBytes: number;
}

export interface Bandwidth {
  /** For all streams of the transport together. */
  readonly targetBps: number;
  /** How packets fare between here and the media node. */
  readonly hop: { readonly queueMs: number; readonly lossRatio: number };
  /** @param padding sent for a probe, and no use otherwise. */
  packetSent(transportSequence: number, bytes: number, nowMs: number, padding: boolean): void;
  /** Comes about every 100 ms while packets flow. */
  arrivals(report: readonly PacketArrival[], nowMs: number): void;
  roundTrip(rttMs: number): void;
  /** Asked after each report of arrivals. */
  nextProbe(nowMs: number): Probe | undefined;
  /** @returns a function that stops listening. */
  onTarget(listener: (targetBps: number) => void): () => void;
}

/** A path of which the operator says what it carries. */
export class FixedBandwidth implements Bandwidth {
  readonly targetBps: number;
  readonly hop = { queueMs: 0, lossRatio: 0 };

  constructor(targetBps: number) {
    this.targetBps = targetBps;
  }

  packetSent(): void {}
  arrivals(): void {}
  roundTrip(): void {}
  nextProbe(): undefined {}
  onTarget(): () => void {
    return () => undefined;
  }
}
