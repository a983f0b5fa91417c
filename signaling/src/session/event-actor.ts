// Whose doing an event of a session is, where nobody said so: pure. Used by journal.ts.
import type { AuditActor } from '@guruconnect/contract/audit';
import type { EventName } from '@guruconnect/contract/journal';
import { machineActor, SERVER, viewerActor } from '../audit/actors.ts';
import type { SessionRecord } from '../store/session-record.ts';

const MACHINE_EVENTS: ReadonlySet<EventName> = new Set([
  'agent.connected',
  'agent.disconnected',
  'consent.granted',
  'consent.denied',
  // Where no integrator did it: less was agreed to at the endpoint.
  'viewer.grants_changed',
  'topology.changed',
]);
/** The machine's own word, or that of the person in front of it. */
const MACHINE_ENDS: ReadonlySet<unknown> = new Set([
  'end_user_ended',
  'consent_denied',
  'consent_unavailable',
  'refused_by_agent',
]);

/** @param record after the event. */
export function actorOfEvent(
  { type, data }: { readonly type: EventName; readonly data: Readonly<Record<string, unknown>> },
  record: SessionRecord,
): AuditActor {
  if (type === 'viewer.joined' || type === 'viewer.left') {
    const viewer = record.viewers.find(({ id }) => id === data['viewer_id']);
    return viewer ? viewerActor(viewer.id, viewer.technician) : SERVER;
  }
  const isMachines =
    MACHINE_EVENTS.has(type) ||
    // With a proof the prompt timed out at the endpoint, without one we did not wait any longer.
    (type === 'consent.timed_out' && data['proof'] !== undefined) ||
    (type === 'session.ended' && MACHINE_ENDS.has(data['end_reason']));
  return isMachines ? machineActor(record.device_id) : SERVER;
}
