// Bodies of machine, machine key and enrolment routes.
import { z } from 'zod';
import { DeviceId, EnrolmentTokenId, MachineId, MachineKeyId } from '../../ids.ts';
import { Topology } from '../../monitor.ts';
import { MachineJwk } from '../../tokens.ts';
import { Cursor } from './sessions.ts';

export const Machine = z.looseObject({
  id: MachineId,
  device_id: DeviceId,
  online: z.boolean().describe('Is its agent connected now?'),
  quarantined: z.boolean().describe('Its key was seen on two live boots at once: a clone.'),
  platform: z.string().optional(),
  os_version: z.string().optional(),
  agent_version: z.string().optional(),
  topology: Topology.optional(),
  last_seen_at: z.iso.datetime().optional(),
  enrolled_at: z.iso.datetime(),
});
export type Machine = z.output<typeof Machine>;

export const MachineParams = z.object({ device_id: DeviceId });
export const ListMachines = z.strictObject({
  online: z.enum(['true', 'false']).optional(),
  limit: z.coerce.number().int().min(1).max(100).default(50),
  cursor: Cursor.optional(),
});
export const MachineList = z.looseObject({
  machines: z.array(Machine),
  next_cursor: z.string().optional().describe('There is more: ask again with this as `cursor`.'),
});

export const MachineKey = z.looseObject({
  id: MachineKeyId,
  machine_id: MachineId,
  device_id: DeviceId,
  thumbprint: z.string().describe('RFC 7638 thumbprint of the public key.'),
  state: z.enum(['active', 'revoked']),
  created_at: z.iso.datetime(),
  last_used_at: z.iso.datetime().optional(),
  revoked_at: z.iso.datetime().optional(),
});
export type MachineKey = z.output<typeof MachineKey>;
export const MachineKeyParams = z.object({ device_id: DeviceId, key_id: MachineKeyId });
export const MachineKeyList = z.looseObject({ keys: z.array(MachineKey) });

/** A single-use token for one device; the RMM hands it to the agent's environment. */
export const CreateEnrolmentToken = z.strictObject({
  device_id: DeviceId,
  expires_in_s: z
    .number()
    .int()
    .min(60)
    .max(86_400)
    .default(3600)
    .describe('Life of the token, seconds.'),
});
export const EnrolmentToken = z.looseObject({
  id: EnrolmentTokenId,
  device_id: DeviceId,
  token: z.string().describe('A secret, told only here: goes to the agent as GC_ENROLMENT_TOKEN.'),
  expires_at: z.iso.datetime(),
});
export type EnrolmentToken = z.output<typeof EnrolmentToken>;

/** Agent -> signaling: trades the enrolment token for a registered key made on the endpoint. */
export const Enrol = z.strictObject({
  token: z.string().min(16).max(256),
  device_id: DeviceId,
  public_key: MachineJwk,
});
export const Enrolled = z.looseObject({
  machine_id: MachineId,
  device_id: DeviceId,
  key_id: MachineKeyId,
});
export type Enrolled = z.output<typeof Enrolled>;
