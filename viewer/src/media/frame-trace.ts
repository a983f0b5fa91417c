// Where the time of a frame goes, hop by hop. The agent tells its part per RTP timestamp on the facts
// channel; the browser tells the rest in requestVideoFrameCallback; the media node keeps the timestamp.
// Joined here, whichever comes first. Pure; all times in milliseconds of the page's clock.
//
// The agent's moments are placed on that clock by agent-clock.ts. Then the hops of a frame that first
// shows an input follow each other without a gap, from the DOM event to the rendering of the picture.
// Without it (a viewer that may not control cannot ask for the time) the ways through the network are
// known together only, as what the other hops do not explain.
import type { Fact } from '@guruconnect/contract/facts/fact';

export type TraceFact = Extract<Fact, { kind: 'frame_trace' }>;

/** In the order of the way. */
export const HOPS = {
  event: 'Event to wire',
  input: 'Input to agent',
  application: 'Application repaints',
  wait: 'Wait for capture',
  capture: 'Capture',
  convert: 'Convert',
  encode: 'Encode',
  send: 'Pace and send',
  network: 'Network',
  node: 'Media node, queues',
  ways: 'Network, both ways',
  receive: 'Receive buffer',
  decode: 'Decode',
  paint: 'Paint',
  total: 'Input to picture',
} as const;
export type Hop = keyof typeof HOPS;
type Hops = { readonly [hop in Hop]?: number | undefined };

/** An input and the first frame that shows it. */
export type AnsweredInput = {
  readonly seq: number;
  /** `timeStamp` of the DOM event. */
  readonly happenedAtMs: number;
  readonly rtpTimestamp: number;
  readonly hops: Hops;
};

/** The part of VideoFrameCallbackMetadata that is used; DOMHighResTimeStamps. */
export type PaintedFrame = {
  readonly rtpTimestamp?: number;
  /** When its last packet came in. */
  readonly receiveTime?: number;
  /** Seconds from the first packet given to the decoder to the decoded picture. */
  readonly processingDuration?: number;
  /** When it was handed to the compositor. */
  readonly presentationTime: number;
  /**
   * When the page's rendering with it began: the first argument of the callback. Not the metadata's
   * expectedDisplayTime: Chromium makes that up from the frame rate (100 ms at 10 frames a second).
   */
  readonly renderedTime: number;
};

/** What the viewer knows beside the frames. */
export type TraceContext = {
  /** The input of that number, if this viewer sent it not long ago. */
  readonly input: (seq: number) => { happenedAtMs: number; sentAtMs: number } | undefined;
  /** When the picture of this RTP timestamp was taken; undefined while the agent's clock is unknown. */
  readonly capturedAtMs: (rtpTimestamp: number, nowMs: number) => number | undefined;
  /** From agent to media node to viewer when nothing is in the way; undefined while unknown. */
  readonly propagationMs: () => number | undefined;
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
const MAX_ANSWERED = 128;

export class FrameTrace {
  readonly #context: TraceContext;
  readonly #traces = new Map<number, TraceFact>();
  readonly #frames = new Map<number, PaintedFrame>();
  readonly #samples = new Map<Hop, number[]>();
  #answered: AnsweredInput[] = [];
  #lastInputSeq = 0;

  constructor(context: TraceContext) {
    this.#context = context;
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

  /** The last inputs that a frame has shown, oldest first. */
  get answered(): readonly AnsweredInput[] {
    return this.#answered;
  }

  /** Another monitor, another way. */
  reset(): void {
    this.#traces.clear();
    this.#frames.clear();
    this.#samples.clear();
    this.#answered = [];
  }

  #join(trace: TraceFact, frame: PaintedFrame): void {
    const { rtp_timestamp, last_input_seq } = trace;
    const ownMs = {
      capture: trace.capture_us / 1000,
      convert: trace.convert_us / 1000,
      encode: trace.encode_us / 1000,
      send: trace.send_us / 1000,
    };
    const capturedAtMs = this.#context.capturedAtMs(rtp_timestamp, frame.renderedTime);
    const sentAtMs =
      capturedAtMs === undefined ? undefined : capturedAtMs + sum(Object.values(ownMs));
    const rest = { ...ownMs, ...this.#wayMs(sentAtMs, frame), ...arrivalMs(frame) };

    const isFirstToShow = last_input_seq !== 0 && last_input_seq !== this.#lastInputSeq;
    this.#lastInputSeq = last_input_seq;
    const input = isFirstToShow ? this.#context.input(last_input_seq) : undefined;
    const hops = input ? { ...rest, ...answerMs(input, trace, capturedAtMs, frame, rest) } : rest;
    for (const hop of Object.keys(HOPS) as Hop[]) this.#add(hop, (hops as Hops)[hop]);
    if (!input) return;
    const { happenedAtMs } = input;
    this.#answered.push({ seq: last_input_seq, happenedAtMs, rtpTimestamp: rtp_timestamp, hops });
    if (this.#answered.length > MAX_ANSWERED) this.#answered.shift();
  }

  /** From the agent's socket to this browser's, with the media node's part apart if that is known. */
  #wayMs(sentAtMs: number | undefined, { receiveTime }: PaintedFrame): Hops {
    if (sentAtMs === undefined || receiveTime === undefined) return {};
    const ms = Math.max(0, receiveTime - sentAtMs);
    const propagationMs = this.#context.propagationMs();
    if (propagationMs === undefined) return { network: ms };
    const network = Math.min(ms, propagationMs);
    return { network, node: ms - network };
  }

  #add(hop: Hop, ms: number | undefined): void {
    if (ms === undefined) return;
    const samples = this.#samples.get(hop) ?? [];
    this.#samples.set(hop, samples);
    samples.push(ms);
    if (samples.length > MAX_SAMPLES) samples.shift();
  }
}

/** What the browser did with a frame. Without a time of reception only its end is known. */
function arrivalMs(frame: PaintedFrame): Hops {
  const { receiveTime, processingDuration, presentationTime, renderedTime } = frame;
  const paint = Math.max(0, renderedTime - presentationTime);
  if (receiveTime === undefined) return { paint };
  const held = Math.max(0, presentationTime - receiveTime);
  const decode = Math.min(held, (processingDuration ?? held / 1000) * 1000);
  return { receive: held - decode, decode, paint };
}

/** From the event to the capture, and the whole way. */
function answerMs(
  input: { readonly happenedAtMs: number; readonly sentAtMs: number },
  trace: TraceFact,
  capturedAtMs: number | undefined,
  frame: PaintedFrame,
  rest: Hops,
): Hops {
  const total = Math.max(frame.renderedTime, frame.presentationTime) - input.happenedAtMs;
  const event = input.sentAtMs - input.happenedAtMs;
  const sinceInjectedMs = trace.input_to_capture_us / 1000;
  const wait = Math.min(sinceInjectedMs, trace.wait_us / 1000);
  const agent = { event, application: sinceInjectedMs - wait, wait };
  if (capturedAtMs !== undefined)
    return {
      ...agent,
      input: Math.max(0, capturedAtMs - sinceInjectedMs - input.sentAtMs),
      total,
    };
  const known = sum(Object.values({ ...agent, ...rest }));
  return { ...agent, ways: Math.max(0, total - known), total };
}

const sum = (values: readonly (number | undefined)[]): number =>
  values.reduce<number>((all, value) => all + (value ?? 0), 0);

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
