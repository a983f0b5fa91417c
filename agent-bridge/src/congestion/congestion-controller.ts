// Google congestion control on transport-cc feedback (draft-ietf-rmcat-gcc-02), as pure code:
// feedback and time go in, a target rate comes out. One per transport; the owner gives the target
// to the encoder and the pacer.
import { Aimd } from './aimd.ts';
import { BurstCapacity } from './burst-capacity.ts';
import { LossLimit } from './loss-limit.ts';
import { PacketGroups } from './packet-groups.ts';
import type { PacketReport } from './packet-report.ts';
import { Probing, type Probe } from './probing.ts';
import { ReceivedRate } from './received-rate.ts';
import { StandingQueue } from './standing-queue.ts';
import { Trendline } from './trendline.ts';

export type CongestionOptions = {
  readonly startBps: number;
  readonly minBps: number;
  readonly maxBps: number;
};

/** Under this share of the target the sender is limited by what it has to send, not by the path. */
const APPLICATION_LIMITED = 0.7;
/** A path that was seen full is not asked for more by a single train for this long. */
const AFTER_OVERUSE_MS = 700;
/** No feedback at all for this long: the path is gone or stuffed; halve, and again. */
const SILENCE_MS = 1000;

/** Nobody needs to know what the path could carry while less than this is being sent. */
const PROBING_FROM_BPS = 150_000;

export type CongestionState = {
  readonly targetBps: number;
  readonly receivedBps: number | undefined;
  readonly lossRatio: number;
  /** How long packets wait in the path's queue. */
  readonly queueMs: number;
  readonly use: 'normal' | 'overuse' | 'underuse';
};

export class CongestionController {
  readonly #options: CongestionOptions;
  readonly #groups = new PacketGroups();
  readonly #trend = new Trendline();
  readonly #received = new ReceivedRate();
  /** Without padding: what there was to send. */
  readonly #media = new ReceivedRate();
  readonly #bursts = new BurstCapacity();
  readonly #loss = new LossLimit();
  readonly #queue = new StandingQueue();
  readonly #probing = new Probing();
  readonly #aimd: Aimd;
  #targetBps: number;
  #roundTripMs = 100;
  #lossRatio = 0;
  #overusedAtMs = -Infinity;
  #heardAtMs: number | undefined;

  constructor(options: CongestionOptions) {
    this.#options = options;
    this.#targetBps = options.startBps;
    this.#aimd = new Aimd(options.startBps, options.minBps, options.maxBps);
  }

  get state(): CongestionState {
    return {
      targetBps: Math.round(this.#targetBps),
      receivedBps: this.#received.bps,
      lossRatio: this.#lossRatio,
      queueMs: this.#queue.ms,
      use: this.#trend.use,
    };
  }

  set roundTripMs(value: number) {
    this.#roundTripMs = value;
  }

  /** One feedback message: its packets in order of departure. @returns the new target, bits a second. */
  onFeedback(reports: readonly PacketReport[], nowMs: number): number {
    this.#heardAtMs = nowMs;
    let lost = 0;
    let overused = false;
    for (const report of reports) {
      if (report.receivedAtMs === undefined) lost += 1;
      else {
        this.#received.add(report.receivedAtMs, report.bytes);
        if (report.padding) this.#media.advance(report.receivedAtMs);
        else this.#media.add(report.receivedAtMs, report.bytes);
      }
      this.#queue.add(report);
      const delta = this.#groups.add(report);
      if (delta && this.#trend.add(delta) === 'overuse') overused = true;
      const capacity = this.#bursts.add(report);
      if (capacity) this.#learn(capacity.bps, capacity.limited, nowMs);
    }
    if (reports.length > 0) this.#lossRatio = lost / reports.length;
    if (overused) {
      this.#overusedAtMs = nowMs;
      this.#probing.overused(nowMs);
    }
    this.#loss.add(reports.length - lost, lost);

    // What comes out of a queue says better what the path carries than what came lately, which we
    // may have cut ourselves.
    const receivedBps = this.#queue.lineBps ?? this.#received.bps;
    const delayTarget = this.#aimd.update({
      nowMs,
      use: overused ? 'overuse' : this.#trend.use,
      receivedBps,
      roundTripMs: this.#roundTripMs,
      applicationLimited:
        receivedBps === undefined || receivedBps < APPLICATION_LIMITED * this.#targetBps,
    });
    const lossTarget = this.#loss.update(
      nowMs,
      this.#roundTripMs,
      this.#targetBps,
      receivedBps ?? 0,
    );
    const allowance = this.#queue.allowance;
    if (allowance < 1) this.#probing.overused(nowMs);
    const drained = allowance < 1 ? allowance * (receivedBps ?? this.#targetBps) : Infinity;
    return this.#set(Math.min(delayTarget, lossTarget, drained));
  }

  /** A train to send now at this rate, padded if need be; asked for by the sender after feedback. */
  nextProbe(nowMs: number): Probe | undefined {
    // A still screen sends next to nothing, and stays that cheap.
    if ((this.#media.bps ?? 0) < PROBING_FROM_BPS) return undefined;
    return this.#probing.next(nowMs, this.#targetBps, this.#options.maxBps);
  }

  /** Called now and then while packets are in flight: acts when feedback stays away. */
  onTick(nowMs: number, inFlightBytes: number): number {
    if (this.#heardAtMs === undefined || inFlightBytes === 0) return this.#targetBps;
    if (nowMs - this.#heardAtMs < SILENCE_MS) return this.#targetBps;
    this.#heardAtMs = nowMs;
    const halved = this.#set(this.#targetBps / 2);
    this.#aimd.jumpTo(halved);
    return halved;
  }

  #learn(bps: number, limited: boolean, nowMs: number): void {
    // A train tells how much more the path can carry, as long as its queue did not just grow. That
    // it carries less is told by the queue: one train delayed by others is no reason to go down.
    if (limited && bps < this.#aimd.targetBps * 1.2) this.#probing.answered(true);
    const quiet = nowMs - this.#overusedAtMs > AFTER_OVERUSE_MS && this.#trend.use !== 'overuse';
    if (!quiet || bps <= this.#aimd.targetBps) return;
    this.#probing.answered(limited);
    const provenBps = limited ? bps * 0.85 : bps;
    this.#aimd.jumpTo(provenBps);
    this.#loss.provenAt(provenBps);
  }

  #set(bps: number): number {
    this.#targetBps = Math.min(this.#options.maxBps, Math.max(this.#options.minBps, bps));
    return this.#targetBps;
  }
}
