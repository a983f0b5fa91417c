// Where the time of a frame goes, hop by hop. The agent tells its part per RTP timestamp on the
// facts channel; the browser tells the rest in requestVideoFrameCallback; the media node keeps the
// timestamp. Joined here, whichever comes first. Pure; all times in milliseconds.
//
// The two clocks are never compared. Only for a frame that first shows a new input is the whole way
// known on one clock (key sent .. picture painted); what the other hops do not explain of it was
// spent on the two ways through the network and in the remote application.
import type { Fact } from '@guruconnect/contract/facts/fact';

export type TraceFact = Extract<Fact, { kind: 'frame_trace' }>;

export const HOPS = {
  capture: 'Capture',
  convert: 'Convert',
  encode: 'Encode',
  send: 'Send',
  decode: 'Receive and decode',
  paint: 'Paint',
  application: 'Input to capture',
  network: 'Network, both ways',
  total: 'Input to picture',
} as const;
export type Hop = keyof typeof HOPS;

/** The part of VideoFrameCallbackMetadata that is used; DOMHighResTimeStamps. */
export type PaintedFrame = {
  readonly rtpTimestamp?: number;
  /** When its last packet came in. */
  readonly receiveTime?: number;
  /** When it was handed to the compositor. */
  readonly presentationTime: number;
  /**
   * When the page's rendering with it began: the first argument of the callback. Not the metadata's
   * expectedDisplayTime: Chromium makes that up from the frame rate (100 ms at 10 frames a second).
   */
  readonly renderedTime: number;
};

export type HopStatistics = {
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly count: number;
};

/** Frames that wait for their other half: a few seconds' worth, then they are forgotten. */
const MAX_WAITING = 240;
/** Samples per hop: the statistics are about the last while, not about the whole session. */
const MAX_SAMPLES = 300;

export class FrameTrace {
  readonly #traces = new Map<number, TraceFact>();
  readonly #frames = new Map<number, PaintedFrame>();
  readonly #samples = new Map<Hop, number[]>();
  readonly #sentAtMs: (seq: number) => number | undefined;
  #lastInputSeq = 0;

  /** @param sentAtMs when this viewer sent the input of that number; undefined if it did not. */
  constructor(sentAtMs: (seq: number) => number | undefined) {
    this.#sentAtMs = sentAtMs;
  }

  onTrace(trace: TraceFact): void {
    const frame = this.#frames.get(trace.rtp_timestamp);
    if (frame) {
      this.#frames.delete(trace.rtp_timestamp);
      this.#join(trace, frame);
    } else remember(this.#traces, trace.rtp_timestamp, trace);
  }

  onFrame(frame: PaintedFrame): void {
    if (frame.rtpTimestamp === undefined) return;
    const trace = this.#traces.get(frame.rtpTimestamp);
    if (trace) {
      this.#traces.delete(frame.rtpTimestamp);
      this.#join(trace, frame);
    } else remember(this.#frames, frame.rtpTimestamp, frame);
  }

  /** Hops with at least one sample, in the order of the way. */
  statistics(): Partial<Record<Hop, HopStatistics>> {
    const out: Partial<Record<Hop, HopStatistics>> = {};
    for (const hop of Object.keys(HOPS) as Hop[]) {
      const samples = this.#samples.get(hop);
      if (samples && samples.length > 0)
        out[hop] = {
          p50Ms: percentile(samples, 0.5),
          p95Ms: percentile(samples, 0.95),
          count: samples.length,
        };
    }
    return out;
  }

  /** Another monitor, another way. */
  reset(): void {
    this.#traces.clear();
    this.#frames.clear();
    this.#samples.clear();
  }

  #join(trace: TraceFact, frame: PaintedFrame): void {
    const agent = {
      capture: trace.capture_us / 1000,
      convert: trace.convert_us / 1000,
      encode: trace.encode_us / 1000,
      send: trace.send_us / 1000,
    };
    for (const [hop, ms] of Object.entries(agent)) this.#add(hop as Hop, ms);
    const decode =
      frame.receiveTime === undefined ? undefined : frame.presentationTime - frame.receiveTime;
    if (decode !== undefined) this.#add('decode', decode);
    const paint = Math.max(0, frame.renderedTime - frame.presentationTime);
    this.#add('paint', paint);

    const seq = trace.last_input_seq;
    const isFirstToShow = seq !== 0 && seq !== this.#lastInputSeq;
    this.#lastInputSeq = seq;
    const sentAtMs = isFirstToShow ? this.#sentAtMs(seq) : undefined;
    if (sentAtMs === undefined) return;
    const application = trace.input_to_capture_us / 1000;
    const total = Math.max(frame.renderedTime, frame.presentationTime) - sentAtMs;
    const known =
      application +
      agent.capture +
      agent.convert +
      agent.encode +
      agent.send +
      (decode ?? 0) +
      paint;
    this.#add('application', application);
    this.#add('network', Math.max(0, total - known));
    this.#add('total', total);
  }

  #add(hop: Hop, ms: number): void {
    const samples = this.#samples.get(hop) ?? [];
    this.#samples.set(hop, samples);
    samples.push(ms);
    if (samples.length > MAX_SAMPLES) samples.shift();
  }
}

function remember<T>(map: Map<number, T>, key: number, value: T): void {
  map.set(key, value);
  if (map.size <= MAX_WAITING) return;
  for (const oldest of map.keys()) {
    map.delete(oldest);
    break;
  }
}

/** Nearest rank; 0 for nothing. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return (
    sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))] ?? 0
  );
}
