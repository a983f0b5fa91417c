import { describe, expect, it } from 'vitest';
import {
  CONSENT_RULES,
  ENDPOINT_STATES,
  type ConsentPolicy,
  type ConsentRule,
  type EndpointState,
} from '@guruconnect/contract/consent-policy';
import { SessionMode } from '@guruconnect/contract/session';
import { consentRule, timeoutRule, type UnattendedPolicy } from './consent-policy.ts';

const RULES = Object.keys(CONSENT_RULES) as ConsentRule[];
const STATES = Object.keys(ENDPOINT_STATES) as EndpointState[];
const MINIMA: readonly UnattendedPolicy[] = ['allow', 'ask', 'deny'];

/** Every row: what is wanted for the state × what the machine demands, of both modes. */
const TABLE: Record<SessionMode, Record<ConsentRule | 'nothing', readonly ConsentRule[]>> = {
  // machine:   allow        ask     deny
  attended: {
    nothing: ['ask', 'ask', 'ask'],
    allow: ['allow', 'ask', 'deny'],
    ask: ['ask', 'ask', 'ask'],
    view_only: ['view_only', 'ask', 'deny'],
    deny: ['deny', 'deny', 'deny'],
  },
  unattended: {
    nothing: ['allow', 'ask', 'deny'],
    allow: ['allow', 'ask', 'deny'],
    ask: ['ask', 'ask', 'deny'],
    view_only: ['view_only', 'ask', 'deny'],
    deny: ['deny', 'deny', 'deny'],
  },
};

const rows = SessionMode.options.flatMap((mode) =>
  STATES.flatMap((state) =>
    ([...RULES, 'nothing'] as const).flatMap((wanted) =>
      MINIMA.map((minimum, column) => ({ mode, state, wanted, minimum, column })),
    ),
  ),
);
/** Loosest first. */
const STRICTNESS: readonly ConsentRule[] = ['allow', 'view_only', 'ask', 'deny'];

describe('who decides about a session', () => {
  it.each(rows)(
    '$mode, $state: $wanted is wanted, the machine says $minimum',
    ({ mode, state, wanted, minimum, column }) => {
      const policy: ConsentPolicy = { on_timeout: 'deny' };
      // The other states say something else, and it does not count.
      for (const other of STATES) policy[`when_${other}`] = wanted === 'deny' ? 'allow' : 'deny';
      if (wanted === 'nothing') delete policy[`when_${state}`];
      else policy[`when_${state}`] = wanted;
      const rule = consentRule(mode, policy, state, minimum);
      expect(rule).toBe(TABLE[mode][wanted][column]);
      // Never looser than without the machine's own policy.
      const alone = consentRule(mode, policy, state, 'allow');
      expect(STRICTNESS.indexOf(rule)).toBeGreaterThanOrEqual(STRICTNESS.indexOf(alone));
    },
  );

  it('silence is what the policy says only on a machine that lets everybody in', () => {
    for (const on_timeout of ['deny', 'view_only', 'allow'] as const) {
      expect(timeoutRule({ on_timeout }, 'allow')).toBe(on_timeout);
      expect(timeoutRule({ on_timeout }, 'ask')).toBe('deny');
      expect(timeoutRule({ on_timeout }, 'deny')).toBe('deny');
    }
    expect(timeoutRule(undefined, 'allow')).toBe('deny');
  });
});
