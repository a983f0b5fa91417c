// How the agent's process ends, for whoever supervises it: what another start can cure, and what not.

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
