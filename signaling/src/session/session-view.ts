// A stored session as integrators and viewers read it (contract/src/session.ts).
import type { Topology } from '@guruconnect/contract/monitor';
import type { Session, Viewer } from '@guruconnect/contract/session';
import type { SessionRecord } from '../store/session-record.ts';
import { isoTime } from './session-state.ts';
import { isThere } from './viewer-places.ts';

export function sessionView(record: SessionRecord): Session {
  return {
    id: record.id,
    state: record.state,
    device_id: record.device_id,
    mode: record.mode,
    technician: record.technician,
    ...(record.reason === undefined ? {} : { reason: record.reason }),
    grants: record.grants,
    embed_origins: record.embed_origins,
    consent: { state: record.consent, timeout_s: record.consent_timeout_s },
    agent_online: record.agent.connected,
    topology: record.topology,
    viewers: viewersView(record),
    ...(record.client_ref === undefined ? {} : { client_ref: record.client_ref }),
    metadata: record.metadata,
    epoch: record.placement.epoch,
    last_seq: record.last_seq,
    created_at: isoTime(record.created_at_ms),
    ...(record.live_at_ms === undefined ? {} : { live_at: isoTime(record.live_at_ms) }),
    ...(record.ended_at_ms === undefined ? {} : { ended_at: isoTime(record.ended_at_ms) }),
    ...(record.end_reason === undefined ? {} : { end_reason: record.end_reason }),
  };
}

/** Those who are there now. */
export const viewersView = ({ viewers }: Pick<SessionRecord, 'viewers'>): Viewer[] =>
  viewers.filter(isThere).map((viewer) => ({
    id: viewer.id,
    technician: viewer.technician,
    grants: viewer.grants,
    joined_at: isoTime(viewer.joined_at_ms ?? viewer.admitted_at_ms),
  }));

/** For a viewer: what the integrator noted for itself is not the technician's business. */
export function viewerSessionView(record: SessionRecord): Session {
  const { client_ref: _, ...session } = sessionView(record);
  return { ...session, metadata: {} };
}

/** @param all false shows one monitor only: the primary one, or the first (feature `multi_monitor`). */
export function shownTopology(topology: Topology, all: boolean): Topology {
  if (all) return topology;
  const { monitors, topology_epoch } = topology;
  const one = monitors.find(({ primary }) => primary) ?? monitors[0];
  return { topology_epoch, monitors: one ? [one] : [] };
}
