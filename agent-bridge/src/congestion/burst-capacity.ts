// What the path can carry, read from our own large frames. A desktop sends little for long and then
// a key frame or a page at once; the pacer lets it out faster than the target, so each such burst
// is a probe (the packet trains of libwebrtc's probing, without sending padding): if it arrives as
// fast as it left the path carries at least that; if slower, about the rate it arrived at.
import type { PacketReport } from './packet-report.ts';

const MIN_PACKETS = 10;
const MIN_SPAN_MS = 8;
/** A pause longer than this ends a train. */
const MAX_GAP_MS = 6;
/** Arrived slower than this share of how it left: the path was the limit. */
const LIMITED = 0.9;
/** Room left below a measured limit. */
const UTILISATION = 0.95;

type Train = {
  packets: number;
  bytes: number;
  firstBytes: number;
  sent: [number, number];
  arrived: [number, number];
};

export type Capacity = {
  readonly bps: number;
  /** The path itself was the limit. */ readonly limited: boolean;
};

export class BurstCapacity {
  #train: Train | undefined;

  /** Packets in order of departure. A value comes when a train has ended and was long enough. */
  add({ sentAtMs, receivedAtMs, bytes }: PacketReport): Capacity | undefined {
    const train = this.#train;
    if (receivedAtMs === undefined) {
      this.#train = undefined; // a loss inside says that the rate seen is not the path's
      return undefined;
    }
    if (train && sentAtMs - train.sent[1] <= MAX_GAP_MS && sentAtMs >= train.sent[1]) {
      train.packets += 1;
      train.bytes += bytes;
      train.sent[1] = sentAtMs;
      train.arrived[1] = Math.max(train.arrived[1], receivedAtMs);
      return undefined;
    }
    this.#train = {
      packets: 1,
      bytes,
      firstBytes: bytes,
      sent: [sentAtMs, sentAtMs],
      arrived: [receivedAtMs, receivedAtMs],
    };
    return train && capacityOf(train);
  }
}

function capacityOf({ packets, bytes, firstBytes, sent, arrived }: Train): Capacity | undefined {
  const sendSpanMs = sent[1] - sent[0];
  const arrivalSpanMs = arrived[1] - arrived[0];
  if (packets < MIN_PACKETS || sendSpanMs < MIN_SPAN_MS || arrivalSpanMs <= 0) return undefined;
  const bits = (bytes - firstBytes) * 8000;
  const sendBps = bits / sendSpanMs;
  const arrivalBps = bits / arrivalSpanMs;
  const limited = arrivalBps < LIMITED * sendBps;
  return { bps: limited ? arrivalBps * UTILISATION : Math.min(sendBps, arrivalBps), limited };
}
