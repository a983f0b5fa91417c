// Who an entry of the audit names.
import type { AuditActor } from '@guruconnect/contract/audit';
import type { DeviceId, ViewerId } from '@guruconnect/contract/ids';
import type { Technician } from '@guruconnect/contract/session';
import type { Integrator } from '../keys/integrator-keys.ts';

export const SERVER: AuditActor = { kind: 'server' };

export const integratorActor = ({ key }: Pick<Integrator, 'key'>): AuditActor => ({
  kind: 'integrator',
  id: key.id,
});

export const viewerActor = (id: ViewerId, { id: technicianId, name }: Technician): AuditActor => ({
  kind: 'viewer',
  id,
  technician: { id: technicianId, name },
});

export const machineActor = (id: DeviceId): AuditActor => ({ kind: 'machine', id });
