// What was sent lately, for receivers that lost some of it (RFC 4585 NACK). Pure. werift keeps 128
// packets, about 150 KB: a key frame of a desktop is larger than that, and its first packets are the
// ones that matter. Owned by OutboundVideo, one for each stream.

export interface SentPacket {
  readonly sequenceNumber: number;
  readonly timestamp90kHz: number;
  readonly marker: boolean;
  readonly payload: Buffer;
  readonly sentAtMs: number;
}

/** 2 s at 39 Mbit/s; a power of two divides the 16-bit sequence numbers evenly. */
export const HISTORY_PACKETS = 8192;
/** mediasoup keeps as long towards the viewers: an older packet helps nobody. */
export const HISTORY_MS = 2000;

type Entry = SentPacket & { resentAtMs: number };

export class RtpHistory {
  readonly #entries: (Entry | undefined)[] = new Array<Entry | undefined>(HISTORY_PACKETS);
  /** The oldest sequence number that may still be held; everything up to `#next` follows it. */
  #oldest = 0;
  #count = 0;

  get size(): number {
    return this.#count;
  }

  /** In the order of sequence numbers, without gaps. Forgets what is too old. */
  push(packet: SentPacket): void {
    if (this.#count === 0) this.#oldest = packet.sequenceNumber;
    if (this.#count === HISTORY_PACKETS) this.#forgetOldest();
    this.#entries[packet.sequenceNumber % HISTORY_PACKETS] = { ...packet, resentAtMs: -Infinity };
    this.#count += 1;
    this.forgetOlderThan(packet.sentAtMs - HISTORY_MS);
  }

  /**
   * The packet to send again, or undefined when it is gone, or was sent again so lately that the
   * repeat is still under way.
   * @param minIntervalMs the round trip time.
   */
  take(sequenceNumber: number, nowMs: number, minIntervalMs: number): SentPacket | undefined {
    const entry = this.#entries[sequenceNumber % HISTORY_PACKETS];
    if (entry?.sequenceNumber !== sequenceNumber || nowMs - entry.sentAtMs > HISTORY_MS)
      return undefined;
    if (nowMs - entry.resentAtMs < minIntervalMs) return undefined;
    entry.resentAtMs = nowMs;
    return entry;
  }

  /** Gives memory back; also to be called now and then while nothing is sent. */
  forgetOlderThan(timeMs: number): void {
    while (this.#count > 0) {
      const entry = this.#entries[this.#oldest % HISTORY_PACKETS];
      if (entry && entry.sentAtMs >= timeMs) return;
      this.#forgetOldest();
    }
  }

  #forgetOldest(): void {
    this.#entries[this.#oldest % HISTORY_PACKETS] = undefined;
    this.#oldest = (this.#oldest + 1) & 0xffff;
    this.#count -= 1;
  }
}
