// A consent prompt that answers as a test says, with the real queue, time limits and aborts.
import type { ConsentAnswer, ConsentPrompt, ConsentQuestion } from './prompt.ts';
import { PromptQueue, type ShownAnswer } from './prompt-queue.ts';

/** An answer at once, silence, or a display that cannot show anything. */
export type ScriptedAnswer = ShownAnswer | 'silence' | 'no_display';

export class ScriptedConsentPrompt implements ConsentPrompt {
  /** Every question that came onto the screen, in order. */
  readonly shown: ConsentQuestion[] = [];
  readonly #queue: PromptQueue;
  #next: ScriptedAnswer;
  #answerNow: ((answer: ShownAnswer) => void) | undefined;

  /** @param answer how every question is answered until `willAnswer` says otherwise. */
  constructor(answer: ScriptedAnswer = 'silence') {
    this.#next = answer;
    this.#queue = new PromptQueue((question, _deadlineMs, hide) => this.#show(question, hide));
  }

  willAnswer(answer: ScriptedAnswer): void {
    this.#next = answer;
  }

  /** Answers the question now on the screen (after `silence`). */
  answer(answer: ShownAnswer): void {
    if (!this.#answerNow) throw new Error('no question is on the screen');
    this.#answerNow(answer);
  }

  get isShowing(): boolean {
    return this.#answerNow !== undefined;
  }

  ask(question: ConsentQuestion): Promise<ConsentAnswer> {
    return this.#queue.ask(question);
  }

  close(): void {
    this.#queue.close();
  }

  #show(question: ConsentQuestion, hide: AbortSignal): Promise<ShownAnswer> {
    const next = this.#next;
    if (next === 'no_display') return Promise.reject(new Error('no display'));
    this.shown.push(question);
    if (next !== 'silence') return Promise.resolve(next);
    return new Promise((resolve) => {
      const done = (answer: ShownAnswer): void => {
        this.#answerNow = undefined;
        resolve(answer);
      };
      this.#answerNow = done;
      hide.addEventListener('abort', () => done('dismissed'), { once: true });
    });
  }
}
