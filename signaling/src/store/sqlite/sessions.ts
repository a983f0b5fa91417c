// Sessions and their journals in SQLite.
import { SessionId } from '@guruconnect/contract/ids';
import { JournalEvent } from '@guruconnect/contract/journal';
import { SessionRecord } from '../session-record.ts';
import { StoreConflict, type SessionStore } from '../store.ts';
import { saveAnswer } from './answers.ts';
import type { AuditChains } from './audit-chains.ts';
import { addCode } from './viewer-codes.ts';
import { text, type Database, type Row } from './database.ts';

const recordOf = (row: Row): SessionRecord => SessionRecord.parse(JSON.parse(text(row, 'record')));

/** @param onAppended what is written in the same transaction as an event. */
export function sqliteSessions(
  database: Database,
  chains: AuditChains,
  onAppended: (event: JournalEvent) => void,
): SessionStore {
  const append = (events: readonly JournalEvent[]): void => {
    for (const event of events) {
      chains.appendEvent(event);
      onAppended(event);
    }
  };

  /** The chain of the server names the head of the session's. */
  const anchor = (
    act: 'session.created' | 'session.ended',
    { id }: SessionRecord,
    event: JournalEvent | undefined,
    details: Record<string, unknown>,
  ): void => {
    if (!event) return;
    chains.append({
      act,
      actor: event.actor ?? { kind: 'server' },
      subject: { kind: 'session', id },
      details: { ...details, anchor: chains.anchor(id) },
      at_ms: Date.parse(event.at),
    });
  };

  const openWith = ({ client_ref, device_id }: SessionRecord): SessionId | undefined => {
    const row = database.get(
      `SELECT id FROM sessions WHERE client_ref = ? AND device_id = ? AND state <> 'ended'
       ORDER BY id DESC LIMIT 1`,
      client_ref ?? null,
      device_id,
    );
    return row && SessionId.parse(row['id']);
  };

  return {
    async create(record, events, { code, saved } = {}) {
      return database.transaction(() => {
        const taken = record.client_ref === undefined ? undefined : openWith(record);
        if (taken !== undefined) return taken;
        database.run(
          'INSERT INTO sessions (id, rev, device_id, state, client_ref, record) VALUES (?, ?, ?, ?, ?, ?)',
          record.id,
          record.rev,
          record.device_id,
          record.state,
          record.client_ref ?? null,
          JSON.stringify(record),
        );
        append(events);
        const { device_id, mode, technician, grants, reason, client_ref } = record;
        const asked = { device_id, mode, technician, grants, reason, client_ref };
        anchor('session.created', record, events[0], asked);
        if (code) addCode(database, code);
        if (saved) saveAnswer(database, saved);
        return undefined;
      });
    },

    async commit(record, events) {
      database.transaction(() => {
        const changed = database.run(
          `UPDATE sessions SET rev = ?, state = ?, ended_at_ms = ?, unanchored = iif(?, ?, unanchored),
             record = ? WHERE id = ? AND rev = ?`,
          record.rev,
          record.state,
          record.ended_at_ms ?? null,
          events.length,
          record.state === 'ended' ? 0 : 1,
          JSON.stringify(record),
          record.id,
          record.rev - 1,
        );
        if (changed !== 1)
          throw new StoreConflict(`session ${record.id} is not at ${record.rev - 1}`);
        append(events);
        if (record.state === 'ended')
          anchor('session.ended', record, events.at(-1), { end_reason: record.end_reason });
      });
    },

    async read(id) {
      const row = database.get('SELECT record FROM sessions WHERE id = ?', id);
      return row ? recordOf(row) : undefined;
    },

    async list({ device_id, state, client_ref, before, limit }) {
      const conditions = ['1'];
      const values: string[] = [];
      const add = (condition: string, value: string | undefined): void => {
        if (value === undefined) return;
        conditions.push(condition);
        values.push(value);
      };
      add('device_id = ?', device_id);
      add('state = ?', state);
      add('client_ref = ?', client_ref);
      add('id < ?', before);
      return database
        .all(
          `SELECT record FROM sessions WHERE ${conditions.join(' AND ')} ORDER BY id DESC LIMIT ?`,
          ...values,
          limit,
        )
        .map(recordOf);
    },

    async listOpen() {
      return database.all("SELECT record FROM sessions WHERE state <> 'ended'").map(recordOf);
    },

    async events(id, after, limit) {
      return database
        .all(
          'SELECT event FROM journal WHERE session_id = ? AND seq > ? ORDER BY seq LIMIT ?',
          id,
          after,
          limit,
        )
        .map((row) => JournalEvent.parse(JSON.parse(text(row, 'event'))));
    },
  };
}
