// THE vocabulary of a session: its states, why it ends, what is told about it. Read this first;
// every other schema cites it.
import { z } from 'zod';
import { DeviceId, SessionId, ViewerId } from './ids.ts';
import { Topology } from './monitor.ts';

export const SESSION_STATES = {
  waiting_agent: 'Created; the agent has not taken the offer yet (offline, or connecting)',
  waiting_consent: 'The end user is being asked',
  connecting: 'Allowed; the agent is publishing its monitors',
  live: 'Monitors can be watched',
  reconnecting: 'The agent or its media node is lost for a moment; the session waits for it',
  ended: 'Over, with an end_reason; nothing leaves this state',
} as const;
export type SessionState = keyof typeof SESSION_STATES;
export const SessionState = z.enum(
  Object.keys(SESSION_STATES) as [SessionState, ...SessionState[]],
);

export const END_REASONS = {
  integrator_ended: 'The integrator ended it through the contract',
  technician_ended: 'The technician ended it in the viewer',
  end_user_ended: 'The end user stopped it at the endpoint',
  consent_denied: 'The end user said no',
  consent_timed_out: 'The end user did not answer in time',
  consent_unavailable: 'Nobody could be asked at the endpoint',
  refused_by_agent: "The agent's own policy does not allow this session",
  agent_never_came: 'The agent did not connect within the waiting time',
  agent_lost: 'The agent was away longer than the reconnect grace',
  media_lost: 'No media node could carry the session any longer',
  machine_revoked: 'The machine key was revoked',
  machine_quarantined: 'The machine key turned up in two places at once',
  time_limit: 'The session reached its time limit',
} as const;
export type EndReason = keyof typeof END_REASONS;
export const EndReason = z.enum(Object.keys(END_REASONS) as [EndReason, ...EndReason[]]);

/** `unattended`: nobody is asked. `attended`: the end user is asked, and no answer means no. */
export const SessionMode = z.enum(['unattended', 'attended']);
export type SessionMode = z.output<typeof SessionMode>;

// Shown to the end user in a consent prompt: control characters and bidirectional overrides could
// make one name look like another, so they are refused at the door (Unicode TR 36).
const personalText = (maxLength: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(maxLength)
    .regex(
      /^[^\p{Cc}\p{Cs}\u200e\u200f\u202a-\u202e\u2066-\u2069]*$/u,
      'must not hold control characters or bidirectional overrides',
    );

export const Technician = z.strictObject({
  id: personalText(128).describe("The integrator's own id of the technician; goes to the audit."),
  name: personalText(128).describe('Shown to the end user.'),
  organization: personalText(128).optional().describe('Shown to the end user.'),
});
export type Technician = z.output<typeof Technician>;

export const Reason = personalText(500);

/**
 * Exact origin as browsers send it: scheme, name, port. Only http(s); no path. The pattern keeps
 * wildcards out: a URL parser lets `https://*.example` pass, and CSP would then honour it.
 */
export const EmbedOrigin = z
  .string()
  .max(255)
  .regex(
    /^https?:\/\/(\[[0-9a-f:]+\]|[a-z0-9.-]+)(:\d{1,5})?$/,
    'must be an exact lower-case origin',
  )
  .refine((text) => {
    try {
      const url = new URL(text);
      return (url.protocol === 'https:' || url.protocol === 'http:') && url.origin === text;
    } catch {
      return false;
    }
  }, 'must be an exact origin such as https://rmm.example (no path, no trailing slash)');

export const CONSENT_STATES = [
  'not_required',
  'pending',
  'granted',
  'denied',
  'timed_out',
  'unavailable',
] as const;
export const ConsentState = z.enum(CONSENT_STATES);
export type ConsentState = z.output<typeof ConsentState>;

export const Viewer = z.looseObject({
  id: ViewerId,
  technician: z.looseObject({
    id: z.string(),
    name: z.string(),
    organization: z.string().optional(),
  }),
  grants: z.array(z.string()).describe('What this viewer may do.'),
  joined_at: z.iso.datetime(),
});
export type Viewer = z.output<typeof Viewer>;

/** A session as integrators and viewers read it. Later versions add fields: ignore unknown ones. */
export const Session = z.looseObject({
  id: SessionId,
  state: SessionState.describe('`ended` is final; every other state may change at any moment.'),
  device_id: DeviceId,
  mode: SessionMode,
  technician: z.looseObject({
    id: z.string(),
    name: z.string(),
    organization: z.string().optional(),
  }),
  reason: z.string().optional(),
  grants: z.array(z.string()).describe('The most a viewer of this session may do.'),
  embed_origins: z.array(z.string()).describe('Origins that may frame the viewer.'),
  consent: z.looseObject({ state: ConsentState, timeout_s: z.number().int() }),
  agent_online: z.boolean().describe('Is the agent of this machine connected now?'),
  topology: Topology.describe('The monitors as last told by the agent; empty until then.'),
  viewers: z.array(Viewer).describe('Viewers connected now.'),
  client_ref: z.string().optional().describe("The integrator's own reference."),
  metadata: z
    .record(z.string(), z.string())
    .describe("The integrator's own, given back as it was."),
  epoch: z
    .number()
    .int()
    .nonnegative()
    .describe('Number of times this session was placed on a media node; 0 before the first.'),
  last_seq: z.number().int().nonnegative().describe('Seq of the newest event of the journal.'),
  created_at: z.iso.datetime(),
  live_at: z.iso.datetime().optional().describe('When it was first live.'),
  ended_at: z.iso.datetime().optional(),
  end_reason: EndReason.optional(),
});
export type Session = z.output<typeof Session>;
