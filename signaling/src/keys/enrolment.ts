// How a machine gets its identity: a single-use token for one device, traded for a key that the
// endpoint made itself. Owned by main.ts.
import { calculateJwkThumbprint } from 'jose';
import { GcError } from '@guruconnect/contract/errors';
import { newId, type DeviceId } from '@guruconnect/contract/ids';
import type { MachineJwk } from '@guruconnect/contract/tokens';
import type { FeatureGate, Features } from '../features.ts';
import type { Bus } from '../store/bus.ts';
import type { EnrolmentRecord, MachineKeyRecord, Store } from '../store/store.ts';
import { newSecret, secretHash } from './secret-hash.ts';

export class Enrolment {
  readonly #store: Store;
  readonly #bus: Bus;
  readonly #gate: FeatureGate;

  constructor(parts: { store: Store; bus: Bus; features: Features }) {
    this.#store = parts.store;
    this.#bus = parts.bus;
    this.#gate = parts.features.declare('per_machine_keys', {
      through: 'enrolment_tokens.create',
    });
  }

  /** @returns the token itself too: it is shown once and can not be read again. */
  async mint(
    device_id: DeviceId,
    expiresInS: number,
  ): Promise<EnrolmentRecord & { token: string }> {
    this.#gate.require();
    const token = newSecret('gce');
    const record = {
      id: newId('enr'),
      hash: secretHash(token),
      device_id,
      expires_at_ms: Date.now() + expiresInS * 1000,
    };
    await this.#store.machines.addEnrolment(record);
    return { ...record, token };
  }

  /**
   * Registers the endpoint's key. Earlier keys of the machine are revoked: whoever enrols a device
   * again says that its old key is no longer to be trusted.
   * @throws GcError `unauthenticated` (unknown token, or another device's), `credential_expired`,
   * `device_enrolled`, `invalid_request` (a key that is registered already).
   */
  async enrol(
    token: string,
    device_id: DeviceId,
    public_key: MachineJwk,
  ): Promise<MachineKeyRecord> {
    this.#gate.require();
    const outcome = await this.#store.machines.enrol({
      hash: secretHash(token),
      device_id,
      machine_id: newId('mch'),
      key_id: newId('mky'),
      public_key,
      thumbprint: await calculateJwkThumbprint(public_key),
      now_ms: Date.now(),
    });
    switch (outcome) {
      case 'unknown':
        throw new GcError('unauthenticated', 'No such enrolment token for this device');
      case 'used':
        throw new GcError('device_enrolled');
      case 'expired':
        throw new GcError('credential_expired', 'The enrolment token has expired');
      case 'key_taken':
        throw new GcError('invalid_request', 'The public key is registered already', {
          faults: [{ pointer: '/public_key', detail: 'has to be a fresh key' }],
        });
      default: {
        const { key, revoked } = outcome;
        this.#told(revoked, true);
        return key;
      }
    }
  }

  /** Its live connection closes, its sessions end. Revoking again changes nothing. */
  async revoke(
    machine: { id: MachineKeyRecord['machine_id'] },
    keyId: MachineKeyRecord['id'],
  ): Promise<MachineKeyRecord> {
    const key = await this.#store.machines.revokeKey(machine.id, keyId, Date.now());
    if (!key) throw new GcError('not_found', 'This machine has no such key');
    this.#told([key], false);
    return key;
  }

  #told(revoked: readonly MachineKeyRecord[], superseded: boolean): void {
    const [first] = revoked;
    if (!first) return;
    this.#bus.publish('machine.keys_revoked', {
      machine_id: first.machine_id,
      device_id: first.device_id,
      thumbprints: revoked.map((key) => key.thumbprint),
      superseded,
    });
  }
}
