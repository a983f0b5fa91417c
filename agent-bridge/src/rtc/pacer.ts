// Spreads packets over time: a key frame that leaves in one burst overflows the first small buffer
// on its way, and the repairs cost more than the wait. One for each transport, shared by its streams
// (owned by RtcPeer). A small frame on a quiet line leaves within the call that brings it.
//
// A token bucket: the line may be used at `rateBps`, WINDOW_MS of it ahead of time. A packet is sent
// while there is any credit and may overdraw it, so that no packet size needs special care.
import type { Clock } from '../clock.ts';

/** libwebrtc's burst: long enough for Node's timers of about a millisecond. */
export const WINDOW_MS = 5;
/** libwebrtc's factor: a frame may run ahead of the average rate, or it would be late itself. */
export const PACE_FACTOR = 2.5;

export interface Paced {
  readonly bytes: number;
}

/** A stretch of sending at a rate of its own: what waits leaves in it, padding fills it up. */
export interface Train<Item extends Paced> {
  readonly bps: number;
  readonly bytes: number;
  /** @returns undefined when there is nothing to pad with; that ends the train. */
  readonly pad: () => Item | undefined;
}

export interface PacerOptions<Item extends Paced> {
  readonly clock: Clock;
  /** Of the line, that is PACE_FACTOR times what the encoders may use together; above 0. */
  readonly rateBps: number;
  readonly send: (item: Item) => void;
}

export class Pacer<Item extends Paced> {
  readonly #clock: Clock;
  readonly #send: (item: Item) => void;
  #bytesPerMs: number;
  #creditBytes: number;
  #creditAtMs: number;
  /** Packets asked for again come first: somebody waits for them already. */
  #repairs: Item[] = [];
  #media: Item[] = [];
  #mediaBytes = 0;
  #repairBytes = 0;
  #train: (Train<Item> & { leftBytes: number }) | undefined;
  #cancelWake: (() => void) | undefined;
  #closed = false;

  constructor({ clock, rateBps, send }: PacerOptions<Item>) {
    this.#clock = clock;
    this.#send = send;
    this.#bytesPerMs = rateBps / 8000;
    this.#creditBytes = this.#bytesPerMs * WINDOW_MS;
    this.#creditAtMs = clock.nowMs();
  }

  /** How long what waits now will take. */
  get backlogMs(): number {
    return this.#mediaBytes / this.#bytesPerMs;
  }

  /** The same for packets that were asked for again. */
  get repairBacklogMs(): number {
    return this.#repairBytes / this.#bytesPerMs;
  }

  setRate(rateBps: number): void {
    this.#refill();
    this.#bytesPerMs = rateBps / 8000;
  }

  pushMedia(item: Item): void {
    if (this.#closed) return;
    this.#media.push(item);
    this.#mediaBytes += item.bytes;
    this.#flush();
  }

  pushRepair(item: Item): void {
    if (this.#closed) return;
    this.#repairs.push(item);
    this.#repairBytes += item.bytes;
    this.#flush();
  }

  /** Begins now; one that runs is given up for it. */
  startTrain(train: Train<Item>): void {
    if (this.#closed) return;
    this.#refill();
    // Its packets leave evenly from the first: a burst at its head would be judged as the path's.
    this.#creditBytes = Math.min(this.#creditBytes, 1);
    this.#train = { ...train, leftBytes: train.bytes };
    this.#cancelWake?.();
    this.#cancelWake = undefined;
    this.#flush();
  }

  /** Forgets waiting packets, repairs too. @returns how many packets of media it were. */
  drop(matches: (item: Item) => boolean): number {
    const before = this.#media.length;
    this.#media = this.#media.filter((item) => !matches(item));
    this.#repairs = this.#repairs.filter((item) => !matches(item));
    this.#mediaBytes = bytesOf(this.#media);
    this.#repairBytes = bytesOf(this.#repairs);
    return before - this.#media.length;
  }

  /** Idempotent; what waits is forgotten. */
  close(): void {
    this.#closed = true;
    this.#cancelWake?.();
    this.#train = undefined;
    this.drop(() => true);
  }

  #flush(): void {
    if (this.#cancelWake) return;
    this.#refill();
    while (this.#creditBytes > 0) {
      const item = this.#nextRepair() ?? this.#nextMedia() ?? this.#padding();
      if (!item) return;
      this.#creditBytes -= item.bytes;
      this.#spendTrain(item.bytes);
      this.#send(item);
    }
    if (this.#repairs.length + this.#media.length === 0 && !this.#train) return;
    const untilCreditMs = Math.max(1, Math.ceil(-this.#creditBytes / this.#rate));
    this.#cancelWake = this.#clock.after(untilCreditMs, () => {
      this.#cancelWake = undefined;
      this.#flush();
    });
  }

  #nextRepair(): Item | undefined {
    const item = this.#repairs.shift();
    if (item) this.#repairBytes -= item.bytes;
    return item;
  }

  #nextMedia(): Item | undefined {
    const item = this.#media.shift();
    if (item) this.#mediaBytes -= item.bytes;
    return item;
  }

  #padding(): Item | undefined {
    const item = this.#train?.pad();
    if (!item) this.#train = undefined;
    return item;
  }

  #spendTrain(bytes: number): void {
    if (!this.#train) return;
    this.#train.leftBytes -= bytes;
    if (this.#train.leftBytes <= 0) this.#train = undefined;
  }

  /** Bytes a millisecond now. A train is no reason to go slower than without it. */
  get #rate(): number {
    return Math.max(this.#bytesPerMs, (this.#train?.bps ?? 0) / 8000);
  }

  #refill(): void {
    const nowMs = this.#clock.nowMs();
    const earned = (nowMs - this.#creditAtMs) * this.#rate;
    this.#creditAtMs = nowMs;
    this.#creditBytes = Math.min(this.#rate * WINDOW_MS, this.#creditBytes + earned);
  }
}

const bytesOf = (items: readonly Paced[]): number =>
  items.reduce((sum, { bytes }) => sum + bytes, 0);
