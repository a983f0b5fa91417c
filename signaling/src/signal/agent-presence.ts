// Which machine is connected, and that each is connected once. The same key with two live boots is
// a clone: nobody can tell which one is the machine, so neither is. Owned by main.ts.
import { GcError } from '@guruconnect/contract/errors';
import type { MachineId } from '@guruconnect/contract/ids';
import { SERVER } from '../audit/actors.ts';
import type { ProvenMachine } from '../keys/machine-keys.ts';
import type { Timings } from '../limits.ts';
import type { Logger } from '../logger.ts';
import type { Metrics } from '../metrics.ts';
import type { SessionManager } from '../session/session-manager.ts';
import type { Bus } from '../store/bus.ts';
import type { Store } from '../store/store.ts';
import type { AgentConnection } from './agent-connection.ts';

export type AgentPresenceParts = {
  readonly store: Store;
  readonly bus: Bus;
  readonly sessions: SessionManager;
  readonly timings: Timings;
  readonly metrics: Metrics;
  readonly logger: Logger;
};

export class AgentPresence {
  readonly #parts: AgentPresenceParts;
  readonly #connected = new Map<MachineId, AgentConnection>();
  /** Handshakes of one machine, one after the other. */
  readonly #admitting = new Map<MachineId, Promise<unknown>>();
  readonly #unsubscribe: () => void;

  constructor(parts: AgentPresenceParts) {
    this.#parts = parts;
    this.#unsubscribe = parts.bus.subscribe(
      'machine.keys_revoked',
      ({ machine_id, thumbprints }) => {
        const connection = this.#connected.get(machine_id);
        if (connection && thumbprints.includes(connection.key.thumbprint))
          connection.close('key_revoked');
      },
    );
  }

  /**
   * May this machine connect? Within its handshake, before it is heard.
   * @throws GcError `machine_quarantined`.
   */
  admit(proven: ProvenMachine): Promise<void> {
    const { machine_id } = proven.key;
    const before = this.#admitting.get(machine_id) ?? Promise.resolve();
    const admitted = before.catch(() => undefined).then(() => this.#admit(proven));
    this.#admitting.set(machine_id, admitted);
    return admitted.finally(() => {
      if (this.#admitting.get(machine_id) === admitted) this.#admitting.delete(machine_id);
    });
  }

  /** The handshake is done: this is the machine's connection now. */
  async connected(connection: AgentConnection): Promise<void> {
    const { machineId, key } = connection;
    const { machines } = this.#parts.store;
    const replaced = this.#connected.get(machineId);
    this.#connected.set(machineId, connection);
    if (replaced && replaced !== connection) replaced.close('replaced');
    // A revocation between the handshake and this line found nobody to close.
    if ((await machines.keyByThumbprint(key.thumbprint))?.revoked_at_ms !== undefined) {
      connection.close('key_revoked');
      return;
    }
    await machines.update(machineId, {
      online: true,
      boot_id: connection.bootId,
      last_seen_at_ms: Date.now(),
    });
  }

  async disconnected(connection: AgentConnection): Promise<void> {
    const { machineId } = connection;
    if (this.#connected.get(machineId) !== connection) return;
    this.#connected.delete(machineId);
    await this.#parts.store.machines.update(machineId, {
      online: false,
      last_seen_at_ms: Date.now(),
    });
  }

  stop(): void {
    this.#unsubscribe();
    this.#connected.clear();
  }

  async #admit({ key, claims }: ProvenMachine): Promise<void> {
    const { store, timings } = this.#parts;
    const machine = await store.machines.read(key.device_id);
    if (machine?.quarantined) throw new GcError('machine_quarantined');
    const current = this.#connected.get(key.machine_id);
    if (!current || current.key.id !== key.id || current.bootId === claims.boot_id) return;
    // Another boot with the same key. If the one before is dead and its socket just does not know
    // yet, this is a restart; if it answers, there are two.
    if (!(await current.isAlive(timings.probeMs))) {
      current.close('did_not_answer');
      return;
    }
    await this.#quarantine(current);
    throw new GcError('machine_quarantined');
  }

  async #quarantine(connection: AgentConnection): Promise<void> {
    const { store, sessions, metrics, logger } = this.#parts;
    const { machineId, deviceId } = connection;
    logger.warn(
      { machine_id: machineId, device_id: deviceId },
      'machine key in use twice: machine quarantined',
    );
    metrics.quarantines.inc();
    await store.machines.update(
      machineId,
      { quarantined: true },
      {
        act: 'machine.quarantined',
        actor: SERVER,
        subject: { kind: 'machine', id: deviceId },
        details: { key_id: connection.key.id },
        at_ms: Date.now(),
      },
    );
    sessions.endAllOf(deviceId, 'machine_quarantined');
    connection.close('quarantined');
  }
}
