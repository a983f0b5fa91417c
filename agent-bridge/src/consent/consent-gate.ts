// May this session happen at all? This machine's own minimum policy first, then, where it says so,
// the person at the screen. Fails closed: whatever goes wrong on the way to a yes is a no. Owned by
// Agent; asked once for each session, by AgentSession, before anything of it is built.
import type { ConsentPolicy } from '@guruconnect/contract/consent-policy';
import type { Grant } from '@guruconnect/contract/grants';
import type { SessionMode } from '@guruconnect/contract/session';
import type { ConsentAnswer } from '@guruconnect/contract/tokens';
import type { Clock } from '../clock.ts';
import { consentRule, timeoutRule, type UnattendedPolicy } from './consent-policy.ts';
import type { EndpointWatch } from './endpoint-state.ts';
import type { ConsentAnswerKind, ConsentPrompt } from './prompt.ts';

export interface ConsentDecision {
  readonly answer: ConsentAnswer;
  /** What of the grants that were asked for counts when it is a yes. */
  readonly grants: readonly Grant[];
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
  /** The integrator's word on who decides in which state of this machine. */
  readonly policy?: ConsentPolicy | undefined;
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
  readonly endpoint: EndpointWatch;
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
  async decide(request: ConsentRequest): Promise<ConsentDecision | undefined> {
    const { unattended, endpoint } = this.#options;
    const { mode, policy, grants } = request;
    const state = endpoint.state();
    const rule = consentRule(mode, policy, state, unattended);
    if (rule !== 'ask') return decided(rule, grants);
    // A question that nobody is there to read is not put.
    if (state === 'nobody') return { answer: 'unavailable', grants };
    const answer = await this.#ask(request);
    const silence = timeoutRule(policy, unattended);
    if (answer === 'timed_out' && silence !== 'deny') return decided(silence, grants);
    return answer && { answer, grants };
  }

  async #ask({
    signal,
    mode: _mode,
    policy: _policy,
    ...question
  }: ConsentRequest): Promise<ConsentAnswer | undefined> {
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

/** Without a person's word. */
const decided = (
  rule: 'allow' | 'view_only' | 'deny',
  grants: readonly Grant[],
): ConsentDecision => ({
  answer: rule === 'deny' ? 'refused' : 'not_required',
  grants: rule === 'view_only' ? grants.filter((grant) => grant === 'view') : grants,
});
