// What a session at the agent may do next. Pure: a table and the questions that are answered by it.
// AgentSession goes through it and nothing else changes its state.
import type { TransitionTable } from '@guruconnect/contract/base/transitions';
import type { ErrorCode } from '@guruconnect/contract/errors';
import type { EndReason } from '@guruconnect/contract/session';
import type { ConsentAnswer } from '@guruconnect/contract/tokens';

export const AGENT_SESSION_STATES = {
  asking: 'The policy or the person at the screen decides',
  allowed: 'Yes was said; signaling has not sent transports yet',
  connecting: 'Transports are made and monitors published',
  live: 'Monitors can be watched',
  interrupted: 'The media node is lost; waiting for transports to another one, consent kept',
  ended: 'Over; nothing of it is left',
} as const;
export type AgentSessionState = keyof typeof AGENT_SESSION_STATES;

export const AGENT_SESSION_TRANSITIONS: TransitionTable<AgentSessionState> = {
  asking: ['allowed', 'ended'],
  allowed: ['connecting', 'ended'],
  connecting: ['live', 'interrupted', 'connecting', 'ended'],
  live: ['connecting', 'interrupted', 'ended'],
  interrupted: ['connecting', 'ended'],
  ended: [],
};

/** Only then may anything be shown or typed. */
export const isConsented = (state: AgentSessionState): boolean =>
  state !== 'asking' && state !== 'ended';

/**
 * May transports of this placement be used?
 * @param held the newest epoch that was opened here, 0 for none.
 * @returns the refusal, or undefined. The same epoch again means new transports in it.
 */
export function mediaRefusal(
  state: AgentSessionState,
  held: number,
  offered: number,
): ErrorCode | undefined {
  if (state === 'ended') return 'session_ended';
  if (state === 'asking') return 'consent_required';
  return offered < held ? 'stale_epoch' : undefined;
}

/** How a session ends that was not allowed; undefined for the answers that allow it. */
export const REFUSALS: Readonly<Record<ConsentAnswer, EndReason | undefined>> = {
  not_required: undefined,
  granted: undefined,
  denied: 'consent_denied',
  timed_out: 'consent_timed_out',
  unavailable: 'consent_unavailable',
  refused: 'refused_by_agent',
};
