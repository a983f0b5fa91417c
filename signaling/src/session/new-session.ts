// The record of a session that was just asked for, before its first entry is written.
import type { NodeId, SessionId } from '@guruconnect/contract/ids';
import type { CreateSession } from '@guruconnect/contract/http/v1/sessions';
import type { SessionRecord } from '../store/session-record.ts';

export function newRecord(
  id: SessionId,
  request: CreateSession,
  { epoch, node_id }: { epoch: number; node_id: NodeId },
  nowMs: number,
): SessionRecord {
  return {
    id,
    rev: 0,
    last_seq: 0,
    state: 'waiting_agent',
    state_since_ms: nowMs,
    device_id: request.device_id,
    mode: request.mode,
    technician: request.technician,
    ...(request.reason === undefined ? {} : { reason: request.reason }),
    grants: request.grants,
    embed_origins: request.embed_origins,
    consent_timeout_s: request.consent_timeout_s,
    ...(request.consent === undefined ? {} : { consent_policy: request.consent }),
    wait_for_agent_s: request.wait_for_agent_s,
    max_duration_s: request.max_duration_s,
    ...(request.client_ref === undefined ? {} : { client_ref: request.client_ref }),
    metadata: request.metadata,
    agent: { connected: false, since_ms: nowMs },
    consent: request.mode === 'attended' ? 'pending' : 'not_required',
    allowed: false,
    placement: { epoch, node_id, agent_media: false, published: false },
    topology: { topology_epoch: 0, monitors: [] },
    viewers: [],
    created_at_ms: nowMs,
  };
}
