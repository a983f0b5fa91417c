// One direction of a network path: a rate with a drop-tail queue before it, then loss, then delay
// with jitter. Pure: time and packets go in, due packets come out. UdpShaper turns it into real time.

export interface LineSettings {
  /** Bits a second; Infinity: nothing waits. */
  readonly bps: number;
  /** Of each packet after it has left the queue. */
  readonly delayMs: number;
  /** Up to so much more or less than `delayMs`, uniformly, for each packet. */
  readonly jitterMs: number;
  /** Packets may overtake each other by jitter; else one that is late holds up those behind it. */
  readonly reorder: boolean;
  /** Share of packets lost in the long run, 0 to 1. They have used their time on the line. */
  readonly loss: number;
  /** Packets lost in a row, on average (Gilbert's model); 1: each loss is independent of the last. */
  readonly lossBurst: number;
  /** The queue holds what the line carries in so long; what comes then is dropped. */
  readonly queueMs: number;
  /** The queue holds no more bytes than this, whatever the rate: how real buffers are sized. */
  readonly queueBytes: number;
  /** Nothing gets through. What is under way already arrives. */
  readonly outage: boolean;
}

export const CLEAR_LINE: LineSettings = {
  bps: Infinity,
  delayMs: 0,
  jitterMs: 0,
  reorder: false,
  loss: 0,
  lossBurst: 1,
  queueMs: 300,
  queueBytes: Infinity,
  outage: false,
};

/** A queue shorter than this could hold no packet at a low rate. */
const SMALLEST_QUEUE_BYTES = 3000;
/** What is done within this is done: rounding must not leave a sliver of a bit that no time can end. */
const ROUNDING_MS = 1e-6;

interface Waiting<Item> {
  readonly item: Item;
  readonly bytes: number;
  leftBits: number;
  readonly sinceMs: number;
}
interface Flying<Item> {
  readonly item: Item;
  readonly atMs: number;
}

export interface LineCounters {
  carried: number;
  carriedBytes: number;
  /** By loss and outage. */
  lost: number;
  /** By the queue being full. */
  overflowed: number;
}

export class Line<Item> {
  readonly counters: LineCounters = { carried: 0, carriedBytes: 0, lost: 0, overflowed: 0 };
  readonly #random: () => number;
  #settings: LineSettings;
  #queue: Waiting<Item>[] = [];
  #queuedBytes = 0;
  /** Up to here the line's time is spent. */
  #workedUntilMs = 0;
  /** In order of arrival. */
  readonly #flying: Flying<Item>[] = [];
  #lastArrivalMs = -Infinity;
  #losing = false;

  /** @param random 0 to 1, as Math.random; a seeded one makes a run repeatable. */
  constructor(settings: Partial<LineSettings>, random: () => number) {
    this.#settings = { ...CLEAR_LINE, ...settings };
    this.#random = random;
  }

  get settings(): LineSettings {
    return this.#settings;
  }

  /** Takes effect at once, for what waits too. */
  change(nowMs: number, settings: Partial<LineSettings>): void {
    this.#work(nowMs);
    this.#settings = { ...this.#settings, ...settings };
  }

  push(nowMs: number, bytes: number, item: Item): void {
    this.#work(nowMs);
    const { bps, queueMs, queueBytes, outage } = this.#settings;
    if (outage) {
      this.counters.lost += 1;
      return;
    }
    if (bps === Infinity) return this.#depart(nowMs, { item, bytes });
    const room = Math.max(SMALLEST_QUEUE_BYTES, Math.min(queueBytes, (bps * queueMs) / 8000));
    if (this.#queuedBytes + bytes > room) {
      this.counters.overflowed += 1;
      return;
    }
    this.#queue.push({ item, bytes, leftBits: bytes * 8, sinceMs: nowMs });
    this.#queuedBytes += bytes;
  }

  /** What has arrived by now, one at a time, in order of arrival. */
  take(nowMs: number): Item | undefined {
    this.#work(nowMs);
    const first = this.#flying[0];
    if (!first || first.atMs > nowMs) return undefined;
    this.#flying.shift();
    return first.item;
  }

  /** When `take` will give something next, as things are now; Infinity for never. */
  get nextAtMs(): number {
    const head = this.#queue[0];
    const { bps, delayMs, jitterMs } = this.#settings;
    // The head of the queue has no arrival time yet: this is the earliest it could have.
    const departs = head
      ? Math.max(head.sinceMs, this.#workedUntilMs) + (head.leftBits * 1000) / bps
      : Infinity;
    const flightMs = Math.max(0, delayMs - jitterMs);
    return Math.min(this.#flying[0]?.atMs ?? Infinity, departs + flightMs);
  }

  /** How long a packet that came now would wait, milliseconds; Infinity in front of a rate of 0. */
  queueMs(nowMs: number): number {
    this.#work(nowMs);
    const bits = this.#queue.reduce((sum, { leftBits }) => sum + leftBits, 0);
    return bits === 0 ? 0 : (bits * 1000) / this.#settings.bps;
  }

  /** Sends on what the rate has let through since the last look. */
  #work(nowMs: number): void {
    const bitsPerMs = this.#settings.bps / 1000;
    for (let head = this.#queue[0]; head; head = this.#queue[0]) {
      const startMs = Math.max(head.sinceMs, this.#workedUntilMs);
      if (startMs >= nowMs) return;
      const doneMs = startMs + head.leftBits / bitsPerMs;
      if (doneMs > nowMs + ROUNDING_MS) {
        head.leftBits -= (nowMs - startMs) * bitsPerMs;
        break;
      }
      this.#queue.shift();
      this.#queuedBytes -= head.bytes;
      this.#workedUntilMs = doneMs;
      this.#depart(doneMs, head);
    }
    this.#workedUntilMs = Math.max(this.#workedUntilMs, nowMs);
  }

  #depart(atMs: number, { item, bytes }: { item: Item; bytes: number }): void {
    if (this.#settings.outage || this.#isLost()) {
      this.counters.lost += 1;
      return;
    }
    this.counters.carried += 1;
    this.counters.carriedBytes += bytes;
    const { delayMs, jitterMs, reorder } = this.#settings;
    const flightMs = Math.max(0, delayMs + (2 * this.#random() - 1) * jitterMs);
    // Also after the delay was lowered a packet does not overtake those before it.
    const arrivalMs = reorder ? atMs + flightMs : Math.max(this.#lastArrivalMs, atMs + flightMs);
    this.#lastArrivalMs = arrivalMs;
    let place = this.#flying.length;
    while (place > 0 && (this.#flying[place - 1]?.atMs ?? 0) > arrivalMs) place -= 1;
    this.#flying.splice(place, 0, { item, atMs: arrivalMs });
  }

  /** Gilbert's model: good packets until a burst begins, lost ones until it ends. */
  #isLost(): boolean {
    const { loss, lossBurst } = this.#settings;
    if (loss <= 0) return false;
    if (loss >= 1) return true;
    const ends = 1 / Math.max(1, lossBurst);
    const begins = (ends * loss) / (1 - loss);
    // A burst of one packet on average must be able to follow another, or losses were never adjacent.
    if (lossBurst <= 1) return this.#random() < loss;
    this.#losing = this.#random() < (this.#losing ? 1 - ends : begins);
    return this.#losing;
  }
}
