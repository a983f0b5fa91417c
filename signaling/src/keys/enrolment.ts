// How a machine gets its identity: a single-use token for one device, traded for a key that the
// endpoint made itself. Owned by main.ts.
import { calculateJwkThumbprint } from 'jose';
import type { AuditActor } from '@guruconnect/contract/audit';
import { GcError } from '@guruconnect/contract/errors';
import { newId, type DeviceId } from '@guruconnect/contract/ids';
import type { MachineJwk } from '@guruconnect/contract/tokens';
import { machineActor } from '../audit/actors.ts';
import type { FeatureGate, Features } from '../features.ts';
import type { Bus } from '../store/bus.ts';
import type { EnrolmentRecord, MachineKeyRecord, MachineRecord, Store } from '../store/store.ts';
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
    by: AuditActor,
  ): Promise<EnrolmentRecord & { token: string }> {
    this.#gate.require();
    const token = newSecret('gce');
    const nowMs = Date.now();
    const record = {
      id: newId('enr'),
      hash: secretHash(token),
      device_id,
      expires_at_ms: nowMs + expiresInS * 1000,
    };
    await this.#store.machines.addEnrolment(record, {
      act: 'enrolment_token.minted',
      actor: by,
      subject: { kind: 'enrolment_token', id: record.id },
      details: { device_id, expires_in_s: expiresInS },
      at_ms: nowMs,
    });
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
    const nowMs = Date.now();
    const key_id = newId('mky', nowMs);
    const thumbprint = await calculateJwkThumbprint(public_key);
    const outcome = await this.#store.machines.enrol(
      {
        hash: secretHash(token),
        device_id,
        machine_id: newId('mch', nowMs),
        key_id,
        public_key,
        thumbprint,
        now_ms: nowMs,
      },
      {
        act: 'machine.enrolled',
        actor: machineActor(device_id),
        subject: { kind: 'machine_key', id: key_id },
        details: { device_id, thumbprint },
        at_ms: nowMs,
      },
    );
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
    machine: Pick<MachineRecord, 'id' | 'device_id'>,
    keyId: MachineKeyRecord['id'],
    by: AuditActor,
  ): Promise<MachineKeyRecord> {
    const nowMs = Date.now();
    const key = await this.#store.machines.revokeKey(machine.id, keyId, nowMs, {
      act: 'machine_key.revoked',
      actor: by,
      subject: { kind: 'machine_key', id: keyId },
      details: { device_id: machine.device_id },
      at_ms: nowMs,
    });
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
