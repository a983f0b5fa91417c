// Remembers when each packet left, until feedback names it by its transport-wide sequence number.
import type { PacketReport } from './packet-report.ts';

/** Half of the 16-bit number space: an older number than that could be mistaken for a new one. */
const CAPACITY = 0x8000;

type Sent = {
  readonly sequence: number;
  readonly sentAtMs: number;
  readonly bytes: number;
  readonly padding: boolean;
};

export class SendHistory {
  readonly #slots: (Sent | undefined)[] = new Array<Sent | undefined>(CAPACITY);
  #inFlightBytes = 0;

  get inFlightBytes(): number {
    return this.#inFlightBytes;
  }

  add(sequence: number, sentAtMs: number, bytes: number, padding = false): void {
    const slot = sequence % CAPACITY;
    this.#inFlightBytes += bytes - (this.#slots[slot]?.bytes ?? 0);
    this.#slots[slot] = { sequence, sentAtMs, bytes, padding };
  }

  /** Takes the packet out; undefined for one never sent, or already reported. */
  report(sequence: number, receivedAtMs: number | undefined): PacketReport | undefined {
    const slot = sequence % CAPACITY;
    const sent = this.#slots[slot];
    if (sent?.sequence !== sequence) return undefined;
    this.#slots[slot] = undefined;
    this.#inFlightBytes -= sent.bytes;
    return { sentAtMs: sent.sentAtMs, receivedAtMs, bytes: sent.bytes, padding: sent.padding };
  }
}
