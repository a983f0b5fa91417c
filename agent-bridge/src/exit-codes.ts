// How the agent's process ends, for whoever supervises it: what another start can cure, and what not.
import type { ErrorCode } from '@guruconnect/contract/errors';

export const EXIT_CODES = {
  /** Asked to stop. */
  stopped: 0,
  /** A fault of ours; start it again. */
  failed: 1,
  /** The environment does not fit (the log says what). */
  bad_environment: 2,
  /** The machine key was revoked: enrol again with a new token. */
  revoked: 10,
  /** The machine key is in use in two places: see which machine is the clone. */
  quarantined: 11,
  /** The enrolment token is missing, used, expired or another device's: mint a new one. */
  enrolment_refused: 12,
  /** No desktop of this operating system is known to this build. */
  unsupported_platform: 13,
  /** The desktop went away (log-out, X server ended); start it again. */
  desktop_lost: 14,
} as const;
export type AgentEnd = keyof typeof EXIT_CODES;

/** What a refusal that no other attempt can cure makes of the agent. */
export function endOf(code: ErrorCode): { readonly end: AgentEnd; readonly words: string } {
  switch (code) {
    case 'credential_revoked':
      return {
        end: 'revoked',
        words: 'the machine key was revoked: remove the state folder and enrol again',
      };
    case 'machine_quarantined':
      return {
        end: 'quarantined',
        words: 'the machine key is in use twice: one of the machines is a clone of the other',
      };
    case 'unauthenticated':
    case 'credential_expired':
    case 'device_enrolled':
    case 'invalid_request':
    case 'feature_off':
      return {
        end: 'enrolment_refused',
        words: 'this machine is not enrolled: mint a new enrolment token for it',
      };
    default:
      return { end: 'failed', words: 'the agent cannot go on' };
  }
}
