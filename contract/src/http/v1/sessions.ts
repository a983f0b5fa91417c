// Bodies of the session routes. Requests are strict: an unknown field is a mistake worth telling.
// Responses are loose: later versions add fields.
import { z } from 'zod';
import { DeviceId, SessionId, ViewerId } from '../../ids.ts';
import { Grants } from '../../grants.ts';
import {
  EmbedOrigin,
  Reason,
  Session,
  SessionMode,
  SessionState,
  Technician,
  Viewer,
} from '../../session.ts';
import { ConsentPolicy } from '../../consent-policy.ts';
import { JournalEvent } from '../../journal.ts';

export const SESSION_LIMITS = {
  consent_timeout_s: { min: 5, max: 300, default: 30 },
  wait_for_agent_s: { min: 5, max: 86_400, default: 600 },
  max_duration_s: { min: 60, max: 86_400, default: 28_800 },
} as const;

const limited = (limit: { min: number; max: number; default: number }) =>
  z.number().int().min(limit.min).max(limit.max).default(limit.default);

export const CreateSession = z.strictObject({
  device_id: DeviceId,
  mode: SessionMode,
  technician: Technician,
  grants: Grants.default(['view']).describe('The most a viewer of this session may do.'),
  embed_origins: z
    .array(EmbedOrigin)
    .max(16)
    .default([])
    .describe('Origins that may frame this session’s viewer.'),
  reason: Reason.optional().describe('Shown to the end user and kept in the journal.'),
  consent_timeout_s: limited(SESSION_LIMITS.consent_timeout_s).describe(
    'How long the end user may take to answer, seconds; no answer means no.',
  ),
  consent: ConsentPolicy.optional().describe(
    'Who decides, by what is going on at the endpoint; what it does not name is as `mode` says.',
  ),
  wait_for_agent_s: limited(SESSION_LIMITS.wait_for_agent_s).describe(
    'How long the session waits for an agent that is offline, seconds.',
  ),
  max_duration_s: limited(SESSION_LIMITS.max_duration_s).describe(
    'When the session ends by itself, seconds after it was created.',
  ),
  client_ref: z
    .string()
    .min(1)
    .max(128)
    .optional()
    .describe(
      "The integrator's own reference, e.g. a ticket number: a device has one open session with it at most.",
    ),
  metadata: z
    .record(z.string().min(1).max(64), z.string().max(512))
    .default({})
    .refine((m) => Object.keys(m).length <= 32, 'at most 32 entries')
    // The same for readers of the OpenAPI description: a converter cannot read a function.
    .meta({ maxProperties: 32 })
    .describe("The integrator's own words, given back with the session."),
});
export type CreateSession = z.output<typeof CreateSession>;

/** Where to open or frame the viewer: `${url}#code=${code}`. The code works once. */
export const ViewerInvitation = z.looseObject({
  url: z.url().describe('The viewer of this session; holds no secret.'),
  code: z.string().describe('One-time code. Open or frame `${url}#code=${code}`.'),
  code_expires_at: z.iso.datetime(),
});
export type ViewerInvitation = z.output<typeof ViewerInvitation>;

export const CreatedSession = Session.extend({ viewer: ViewerInvitation });
export type CreatedSession = z.output<typeof CreatedSession>;

export const EndSession = z.strictObject({
  reason: z
    .string()
    .trim()
    .min(1)
    .max(200)
    .optional()
    .describe("The integrator's own words, kept in the journal."),
});
export type EndSession = z.output<typeof EndSession>;

export const CreateViewerCode = z.strictObject({
  technician: Technician.optional().describe(
    'Another technician than the one who created the session.',
  ),
  grants: Grants.optional().describe("A subset of the session's grants; all of them when absent."),
});
export type CreateViewerCode = z.output<typeof CreateViewerCode>;

export const ViewerList = z.looseObject({
  viewers: z.array(Viewer).describe('Viewers connected now.'),
});
export const SetViewerGrants = z.strictObject({
  grants: Grants.describe("What it may do from now on; no more than the session's grants."),
});
export type SetViewerGrants = z.output<typeof SetViewerGrants>;

export const ViewerParams = z.object({ session_id: SessionId, viewer_id: ViewerId });

export const SessionParams = z.object({ session_id: SessionId });

export const Cursor = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,128}$/, 'must be a next_cursor of an earlier answer');

export const ListSessions = z.strictObject({
  device_id: DeviceId.optional(),
  state: SessionState.optional(),
  client_ref: z.string().min(1).max(128).optional(),
  limit: z.coerce.number().int().min(1).max(100).default(50),
  cursor: Cursor.optional(),
});
export type ListSessions = z.output<typeof ListSessions>;

export const SessionList = z.looseObject({
  sessions: z.array(Session),
  next_cursor: z.string().optional().describe('There is more: ask again with this as `cursor`.'),
});

/** Longest long poll, seconds: below what proxies and load balancers cut by default (60). */
export const LONGEST_WAIT_S = 30;

/** The same events as server-sent events: `id` is the seq, `data` the event (WHATWG HTML, 9.2). */
export const EVENT_STREAM_TYPE = 'text/event-stream';
/** What EventSource sends when it comes back; counts more than `after`. */
export const LAST_EVENT_ID_HEADER = 'Last-Event-ID';
export const LastEventId = z
  .string()
  .regex(/^\d{1,15}$/, 'must be the seq of an event')
  .transform(Number);

export const ListEvents = z.strictObject({
  after: z.coerce.number().int().min(0).default(0).describe('Seq of the last event already known.'),
  limit: z.coerce.number().int().min(1).max(500).default(100),
  wait_s: z.coerce
    .number()
    .int()
    .min(0)
    .max(LONGEST_WAIT_S)
    .default(0)
    .describe('Long poll: how long to wait for an event when there is none yet, seconds.'),
});
export const EventList = z.looseObject({
  events: z.array(JournalEvent),
  last_seq: z.number().int().describe('Seq of the newest event of the session.'),
});
