// Who decides about a session, by what is going on at the endpoint when it is offered. The integrator
// states it with the session; the agent applies it, together with the machine's own minimum policy,
// which always wins.
import { z } from 'zod';

export const ENDPOINT_STATES = {
  active: 'Somebody is working at the machine, or it cannot be told that nobody is',
  idle: 'Somebody is logged in, and nobody has touched the machine for a while',
  locked: 'The screen is locked, or a secure desktop is in front',
  nobody: 'Nobody is logged in',
} as const;
export type EndpointState = keyof typeof ENDPOINT_STATES;

export const CONSENT_RULES = {
  allow: 'Nobody is asked',
  ask: 'The end user is asked, and no answer is what `on_timeout` says',
  view_only: 'Nobody is asked, and the session may only watch',
  deny: 'The session is refused',
} as const;
export type ConsentRule = keyof typeof CONSENT_RULES;
export const ConsentRule = z.enum(Object.keys(CONSENT_RULES) as [ConsentRule, ...ConsentRule[]]);

export const ConsentPolicy = z.strictObject({
  when_active: ConsentRule.optional().describe('Somebody is working at the machine.'),
  when_idle: ConsentRule.optional().describe('Nobody has touched the machine for five minutes.'),
  when_locked: ConsentRule.optional().describe('The screen is locked.'),
  when_nobody: ConsentRule.optional().describe('Nobody is logged in.'),
  on_timeout: z
    .enum(['deny', 'view_only', 'allow'])
    .default('deny')
    .describe('What it means that nobody answered in time.'),
});
export type ConsentPolicy = z.output<typeof ConsentPolicy>;

/** May somebody be let in under this policy without the word of a person? */
export const mayWaive = (policy: ConsentPolicy): boolean =>
  Object.values(policy).some((rule) => rule === 'allow' || rule === 'view_only');

/** May somebody be asked under this policy? */
export const mayAsk = (policy: ConsentPolicy): boolean =>
  Object.values(policy).some((rule) => rule === 'ask');
