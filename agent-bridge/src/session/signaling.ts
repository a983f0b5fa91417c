// Signaling as a session sees it: asked when an answer is needed now, told when it only has to hear,
// even if that is after the next reconnect. Implemented over the link by Agent (session/last-words.ts).
import type { Name, ReplyOf, RequestInput } from '@guruconnect/contract/base/conversation';
import type { AGENT_TO_SIGNALING } from '@guruconnect/contract/signal/agent-messages';

type ToSignaling = typeof AGENT_TO_SIGNALING;

/** Words that are worth keeping: they decide about a session, and are true for ever. */
export type LastWord = 'consent.answer' | 'session.end';

export interface Signaling {
  /** @throws GcError with signaling's code; `timeout` at once while it is not connected. */
  ask<N extends Name<ToSignaling>>(
    name: N,
    request: RequestInput<ToSignaling, N>,
  ): Promise<ReplyOf<ToSignaling, N>>;
  /** Said until it is heard, in order. */
  tell<N extends LastWord>(name: N, request: RequestInput<ToSignaling, N>): void;
}
