import { finalStates, mayGo } from '@guruconnect/contract/base/transitions';
import { describe, expect, it } from 'vitest';
import {
  AGENT_SESSION_STATES,
  AGENT_SESSION_TRANSITIONS,
  isConsented,
  mediaRefusal,
  type AgentSessionState,
} from './session-state.ts';

const STATES = Object.keys(AGENT_SESSION_STATES) as AgentSessionState[];

const ALLOWED = new Set([
  'asking>allowed',
  'asking>ended',
  'allowed>connecting',
  'allowed>ended',
  'connecting>live',
  'connecting>interrupted',
  'connecting>connecting',
  'connecting>ended',
  'live>connecting',
  'live>interrupted',
  'live>ended',
  'interrupted>connecting',
  'interrupted>ended',
]);

describe('a session at the agent', () => {
  it.each(STATES.flatMap((from) => STATES.map((to) => [from, to] as const)))(
    'may go from %s to %s only if the table says so',
    (from, to) => {
      expect(mayGo(AGENT_SESSION_TRANSITIONS, from, to)).toBe(ALLOWED.has(`${from}>${to}`));
    },
  );

  it('is over once and for all', () => {
    expect(finalStates(AGENT_SESSION_TRANSITIONS)).toEqual(['ended']);
  });

  it('shows and types nothing before consent and after the end', () => {
    expect(STATES.filter((state) => !isConsented(state))).toEqual(['asking', 'ended']);
  });

  it.each([
    ['asking', 0, 1, 'consent_required'],
    ['allowed', 0, 1, undefined],
    ['live', 2, 1, 'stale_epoch'],
    ['live', 2, 2, undefined],
    ['live', 2, 3, undefined],
    ['interrupted', 2, 1, 'stale_epoch'],
    ['interrupted', 2, 2, undefined],
    ['connecting', 2, 1, 'stale_epoch'],
    ['ended', 2, 3, 'session_ended'],
  ] as const)('%s, holding epoch %i, offered media of %i: %s', (state, held, offered, refusal) => {
    expect(mediaRefusal(state, held, offered)).toBe(refusal);
  });
});
