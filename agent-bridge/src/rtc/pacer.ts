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
/** More lost packets than this at once: a key frame mends it better. */
const MAX_REPAIRS = 512;

export interface Paced {
  readonly bytes: number;
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
    if (this.#closed || this.#repairs.length >= MAX_REPAIRS) return;
    this.#repairs.push(item);
    this.#flush();
  }

  /** Forgets waiting packets, repairs too. @returns how many packets of media it were. */
  drop(matches: (item: Item) => boolean): number {
    const before = this.#media.length;
    this.#media = this.#media.filter((item) => !matches(item));
    this.#repairs = this.#repairs.filter((item) => !matches(item));
    this.#mediaBytes = this.#media.reduce((bytes, item) => bytes + item.bytes, 0);
    return before - this.#media.length;
  }

  /** Idempotent; what waits is forgotten. */
  close(): void {
    this.#closed = true;
    this.#cancelWake?.();
    this.drop(() => true);
  }

  #flush(): void {
    if (this.#cancelWake) return;
    this.#refill();
    while (this.#creditBytes > 0) {
      const item = this.#repairs.shift() ?? this.#nextMedia();
      if (!item) return;
      this.#creditBytes -= item.bytes;
      this.#send(item);
    }
    if (this.#repairs.length + this.#media.length === 0) return;
    const untilCreditMs = Math.max(1, Math.ceil(-this.#creditBytes / this.#bytesPerMs));
    this.#cancelWake = this.#clock.after(untilCreditMs, () => {
      this.#cancelWake = undefined;
      this.#flush();
    });
  }

  #nextMedia(): Item | undefined {
    const item = this.#media.shift();
    if (item) this.#mediaBytes -= item.bytes;
    return item;
  }

  #refill(): void {
    const nowMs = this.#clock.nowMs();
    const earned = (nowMs - this.#creditAtMs) * this.#bytesPerMs;
    this.#creditAtMs = nowMs;
    this.#creditBytes = Math.min(this.#bytesPerMs * WINDOW_MS, this.#creditBytes + earned);
  }
}
