// Bandwidth by measurement: joins what left with what the media node reports, and lets the
// congestion controller decide. One for each sending transport; owned by RtcPeer's owner.
import {
  CongestionController,
  type CongestionOptions,
  type CongestionState,
} from '../congestion/congestion-controller.ts';
import type { PacketReport } from '../congestion/packet-report.ts';
import { SendHistory } from '../congestion/send-history.ts';
import type { Bandwidth, PacketArrival, Probe } from './bandwidth.ts';

/** A change smaller than this is not worth an order to the encoders. */
const WORTH_TELLING = 0.03;

export class MeasuredBandwidth implements Bandwidth {
  readonly #controller: CongestionController;
  readonly #history = new SendHistory();
  readonly #listeners = new Set<(targetBps: number) => void>();
  #toldBps: number;

  constructor(options: CongestionOptions) {
    this.#controller = new CongestionController(options);
    this.#toldBps = options.startBps;
  }

  get targetBps(): number {
    return this.#controller.state.targetBps;
  }

  get hop(): { queueMs: number; lossRatio: number } {
    const { queueMs, lossRatio } = this.#controller.state;
    return { queueMs, lossRatio };
  }

  /** For statistics and logs. */
  get state(): CongestionState {
    return this.#controller.state;
  }

  packetSent(transportSequence: number, bytes: number, nowMs: number, padding = false): void {
    // Also the moment to notice that nothing was heard for long: packets leave all the time.
    this.#controller.onTick(nowMs, this.#history.inFlightBytes);
    this.#history.add(transportSequence, nowMs, bytes, padding);
    this.#tell();
  }

  arrivals(report: readonly PacketArrival[], nowMs: number): void {
    const reports: PacketReport[] = [];
    for (const { transportSequence, receivedAtMs } of report) {
      const known = this.#history.report(transportSequence, receivedAtMs);
      if (known) reports.push(known);
    }
    if (reports.length === 0) return;
    this.#controller.onFeedback(reports, nowMs);
    this.#tell();
  }

  roundTrip(rttMs: number): void {
    this.#controller.roundTripMs = rttMs;
  }

  nextProbe(nowMs: number): Probe | undefined {
    return this.#controller.nextProbe(nowMs);
  }

  onTarget(listener: (targetBps: number) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  #tell(): void {
    const { targetBps } = this;
    if (Math.abs(targetBps - this.#toldBps) < WORTH_TELLING * this.#toldBps) return;
    this.#toldBps = targetBps;
    for (const listener of this.#listeners) listener(targetBps);
  }
}
