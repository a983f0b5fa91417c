// Time limits, aborts and turn-taking of consent questions; the platform only shows one question.
import {
  MAX_WAITING_QUESTIONS,
  type ConsentAnswer,
  type ConsentPrompt,
  type ConsentQuestion,
} from './prompt.ts';

/** What a person can do with a question that is shown. */
export type ShownAnswer = 'granted' | 'denied' | 'dismissed';

/**
 * Puts one question on the screen until it is answered or `hide` is aborted. `deadlineMs` (clock of
 * performance.now) is when it will be hidden for want of an answer. Rejects when it cannot be shown
 * or can no longer be seen.
 */
export type ShowQuestion = (
  question: ConsentQuestion,
  deadlineMs: number,
  hide: AbortSignal,
) => Promise<ShownAnswer>;

interface Asked {
  readonly question: ConsentQuestion;
  readonly deadlineMs: number;
  readonly hide: AbortController;
  readonly settle: (answer: ConsentAnswer) => void;
  readonly isSettled: () => boolean;
  shownAtMs: number | undefined;
}

export class PromptQueue implements ConsentPrompt {
  readonly #show: ShowQuestion;
  readonly #waiting: Asked[] = [];
  #shown: Asked | undefined;
  #closed = false;

  constructor(show: ShowQuestion) {
    this.#show = show;
  }

  ask(question: ConsentQuestion): Promise<ConsentAnswer> {
    const refuse = (detail: string): Promise<ConsentAnswer> =>
      Promise.resolve({ answer: 'unavailable', shownForMs: 0, detail });
    if (this.#closed) return refuse('the prompt is closed');
    if (question.signal?.aborted) return Promise.resolve({ answer: 'aborted', shownForMs: 0 });
    if (this.#waiting.length >= MAX_WAITING_QUESTIONS) return refuse('too many questions');
    return new Promise((resolve) => {
      this.#waiting.push(this.#accept(question, resolve));
      this.#showNext();
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const asked of [...this.#waiting, ...(this.#shown ? [this.#shown] : [])])
      this.#end(asked, { answer: 'aborted' });
  }

  #accept(question: ConsentQuestion, resolve: (answer: ConsentAnswer) => void): Asked {
    let settled = false;
    const onAbort = (): void => this.#end(asked, { answer: 'aborted' });
    const timer = setTimeout(() => this.#end(asked, { answer: 'timed_out' }), question.timeoutMs);
    question.signal?.addEventListener('abort', onAbort, { once: true });
    const asked: Asked = {
      question,
      deadlineMs: performance.now() + question.timeoutMs,
      hide: new AbortController(),
      shownAtMs: undefined,
      isSettled: () => settled,
      settle: (answer) => {
        if (settled) return;
        settled = true;
        clearTimeout(timer);
        question.signal?.removeEventListener('abort', onAbort);
        resolve(answer);
      },
    };
    return asked;
  }

  #showNext(): void {
    if (this.#shown || this.#closed) return;
    const asked = this.#waiting.shift();
    if (!asked) return;
    this.#shown = asked;
    asked.shownAtMs = performance.now();
    // A leaf may also throw before its first await: both ways mean nobody was asked.
    void (async () => this.#show(asked.question, asked.deadlineMs, asked.hide.signal))()
      .then((answer) => this.#end(asked, { answer }))
      .catch((error: unknown) => this.#end(asked, { answer: 'unavailable', detail: String(error) }))
      .finally(() => {
        this.#shown = undefined;
        this.#showNext();
      });
  }

  #end(asked: Asked, end: Omit<ConsentAnswer, 'shownForMs'>): void {
    if (asked.isSettled()) return;
    const at = this.#waiting.indexOf(asked);
    if (at >= 0) this.#waiting.splice(at, 1);
    const shownForMs = asked.shownAtMs === undefined ? 0 : performance.now() - asked.shownAtMs;
    asked.settle({ ...end, shownForMs });
    asked.hide.abort();
  }
}
