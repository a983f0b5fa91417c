// Asking the person at the endpoint. Behind it: a window on X11, a window on Windows, a script for
// tests. Policy (whether to ask, what no answer means, what is signed and journaled) is decided
// elsewhere; here a person is asked and their answer told.
//
// Protocol of use
// - One prompt per desktop, opened by the platform's `open…ConsentPrompt`, used on the main thread.
// - `ask` may be called while others are open: questions are shown one at a time in the order asked,
//   each with its own time limit running from the call.
// - It always resolves and never rejects, exactly once. Only `granted` is a yes; everything else is a
//   no with a reason. Aborting the signal takes the question off the screen at once.
// - A yes is deliberate: the question has been fully visible and unchanged for ARMING_MS, and it came
//   from a device a person can touch. Injected input answers nothing.
// - `close` resolves what is open as `aborted`; afterwards `ask` answers `unavailable`. Idempotent.
import type { Grant } from '@guruconnect/contract/grants';

export interface ConsentQuestion {
  readonly technician: { readonly name: string; readonly organization?: string | undefined };
  readonly reason?: string | undefined;
  readonly grants: readonly Grant[];
  /** From now until no answer counts as `timed_out`, ms. */
  readonly timeoutMs: number;
  /** Aborted when the question is moot: the session ended, the link was lost. */
  readonly signal?: AbortSignal | undefined;
}

export type ConsentAnswerKind =
  /** Allow was chosen. */
  | 'granted'
  /** Deny was chosen, by mouse or keyboard. */
  | 'denied'
  /** The window was closed. */
  | 'dismissed'
  | 'timed_out'
  | 'aborted'
  /** Nobody could be asked: no display, too many questions, or the prompt is closed. */
  | 'unavailable';

export interface ConsentAnswer {
  readonly answer: ConsentAnswerKind;
  /** For how long the question was on the screen, ms; 0 when it never was. */
  readonly shownForMs: number;
  /** For the log when `unavailable`; never shown to the technician. */
  readonly detail?: string;
}

export interface ConsentPrompt {
  ask(question: ConsentQuestion): Promise<ConsentAnswer>;
  close(): void;
}

/** A click or key counts only after the question has stood still for this long, ms. */
export const ARMING_MS = 500;

/** Questions waiting behind the one shown; more would be a flood, not support. */
export const MAX_WAITING_QUESTIONS = 8;
