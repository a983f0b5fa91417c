// A session's journal: its ordered events. It is the only source of the events API, webhooks,
// embed messages and the audit; an event is written before anybody is told of it.
import { z } from 'zod';
import { AuditActor } from './audit.ts';
import { SessionId, ViewerId } from './ids.ts';
import { EndReason } from './session.ts';
import { Topology } from './monitor.ts';

const none = z.looseObject({});

/** Event name → its data. Names are past facts; the same string on socket, webhook, log, metric. */
export const EVENTS = {
  'session.created': none,
  'session.offered': none,
  'consent.requested': z.looseObject({ expires_at: z.iso.datetime() }),
  'consent.granted': none,
  'consent.denied': none,
  'consent.timed_out': none,
  'session.placed': z.looseObject({ epoch: z.number().int() }),
  'session.live': none,
  'session.reconnecting': z.looseObject({ cause: z.enum(['agent_lost', 'media_lost']) }),
  'agent.connected': none,
  'agent.disconnected': none,
  'viewer.joined': z.looseObject({ viewer_id: ViewerId }),
  'viewer.left': z.looseObject({
    viewer_id: ViewerId,
    /** Absent when it went by itself. */
    reason: z.enum(['removed']).optional(),
  }),
  /** The integrator gave it more, or less. */
  'viewer.grants_changed': z.looseObject({ viewer_id: ViewerId, grants: z.array(z.string()) }),
  'topology.changed': z.looseObject({ topology: Topology }),
  'session.ended': z.looseObject({ end_reason: EndReason }),
} as const;
export type EventName = keyof typeof EVENTS;
export const EventName = z.enum(Object.keys(EVENTS) as [EventName, ...EventName[]]);

export const JournalEvent = z.looseObject({
  seq: z
    .number()
    .int()
    .min(1)
    .describe(
      'Starts at 1 and rises by one in each session: a gap means a lost event, never a quiet one.',
    ),
  session_id: SessionId,
  type: EventName,
  at: z.iso.datetime(),
  data: z.record(z.string(), z.unknown()).describe('What belongs to this type of event.'),
  actor: AuditActor.optional().describe('Who did it, or whose doing it follows from.'),
});
export type JournalEvent = z.output<typeof JournalEvent>;
