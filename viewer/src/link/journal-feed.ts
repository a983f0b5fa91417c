// The journal as onlookers must hear it: in order, each event once, without a gap. Events come with
// hellos (what was missed) and one by one (what happens); pure.
import type { JournalEvent } from '@guruconnect/contract/journal';

/** Events that may wait for the ones before them; beyond it the oldest gap is given up. */
const MAX_WAITING = 500;

export class JournalFeed {
  readonly #waiting = new Map<number, JournalEvent>();
  #lastSeq = 0;

  /** Seq of the last event that was told. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** Are events missing before what is known to exist? Then a hello from `lastSeq` brings them. */
  isBehind(knownSeq: number): boolean {
    return this.#waiting.size > 0 || knownSeq > this.#lastSeq;
  }

  /** @returns what may be told now, in order. */
  take(events: readonly JournalEvent[]): JournalEvent[] {
    for (const event of events) if (event.seq > this.#lastSeq) this.#waiting.set(event.seq, event);
    if (this.#waiting.size > MAX_WAITING) this.#skipGap();
    const ready: JournalEvent[] = [];
    for (;;) {
      const next = this.#waiting.get(this.#lastSeq + 1);
      if (!next) return ready;
      this.#waiting.delete(next.seq);
      this.#lastSeq = next.seq;
      ready.push(next);
    }
  }

  /** What the server no longer has will never come: go on with the oldest that is here. */
  skipGap(): JournalEvent[] {
    this.#skipGap();
    return this.take([]);
  }

  #skipGap(): void {
    if (this.#waiting.size > 0) this.#lastSeq = Math.min(...this.#waiting.keys()) - 1;
  }
}
