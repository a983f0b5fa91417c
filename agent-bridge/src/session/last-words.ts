// What signaling has to hear although it may be away: an answer of consent, an end. Kept in order and
// said again after each reconnect until it is acknowledged or refused. Owned by Agent.
import type { RequestInput } from '@guruconnect/contract/base/conversation';
import { GcError } from '@guruconnect/contract/errors';
import type { AGENT_TO_SIGNALING } from '@guruconnect/contract/signal/agent-messages';
import type { Logger } from '../logger.ts';
import type { LastWord, Signaling } from './signaling.ts';

type Word = {
  readonly [N in LastWord]: {
    readonly name: N;
    readonly request: RequestInput<typeof AGENT_TO_SIGNALING, N>;
  };
}[LastWord];

/** One or two for each session; more are those of sessions that ended long ago. */
const MAX_WORDS = 64;

export class LastWords {
  readonly #ask: Signaling['ask'];
  readonly #logger: Logger;
  readonly #words: Word[] = [];
  #saying: Promise<void> | undefined;

  constructor(ask: Signaling['ask'], logger: Logger) {
    this.#ask = ask;
    this.#logger = logger;
  }

  get pending(): number {
    return this.#words.length;
  }

  add(word: Word): void {
    this.#words.push(word);
    if (this.#words.length > MAX_WORDS) this.#words.shift();
    this.say();
  }

  /** Signaling is there (again). */
  say(): void {
    this.#saying ??= this.#sayAll().finally(() => {
      this.#saying = undefined;
    });
  }

  async #sayAll(): Promise<void> {
    for (let word = this.#words[0]; word; word = this.#words[0]) {
      try {
        await this.#ask(word.name, word.request);
      } catch (thrown) {
        const err = GcError.from(thrown);
        // Not heard: it waits for the next connection. Refused: saying it again would not help.
        if (err.code === 'timeout' || err.retryable) return;
        this.#logger.warn({ err, name: word.name }, 'signaling did not take it');
      }
      if (this.#words[0] === word) this.#words.shift();
    }
  }
}
