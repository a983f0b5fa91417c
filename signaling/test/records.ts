// A stored session as it is right after its creation, for tests that start from one.
import { DeviceId, newId, NodeId } from '@guruconnect/contract/ids';
import type { SessionRecord } from '../src/store/session-record.ts';

export const sessionRecord = (change: Partial<SessionRecord> = {}): SessionRecord => ({
  id: newId('ses'),
  rev: 0,
  last_seq: 0,
  state: 'waiting_agent',
  state_since_ms: 1000,
  device_id: DeviceId.parse('device-1'),
  mode: 'unattended',
  technician: { id: 'tech-7', name: 'Ada Technician' },
  grants: ['control', 'view'],
  embed_origins: [],
  consent_timeout_s: 30,
  wait_for_agent_s: 600,
  max_duration_s: 3600,
  metadata: {},
  agent: { connected: false, since_ms: 1000 },
  consent: 'not_required',
  allowed: false,
  placement: { epoch: 1, node_id: NodeId.parse('node-1'), agent_media: false, published: false },
  topology: { topology_epoch: 0, monitors: [] },
  viewers: [],
  created_at_ms: 1000,
  ...change,
});
