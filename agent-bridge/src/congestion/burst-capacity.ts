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
/** Arrived faster than so many times how it left: held up and let go at once (as libwebrtc judges). */
const HELD_UP = 2;
/** With a greater share of it lost a train is not judged. */
const MAX_LOST = 0.2;
/** Room left below a measured limit. */
const UTILISATION = 0.95;

type Train = {
  packets: number;
  lost: number;
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
      // Neither its bytes nor its time count: chance took it, or the end of a full queue.
      if (train) train.lost += 1;
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
      lost: 0,
      bytes,
      firstBytes: bytes,
      sent: [sentAtMs, sentAtMs],
      arrived: [receivedAtMs, receivedAtMs],
    };
    return train && capacityOf(train);
  }
}

function capacityOf({
  packets,
  lost,
  bytes,
  firstBytes,
  sent,
  arrived,
}: Train): Capacity | undefined {
  const sendSpanMs = sent[1] - sent[0];
  const arrivalSpanMs = arrived[1] - arrived[0];
  if (packets < MIN_PACKETS || sendSpanMs < MIN_SPAN_MS || arrivalSpanMs <= 0) return undefined;
  if (lost > MAX_LOST * (packets + lost)) return undefined;
  const bits = (bytes - firstBytes) * 8000;
  const sendBps = bits / sendSpanMs;
  const arrivalBps = bits / arrivalSpanMs;
  if (arrivalBps > HELD_UP * sendBps) return undefined;
  const limited = arrivalBps < LIMITED * sendBps;
  return { bps: limited ? arrivalBps * UTILISATION : Math.min(sendBps, arrivalBps), limited };
}
