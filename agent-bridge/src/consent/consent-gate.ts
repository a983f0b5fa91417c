// May this session happen at all? This machine's own minimum policy first, then, where it says so,
// the person at the screen. Fails closed: whatever goes wrong on the way to a yes is a no. Owned by
// Agent; asked once for each session, by AgentSession, before anything of it is built.
import type { Grant } from '@guruconnect/contract/grants';
import type { SessionMode } from '@guruconnect/contract/session';
import type { ConsentAnswer } from '@guruconnect/contract/tokens';
import type { Clock } from '../clock.ts';
import type { ConsentAnswerKind, ConsentPrompt } from './prompt.ts';

/** What the agent's environment allows without asking (GC_UNATTENDED). */
export type UnattendedPolicy = 'allow' | 'ask' | 'deny';

/** Pure. Nobody's request can weaken the policy, and no policy can weaken an attended session. */
export function consentRule(
  mode: SessionMode,
  unattended: UnattendedPolicy,
): 'allow' | 'ask' | 'refuse' {
  if (mode === 'attended') return 'ask';
  return unattended === 'deny' ? 'refuse' : unattended;
}

/** What a person's answer means for the session; undefined: the question was taken back. */
const ANSWERS: Readonly<Record<ConsentAnswerKind, ConsentAnswer | undefined>> = {
  granted: 'granted',
  denied: 'denied',
  dismissed: 'denied',
  timed_out: 'timed_out',
  unavailable: 'unavailable',
  aborted: undefined,
};

export interface ConsentRequest {
  readonly mode: SessionMode;
  readonly technician: { readonly name: string; readonly organization?: string | undefined };
  readonly reason?: string | undefined;
  readonly grants: readonly Grant[];
  readonly timeoutMs: number;
  /** Aborted when nobody needs the answer any more. */
  readonly signal: AbortSignal;
}

/** A prompt keeps its own time; this is for one that does not. */
const OVERTIME_MS = 2000;

export interface ConsentGateOptions {
  readonly prompt: ConsentPrompt;
  readonly unattended: UnattendedPolicy;
  readonly clock: Clock;
  /** A question is about to be put: whatever technicians hold down has to go up first. */
  readonly onAsking: () => void;
}

export class ConsentGate {
  readonly #options: ConsentGateOptions;
  #open = 0;

  constructor(options: ConsentGateOptions) {
    this.#options = options;
  }

  /**
   * Is a question open, of whichever session? Remote input waits for its answer, in every session:
   * who is not at this machine can neither answer it nor move the person's pointer meanwhile.
   */
  get asking(): boolean {
    return this.#open > 0;
  }

  /** Never rejects. @returns undefined when the request was aborted before there was an answer. */
  async decide(request: ConsentRequest): Promise<ConsentAnswer | undefined> {
    const rule = consentRule(request.mode, this.#options.unattended);
    if (rule === 'allow') return 'not_required';
    if (rule === 'refuse') return 'refused';
    return await this.#ask(request);
  }

  async #ask({ signal, ...question }: ConsentRequest): Promise<ConsentAnswer | undefined> {
    const { prompt, clock, onAsking } = this.#options;
    this.#open += 1;
    onAsking();
    const overtime = new AbortController();
    const late = Promise.withResolvers<'timed_out'>();
    const cancel = clock.after(question.timeoutMs + OVERTIME_MS, () => {
      late.resolve('timed_out');
      overtime.abort();
    });
    try {
      const answered = prompt
        .ask({ ...question, signal: AbortSignal.any([signal, overtime.signal]) })
        .then(({ answer }) => ANSWERS[answer]);
      const answer = await Promise.race([answered, late.promise]);
      return signal.aborted ? undefined : answer;
    } catch {
      // A prompt that breaks its promise never to reject: nobody was asked.
      return signal.aborted ? undefined : 'unavailable';
    } finally {
      this.#open -= 1;
      cancel();
    }
  }
}
