// Who decides about a session, and what their answer is worth. Pure: the integrator's policy, the
// machine's own minimum and the state of the endpoint go in. ConsentGate acts on what comes out.
import type {
  ConsentPolicy,
  ConsentRule,
  EndpointState,
} from '@guruconnect/contract/consent-policy';
import type { SessionMode } from '@guruconnect/contract/session';

/** What the agent's environment allows without asking (GC_UNATTENDED). */
export type UnattendedPolicy = 'allow' | 'ask' | 'deny';

/** Of an integrator that says nothing about this state. */
const BY_MODE: Readonly<Record<SessionMode, ConsentRule>> = {
  attended: 'ask',
  unattended: 'allow',
};

/**
 * The stricter of what the integrator wants and what this machine demands: nobody's request can
 * weaken the machine's own policy. `deny` there refuses whatever happens without a person's word,
 * and every unattended session.
 */
export function consentRule(
  mode: SessionMode,
  policy: ConsentPolicy | undefined,
  state: EndpointState,
  minimum: UnattendedPolicy,
): ConsentRule {
  const wanted = policy?.[`when_${state}`] ?? BY_MODE[mode];
  if (wanted === 'deny') return 'deny';
  if (minimum === 'deny' && (mode === 'unattended' || wanted !== 'ask')) return 'deny';
  return minimum === 'ask' ? 'ask' : wanted;
}

/** What silence means: a machine that wants its person asked takes it for a no. */
export const timeoutRule = (
  policy: ConsentPolicy | undefined,
  minimum: UnattendedPolicy,
): 'allow' | 'view_only' | 'deny' =>
  minimum === 'allow' ? (policy?.on_timeout ?? 'deny') : 'deny';
