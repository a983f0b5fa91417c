// Machines, their keys and enrolment tokens of the mock broker. A machine is there from the start for
// each scenario, and for any other device from the moment its agent connects. Owned by MockBroker.
import { createHash, randomBytes } from 'node:crypto';
import { GcError } from '../errors.ts';
import type { Enrol, EnrolmentToken, Machine, MachineKey } from '../http/v1/machines.ts';
import { DeviceId, newId } from '../ids.ts';
import type { MachineJwk } from '../tokens.ts';
import type { z } from 'zod';
import { RESERVED_PREFIX, SCENARIO_NAMES, startsOnline } from './scenarios.ts';
import { MOCK_TOPOLOGY } from './session-steps.ts';

type Token = { readonly deviceId: DeviceId; readonly expiresAtMs: number; used: boolean };
/** Told when keys of a device are revoked; `superseded`: it was enrolled again. */
export type OnRevoked = (deviceId: DeviceId, superseded: boolean) => void;

const now = (): string => new Date().toISOString();

/** RFC 7638. */
const thumbprintOf = ({ crv, kty, x }: MachineJwk): string =>
  createHash('sha256').update(JSON.stringify({ crv, kty, x })).digest('base64url');

export class MockMachines {
  readonly #onRevoked: OnRevoked;
  readonly #machines = new Map<DeviceId, Machine>();
  readonly #keys = new Map<DeviceId, MachineKey[]>();
  readonly #tokens = new Map<string, Token>();

  constructor(onRevoked: OnRevoked) {
    this.#onRevoked = onRevoked;
    for (const name of SCENARIO_NAMES) {
      const deviceId = DeviceId.parse(RESERVED_PREFIX + name);
      this.#connect(deviceId);
      this.setOnline(deviceId, startsOnline(name));
    }
  }

  /** In the order of their device ids. */
  list(): Machine[] {
    return [...this.#machines.values()].sort((a, b) => (a.device_id < b.device_id ? -1 : 1));
  }

  /** @throws GcError `machine_not_found`. */
  read(deviceId: DeviceId): Machine {
    const machine = this.#machines.get(deviceId);
    if (!machine) throw new GcError('machine_not_found');
    return machine;
  }

  /** Newest first. @throws GcError `machine_not_found`. */
  keys(deviceId: DeviceId): MachineKey[] {
    this.read(deviceId);
    return [...(this.#keys.get(deviceId) ?? [])].reverse();
  }

  /** An agent is there or not; one that connects is enrolled if it never was, or was revoked. */
  setOnline(deviceId: DeviceId, online: boolean): void {
    if (online) this.#connect(deviceId);
    const machine = this.#machines.get(deviceId);
    if (machine) this.#machines.set(deviceId, { ...machine, online, last_seen_at: now() });
  }

  mint(device_id: DeviceId, expiresInS: number): EnrolmentToken {
    const token = `gce_${randomBytes(32).toString('base64url')}`;
    const expiresAtMs = Date.now() + expiresInS * 1000;
    this.#tokens.set(token, { deviceId: device_id, expiresAtMs, used: false });
    return { id: newId('enr'), device_id, token, expires_at: new Date(expiresAtMs).toISOString() };
  }

  /** @throws GcError `unauthenticated`, `device_enrolled`, `credential_expired`, `invalid_request`. */
  enrol({ token: text, device_id, public_key }: z.output<typeof Enrol>): MachineKey {
    const token = this.#tokens.get(text);
    if (token?.deviceId !== device_id)
      throw new GcError('unauthenticated', 'No such enrolment token for this device');
    if (token.used) throw new GcError('device_enrolled');
    if (token.expiresAtMs <= Date.now())
      throw new GcError('credential_expired', 'The enrolment token has expired');
    const thumbprint = thumbprintOf(public_key);
    if ([...this.#keys.values()].flat().some((key) => key.thumbprint === thumbprint))
      throw new GcError('invalid_request', 'The public key is registered already', {
        faults: [{ pointer: '/public_key', detail: 'has to be a fresh key' }],
      });
    token.used = true;
    if (this.#revoke(device_id, () => true)) this.#onRevoked(device_id, true);
    return this.#register(device_id, thumbprint);
  }

  /** @throws GcError `machine_not_found`, `not_found`. */
  revokeKey(deviceId: DeviceId, keyId: MachineKey['id']): MachineKey {
    const find = () => this.keys(deviceId).find(({ id }) => id === keyId);
    if (!find()) throw new GcError('not_found', 'This machine has no such key');
    if (this.#revoke(deviceId, ({ id }) => id === keyId)) {
      this.setOnline(deviceId, false);
      this.#onRevoked(deviceId, false);
    }
    return find() as MachineKey;
  }

  revokeAll(deviceId: DeviceId): void {
    for (const { id } of this.keys(deviceId)) this.revokeKey(deviceId, id);
  }

  #connect(deviceId: DeviceId): void {
    const hasKey = this.#keys.get(deviceId)?.some(({ state }) => state === 'active') ?? false;
    if (!hasKey) this.#register(deviceId, randomBytes(32).toString('base64url'));
    const machine = this.read(deviceId);
    this.#machines.set(deviceId, {
      ...machine,
      platform: 'windows',
      os_version: '10.0.26100',
      agent_version: '0.1.0',
      topology: MOCK_TOPOLOGY,
    });
  }

  #register(device_id: DeviceId, thumbprint: string): MachineKey {
    const known = this.#machines.get(device_id);
    const id = known?.id ?? newId('mch');
    const machine: Machine = {
      ...known,
      id,
      device_id,
      online: false,
      quarantined: false,
      enrolled_at: now(),
    };
    this.#machines.set(device_id, machine);
    const key: MachineKey = {
      id: newId('mky'),
      machine_id: id,
      device_id,
      thumbprint,
      state: 'active',
      created_at: now(),
    };
    this.#keys.set(device_id, [...(this.#keys.get(device_id) ?? []), key]);
    return key;
  }

  /** @returns whether there was anything to revoke. */
  #revoke(deviceId: DeviceId, which: (key: MachineKey) => boolean): boolean {
    const keys = this.#keys.get(deviceId) ?? [];
    const meant = keys.filter((key) => key.state === 'active' && which(key));
    const revoked_at = now();
    this.#keys.set(
      deviceId,
      keys.map((key) => (meant.includes(key) ? { ...key, state: 'revoked', revoked_at } : key)),
    );
    return meant.length > 0;
  }
}
