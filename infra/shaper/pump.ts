// Lets what is due out of links, in real time: one timer for all of them, as precise as Node's
// (about a millisecond). Owned by whoever brings packets (UdpShaper, TcpShaper).
import type { Link } from './link.ts';

/** Calling it delivers the packet. */
export type Delivery = () => void;

/** A timer that is due so soon is as good as the one wished for. */
const GOOD_ENOUGH_MS = 0.3;

export class Pump {
  readonly #links: Iterable<Link<Delivery>>;
  #timer: NodeJS.Timeout | undefined;
  #armedForMs = Infinity;

  constructor(links: Iterable<Link<Delivery>>) {
    this.#links = links;
  }

  /** After something was pushed or changed. */
  arm(): void {
    let nextMs = Infinity;
    for (const link of this.#links) nextMs = Math.min(nextMs, link.nextAtMs);
    if (nextMs >= this.#armedForMs - GOOD_ENOUGH_MS) return;
    clearTimeout(this.#timer);
    this.#armedForMs = nextMs;
    // Node rounds down to whole milliseconds and waits one at least.
    this.#timer = setTimeout(() => this.#deliver(), Math.max(0, nextMs - performance.now()));
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#armedForMs = -Infinity;
  }

  #deliver(): void {
    this.#armedForMs = Infinity;
    for (const { up, down } of this.#links)
      for (const line of [up, down]) {
        const nowMs = performance.now();
        for (let due = line.take(nowMs); due; due = line.take(nowMs)) due();
      }
    this.arm();
  }
}
