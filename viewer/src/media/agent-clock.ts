// Where the agent's moments lie on this page's clock: probes go out, clock facts come back, and the
// quickest of the last exchanges is believed (RFC 5905, section 10: what delays an answer also falsifies
// it, so the shortest round trip has the least error). Pure; milliseconds of the page's clock.

/** Of the last exchanges: ten seconds' worth, so that two clocks cannot drift apart by much. */
const MAX_SAMPLES = 20;
/** Questions that may be open; older ones were lost. */
const MAX_OPEN = 8;
const RTP_TICKS_PER_MS = 90;
const RTP_WRAP = 2 ** 32;

type Sample = { readonly offsetMs: number; readonly roundTripMs: number };

export class AgentClock {
  readonly #askedAtMs = new Map<number, number>();
  #samples: Sample[] = [];
  #unanswered = 0;

  /** Questions since the last answer: an agent that knows no probes never gives one. */
  get unanswered(): number {
    return this.#unanswered;
  }

  /** Of the quickest exchange; the error of everything told here is at most half of it. */
  get roundTripMs(): number | undefined {
    return this.#best?.roundTripMs;
  }

  asked(seq: number, nowMs: number): void {
    this.#unanswered += 1;
    this.#askedAtMs.set(seq, nowMs);
    if (this.#askedAtMs.size <= MAX_OPEN) return;
    for (const oldest of this.#askedAtMs.keys()) {
      this.#askedAtMs.delete(oldest);
      break;
    }
  }

  answered(seq: number, agentTimeUs: number, nowMs: number): void {
    const askedAtMs = this.#askedAtMs.get(seq);
    if (askedAtMs === undefined) return;
    this.#askedAtMs.delete(seq);
    this.#unanswered = 0;
    const offsetMs = agentTimeUs / 1000 - (askedAtMs + nowMs) / 2;
    this.#samples = [...this.#samples, { offsetMs, roundTripMs: nowMs - askedAtMs }].slice(
      -MAX_SAMPLES,
    );
  }

  /**
   * When the picture of this RTP timestamp was taken: the agent makes it of its own clock (90 kHz, RFC
   * 6184 section 8.2.1). Undefined before the first answer. @param nowMs any moment within 6 hours of it.
   */
  capturedAtMs(rtpTimestamp: number, nowMs: number): number | undefined {
    const best = this.#best;
    if (!best) return undefined;
    const nowTicks = (nowMs + best.offsetMs) * RTP_TICKS_PER_MS;
    const ageTicks = modulo(nowTicks - rtpTimestamp + RTP_WRAP / 2, RTP_WRAP) - RTP_WRAP / 2;
    return nowMs - ageTicks / RTP_TICKS_PER_MS;
  }

  /** Another agent, or the same after a restart: its clock has nothing to do with the one before. */
  reset(): void {
    this.#askedAtMs.clear();
    this.#samples = [];
    this.#unanswered = 0;
  }

  get #best(): Sample | undefined {
    return this.#samples.reduce<Sample | undefined>(
      (best, sample) => (best && best.roundTripMs <= sample.roundTripMs ? best : sample),
      undefined,
    );
  }
}

const modulo = (value: number, by: number): number => ((value % by) + by) % by;
