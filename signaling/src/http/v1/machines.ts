// Machines, their keys, enrolment: HTTP words into calls of the store and of Enrolment.
import { GcError } from '@guruconnect/contract/errors';
import { DeviceId } from '@guruconnect/contract/ids';
import type { Machine, MachineKey } from '@guruconnect/contract/http/v1/machines';
import { integratorActor } from '../../audit/actors.ts';
import type { Enrolment } from '../../keys/enrolment.ts';
import type { MachineKeyRecord, MachineRecord, Store } from '../../store/store.ts';
import type { RouteHandlers } from '../bind-routes.ts';
import { cursorKey, page } from './cursor.ts';

type MachineRoutes = Pick<
  RouteHandlers,
  | 'machines.list'
  | 'machines.read'
  | 'machine_keys.list'
  | 'machine_keys.revoke'
  | 'enrolment_tokens.create'
  | 'agent.enrol'
>;

const time = (ms: number): string => new Date(ms).toISOString();

export function machineRoutes(store: Store, enrolment: Enrolment): MachineRoutes {
  const find = async (deviceId: DeviceId): Promise<MachineRecord> => {
    const machine = await store.machines.read(deviceId);
    if (!machine) throw new GcError('machine_not_found');
    return machine;
  };

  return {
    'machines.list': async ({ query: { cursor, limit, online } }) => {
      const found = await store.machines.list({
        online: online === undefined ? undefined : online === 'true',
        after: cursorKey(DeviceId, cursor),
        limit: limit + 1,
      });
      const { entries, ...next } = page(found, limit, ({ device_id }) => device_id);
      return { machines: entries.map(machineView), ...next };
    },

    'machines.read': async ({ params }) => machineView(await find(params.device_id)),

    'machine_keys.list': async ({ params }) => {
      const machine = await find(params.device_id);
      return { keys: (await store.machines.keys(machine.id)).map(keyView) };
    },

    'machine_keys.revoke': async ({ params, integrator }) => {
      const machine = await find(params.device_id);
      return keyView(await enrolment.revoke(machine, params.key_id, integratorActor(integrator)));
    },

    'enrolment_tokens.create': async ({ body: { device_id, expires_in_s }, integrator }) => {
      const by = integratorActor(integrator);
      const { id, token, expires_at_ms } = await enrolment.mint(device_id, expires_in_s, by);
      return { id, device_id, token, expires_at: time(expires_at_ms) };
    },

    'agent.enrol': async ({ body: { token, device_id, public_key } }) => {
      const key = await enrolment.enrol(token, device_id, public_key);
      return { machine_id: key.machine_id, device_id: key.device_id, key_id: key.id };
    },
  };
}

function machineView(machine: MachineRecord): Machine {
  const { platform, os_version, agent_version, topology, last_seen_at_ms } = machine;
  return {
    id: machine.id,
    device_id: machine.device_id,
    online: machine.online,
    quarantined: machine.quarantined,
    ...(platform === undefined ? {} : { platform }),
    ...(os_version === undefined ? {} : { os_version }),
    ...(agent_version === undefined ? {} : { agent_version }),
    ...(topology === undefined ? {} : { topology }),
    ...(last_seen_at_ms === undefined ? {} : { last_seen_at: time(last_seen_at_ms) }),
    enrolled_at: time(machine.enrolled_at_ms),
  };
}

function keyView(key: MachineKeyRecord): MachineKey {
  return {
    id: key.id,
    machine_id: key.machine_id,
    device_id: key.device_id,
    thumbprint: key.thumbprint,
    state: key.revoked_at_ms === undefined ? 'active' : 'revoked',
    created_at: time(key.created_at_ms),
    ...(key.last_used_at_ms === undefined ? {} : { last_used_at: time(key.last_used_at_ms) }),
    ...(key.revoked_at_ms === undefined ? {} : { revoked_at: time(key.revoked_at_ms) }),
  };
}
