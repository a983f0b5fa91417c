// Machines, their keys and enrolment tokens in SQLite.
import { z } from 'zod';
import { BootId, DeviceId, MachineId, MachineKeyId } from '@guruconnect/contract/ids';
import { Topology } from '@guruconnect/contract/monitor';
import { MachineJwk } from '@guruconnect/contract/tokens';
import type { MachineKeyRecord, MachineRecord, MachineStore } from '../store.ts';
import type { AuditChains } from './audit-chains.ts';
import { number, numberOrNone, text, type Database, type Row } from './database.ts';

const StoredMachine = z.object({
  id: MachineId,
  device_id: DeviceId,
  quarantined: z.boolean(),
  platform: z.string().optional(),
  os_version: z.string().optional(),
  agent_version: z.string().optional(),
  topology: Topology.optional(),
  boot_id: BootId.optional(),
  last_seen_at_ms: z.number().optional(),
  enrolled_at_ms: z.number(),
});

const machineOf = (row: Row): MachineRecord => ({
  ...StoredMachine.parse(JSON.parse(text(row, 'record'))),
  online: number(row, 'online') === 1,
});

const keyOf = (row: Row): MachineKeyRecord => ({
  id: MachineKeyId.parse(row['id']),
  machine_id: MachineId.parse(row['machine_id']),
  device_id: DeviceId.parse(row['device_id']),
  thumbprint: text(row, 'thumbprint'),
  public_key: MachineJwk.parse(JSON.parse(text(row, 'public_key'))),
  created_at_ms: number(row, 'created_at_ms'),
  last_used_at_ms: numberOrNone(row, 'last_used_at_ms'),
  revoked_at_ms: numberOrNone(row, 'revoked_at_ms'),
});

export function sqliteMachines(database: Database, chains: AuditChains): MachineStore {
  const write = ({ online, ...record }: MachineRecord): void => {
    database.run(
      `INSERT INTO machines (id, device_id, online, record) VALUES (?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET online = excluded.online, record = excluded.record`,
      record.id,
      record.device_id,
      online ? 1 : 0,
      JSON.stringify(record),
    );
  };
  const readBy = (column: 'id' | 'device_id', value: string): MachineRecord | undefined => {
    const row = database.get(`SELECT * FROM machines WHERE ${column} = ?`, value);
    return row ? machineOf(row) : undefined;
  };
  const keyBy = (column: 'id' | 'thumbprint', value: string): MachineKeyRecord | undefined => {
    const row = database.get(`SELECT * FROM machine_keys WHERE ${column} = ?`, value);
    return row ? keyOf(row) : undefined;
  };
  const keysOf = (machine_id: MachineId): MachineKeyRecord[] =>
    database
      .all('SELECT * FROM machine_keys WHERE machine_id = ? ORDER BY id DESC', machine_id)
      .map(keyOf);

  return {
    async read(device_id) {
      return readBy('device_id', device_id);
    },
    async list({ online, after, limit }) {
      return database
        .all(
          `SELECT * FROM machines WHERE device_id > ? ${online === undefined ? '' : 'AND online = ?'}
           ORDER BY device_id LIMIT ?`,
          after ?? '',
          ...(online === undefined ? [] : [online ? 1 : 0]),
          limit,
        )
        .map(machineOf);
    },
    async update(id, change, act) {
      database.transaction(() => {
        const machine = readBy('id', id);
        if (!machine) return;
        write({ ...machine, ...change });
        if (act) chains.append(act);
      });
    },
    async allOffline() {
      database.run('UPDATE machines SET online = 0 WHERE online = 1');
    },

    async addEnrolment(record, act) {
      database.transaction(() => {
        database.run(
          'INSERT INTO enrolment_tokens (hash, id, device_id, expires_at_ms) VALUES (?, ?, ?, ?)',
          record.hash,
          record.id,
          record.device_id,
          record.expires_at_ms,
        );
        if (act) chains.append(act);
      });
    },
    async enrol(enrolment, act) {
      return database.transaction(() => {
        const token = database.get(
          'SELECT * FROM enrolment_tokens WHERE hash = ? AND device_id = ?',
          enrolment.hash,
          enrolment.device_id,
        );
        if (!token) return 'unknown';
        const known = keyBy('thumbprint', enrolment.thumbprint);
        if (token['used_by'] !== null) {
          const again = known && token['used_by'] === enrolment.thumbprint;
          return again && known.revoked_at_ms === undefined ? { key: known, revoked: [] } : 'used';
        }
        if (number(token, 'expires_at_ms') <= enrolment.now_ms) return 'expired';
        if (known) return 'key_taken';

        const machine: MachineRecord = {
          ...(readBy('device_id', enrolment.device_id) ?? {
            id: enrolment.machine_id,
            device_id: enrolment.device_id,
            online: false,
            enrolled_at_ms: enrolment.now_ms,
          }),
          quarantined: false,
        };
        write(machine);
        const revoked = keysOf(machine.id).filter((key) => key.revoked_at_ms === undefined);
        database.run(
          'UPDATE machine_keys SET revoked_at_ms = ? WHERE machine_id = ? AND revoked_at_ms IS NULL',
          enrolment.now_ms,
          machine.id,
        );
        database.run(
          `INSERT INTO machine_keys (id, machine_id, device_id, thumbprint, public_key, created_at_ms)
           VALUES (?, ?, ?, ?, ?, ?)`,
          enrolment.key_id,
          machine.id,
          machine.device_id,
          enrolment.thumbprint,
          JSON.stringify(enrolment.public_key),
          enrolment.now_ms,
        );
        database.run(
          'UPDATE enrolment_tokens SET used_by = ? WHERE hash = ?',
          enrolment.thumbprint,
          enrolment.hash,
        );
        if (act) chains.append(act);
        const key = keyBy('id', enrolment.key_id);
        if (!key) throw new Error('a key that was just written is not there');
        return { key, revoked };
      });
    },

    async keyByThumbprint(thumbprint) {
      return keyBy('thumbprint', thumbprint);
    },
    async keys(machine_id) {
      return keysOf(machine_id);
    },
    async keyUsed(id, nowMs) {
      database.run('UPDATE machine_keys SET last_used_at_ms = ? WHERE id = ?', nowMs, id);
    },
    async revokeKey(machine_id, id, nowMs, act) {
      database.transaction(() => {
        const revoked = database.run(
          'UPDATE machine_keys SET revoked_at_ms = ? WHERE id = ? AND machine_id = ? AND revoked_at_ms IS NULL',
          nowMs,
          id,
          machine_id,
        );
        if (revoked === 1 && act) chains.append(act);
      });
      const key = keyBy('id', id);
      return key?.machine_id === machine_id ? key : undefined;
    },
  };
}
