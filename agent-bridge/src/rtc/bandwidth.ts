// What the path to the media node can carry. The seam for congestion control: it hears of every
// packet that left and of every arrival the media node reports (transport-cc), and says what the
// encoders may use together. One for each transport; owned by RtcPeer.

export interface PacketArrival {
  /** Transport-wide number, 16 bits. */
  readonly transportSequence: number;
  /** By the media node's clock; undefined when it did not arrive. */
  readonly receivedAtMs: number | undefined;
}

export interface Bandwidth {
  /** For all streams of the transport together. */
  readonly targetBps: number;
  packetSent(transportSequence: number, bytes: number, nowMs: number): void;
  /** Comes about every 100 ms while packets flow. */
  arrivals(report: readonly PacketArrival[], nowMs: number): void;
  roundTrip(rttMs: number): void;
  /** @returns a function that stops listening. */
  onTarget(listener: (targetBps: number) => void): () => void;
}

/** A path of which the operator says what it carries. */
export class FixedBandwidth implements Bandwidth {
  readonly targetBps: number;

  constructor(targetBps: number) {
    this.targetBps = targetBps;
  }

  packetSent(): void {}
  arrivals(): void {}
  roundTrip(): void {}
  onTarget(): () => void {
    return () => undefined;
  }
}
