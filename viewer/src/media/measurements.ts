// What the statistics panel reads: rates of a video, and where the time of its frames goes. Asks the
// agent for its clock, and so for traces, only while somebody reads. Owned by viewer.ts.
import type { Fact } from '@guruconnect/contract/facts/fact';
import type { SentInput } from '../input/input-channel.ts';
import { AgentClock } from './agent-clock.ts';
import { FrameTrace, type AnsweredInput, type Hop, type HopStatistics } from './frame-trace.ts';
import { compareStats, readStats, type MediaStats, type StatsReading } from './media-stats.ts';

export type ViewerStatistics = {
  readonly media: MediaStats | undefined;
  /** Of the network as the media node is in its middle: the agent's half comes from the agent. */
  readonly agentRttMs: number | undefined;
  readonly hops: Partial<Record<Hop, HopStatistics>>;
  /** The last inputs, each with the way to the first frame that shows it. */
  readonly answered: readonly AnsweredInput[];
};

/** The part of InputChannel that is used here. */
export type Probing = {
  probe(): number | undefined;
  sent(seq: number): SentInput | undefined;
};

type ClockFact = Extract<Fact, { kind: 'clock' }>;

/** Traces are asked for while somebody reads the statistics (about once a second), and so long after. */
const LOOKED_AT_MS = 2_500;
/** So many probes without an answer: this agent knows none. */
const MAX_UNANSWERED_PROBES = 8;

export class Measurements {
  readonly #channel: Probing;
  readonly #clock = new AgentClock();
  #readAtMs = Number.NEGATIVE_INFINITY;
  #viewerRttMs: number | undefined;
  #agentRttMs: number | undefined;
  #reading: { readonly of: string; readonly stats: StatsReading } | undefined;

  constructor(channel: Probing) {
    this.#channel = channel;
  }

  newTrace(): FrameTrace {
    return new FrameTrace({
      input: (seq) => this.#channel.sent(seq),
      capturedAtMs: (rtpTimestamp, nowMs) => this.#clock.capturedAtMs(rtpTimestamp, nowMs),
      propagationMs: () =>
        this.#viewerRttMs === undefined || this.#agentRttMs === undefined
          ? undefined
          : (this.#viewerRttMs + this.#agentRttMs) / 2,
    });
  }

  /**
   * Rates since the last call for the same video.
   * @param of names it. @param report undefined when none is received.
   */
  read(of: string, report: RTCStatsReport | undefined, trace: FrameTrace): ViewerStatistics {
    const nowMs = performance.now();
    this.#readAtMs = nowMs;
    const stats = report && readStats(report as ReadonlyMap<string, unknown>, nowMs);
    const before = this.#reading?.of === of ? this.#reading.stats : undefined;
    this.#reading = stats && { of, stats };
    this.#viewerRttMs = stats?.rttMs;
    return {
      media: before && stats ? compareStats(before, stats) : undefined,
      agentRttMs: this.#agentRttMs,
      hops: trace.statistics(),
      answered: trace.answered,
    };
  }

  /** Nobody reads, nothing is asked: the agent then traces next to nothing. */
  tick(nowMs: number, inputEnabled: boolean): void {
    if (nowMs - this.#readAtMs > LOOKED_AT_MS || !inputEnabled) return;
    if (this.#clock.unanswered >= MAX_UNANSWERED_PROBES) return;
    const seq = this.#channel.probe();
    if (seq !== undefined) this.#clock.asked(seq, this.#channel.sent(seq)?.sentAtMs ?? nowMs);
  }

  onClock(fact: ClockFact): void {
    this.#clock.answered(fact.seq, fact.agent_time_us, performance.now());
    this.#agentRttMs = fact.node_rtt_us > 0 ? fact.node_rtt_us / 1000 : undefined;
  }

  /** Another placement: another way, perhaps another agent. */
  reset(): void {
    this.#clock.reset();
  }
}
