// What every Store has to keep, whatever it is made of. A version calls this with how to open it.
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newId, NodeId, DeviceId, type SessionId } from '@guruconnect/contract/ids';
import type { JournalEvent } from '@guruconnect/contract/journal';
import type { SessionRecord } from '../src/store/session-record.ts';
import { StoreConflict, type CodeRecord, type Store } from '../src/store/store.ts';
import { newMachineKey } from './fake-agent.ts';
import { sessionRecord } from './records.ts';

const deviceId = (name: string): DeviceId => DeviceId.parse(name);
const nodeId = (name: string): NodeId => NodeId.parse(name);

const event = (record: SessionRecord, seq: number): JournalEvent => ({
  seq,
  session_id: record.id,
  type: 'session.created',
  at: new Date(0).toISOString(),
  data: { nested: { list: [1, 'two', null] } },
});

export function storeContract(name: string, open: () => Promise<Store>): void {
  describe(`a store (${name})`, () => {
    let store: Store;
    beforeEach(async () => {
      store = await open();
    });
    afterEach(() => store.close());

    describe('sessions', () => {
      it('are read as they were written, with their events', async () => {
        const record = sessionRecord({ last_seq: 2, metadata: { a: 'ü', __proto__: 'x' } });
        await store.sessions.create(record, [event(record, 1), event(record, 2)]);
        expect(await store.sessions.read(record.id)).toEqual(record);
        expect(await store.sessions.read(newId('ses'))).toBeUndefined();
        expect(await store.sessions.events(record.id, 0, 10)).toEqual([
          event(record, 1),
          event(record, 2),
        ]);
        expect(await store.sessions.events(record.id, 1, 10)).toEqual([event(record, 2)]);
        expect(await store.sessions.events(record.id, 0, 1)).toEqual([event(record, 1)]);
      });

      it('change only from the revision that was read: of two writers one learns that it lost', async () => {
        const record = sessionRecord();
        await store.sessions.create(record, []);
        const next = { ...record, rev: 1, state: 'connecting' as const };
        const outcomes = await Promise.allSettled([
          store.sessions.commit(next, [event(record, 1)]),
          store.sessions.commit({ ...next, reason: 'other' }, [event(record, 1)]),
        ]);
        expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
        const lost = outcomes.find(({ status }) => status === 'rejected') as PromiseRejectedResult;
        expect(lost.reason).toBeInstanceOf(StoreConflict);
        expect(await store.sessions.events(record.id, 0, 10)).toHaveLength(1);
      });

      it('and their events are written together or not at all', async () => {
        const record = sessionRecord();
        await store.sessions.create(record, [event(record, 1)]);
        const broken = store.sessions.commit({ ...record, rev: 1, reason: 'never' }, [
          event(record, 1),
        ]);
        await expect(broken).rejects.toThrow();
        expect((await store.sessions.read(record.id))?.reason).toBe(record.reason);
      });

      it('are listed newest first, filtered, page by page', async () => {
        const records = [1, 2, 3, 4].map((n) =>
          sessionRecord({
            id: newId('ses', 1_000_000 + n),
            device_id: deviceId(n % 2 ? 'odd' : 'even'),
            client_ref: `ref-${n}`,
            state: n === 4 ? 'ended' : 'waiting_agent',
          }),
        );
        for (const record of records) await store.sessions.create(record, []);
        const ids = async (filter: object): Promise<string[]> =>
          (await store.sessions.list({ limit: 10, ...filter })).map(
            ({ client_ref }) => client_ref ?? '',
          );
        expect(await ids({})).toEqual(['ref-4', 'ref-3', 'ref-2', 'ref-1']);
        expect(await ids({ limit: 2 })).toEqual(['ref-4', 'ref-3']);
        expect(await ids({ before: records[2]?.id })).toEqual(['ref-2', 'ref-1']);
        expect(await ids({ device_id: 'odd' })).toEqual(['ref-3', 'ref-1']);
        expect(await ids({ state: 'ended' })).toEqual(['ref-4']);
        expect(await ids({ client_ref: 'ref-2' })).toEqual(['ref-2']);
        expect((await store.sessions.listOpen()).map(({ state }) => state)).not.toContain('ended');
      });

      it('of one device share a client_ref only one after the other', async () => {
        const device_id = deviceId('device-1');
        const of = (change: Partial<SessionRecord> = {}): SessionRecord =>
          sessionRecord({ id: newId('ses'), device_id, client_ref: 'ticket-1', ...change });
        const [one, two] = [of(), of()];
        const saved = { scope: 's', key: 'k', request_hash: 'h', answer: '{}', expires_at_ms: 9 };
        expect(await store.sessions.create(one, [event(one, 1)])).toBeUndefined();
        expect(await store.sessions.create(two, [event(two, 1)], { saved })).toBe(one.id);
        // Nothing of the second was written.
        expect(await store.sessions.read(two.id)).toBeUndefined();
        expect(await store.sessions.events(two.id, 0, 10)).toEqual([]);
        expect(await store.savedAnswer('s', 'k', 1)).toBeUndefined();
        const others = [of({ device_id: deviceId('device-2') }), of({ client_ref: 'ticket-2' })];
        for (const other of others) expect(await store.sessions.create(other, [])).toBeUndefined();
        await store.sessions.commit({ ...one, rev: one.rev + 1, state: 'ended' }, []);
        expect(await store.sessions.create(two, [])).toBeUndefined();
      });

      it('keep the answer to their Idempotency-Key until it expires', async () => {
        const saved = { scope: 's', key: 'k', request_hash: 'h', answer: '{}', expires_at_ms: 100 };
        await store.sessions.create(sessionRecord(), [], { saved });
        expect(await store.savedAnswer('s', 'k', 99)).toEqual(saved);
        expect(await store.savedAnswer('s', 'k', 100)).toBeUndefined();
        expect(await store.savedAnswer('other', 'k', 99)).toBeUndefined();
      });
    });

    it('writes the first code of a session with it, or not at all', async () => {
      const record = sessionRecord({ client_ref: 'ticket-1' });
      const code = (id: SessionId, hash: string): CodeRecord => ({
        ...{ hash, session_id: id, grants: ['view'], expires_at_ms: 100 },
        technician: { id: 't', name: 'T' },
      });
      await store.sessions.create(record, [], { code: code(record.id, 'one') });
      expect(await store.codes.take('one', record.id, 1)).toMatchObject({ hash: 'one' });
      const second = { ...record, id: newId('ses') };
      const beside = { code: code(second.id, 'two') };
      expect(await store.sessions.create(second, [], beside)).toBe(record.id);
      expect(await store.codes.take('two', second.id, 1)).toBe('unknown');
    });

    describe('placements', () => {
      it('of one session never get an epoch twice, also after they are removed', async () => {
        const record = sessionRecord();
        await store.sessions.create(record, []);
        const epochs: number[] = [];
        for (let i = 0; i < 3; i += 1) {
          const placement = await store.placements.reserve(record.id, nodeId('node-1'));
          epochs.push(placement.epoch);
          await store.placements.remove(placement);
        }
        expect(epochs).toEqual([1, 2, 3]);
        const parallel = await Promise.all(
          Array.from({ length: 10 }, () => store.placements.reserve(record.id, nodeId('node-1'))),
        );
        expect(new Set(parallel.map(({ epoch }) => epoch)).size).toBe(10);
      });

      it('are found by node and by session until they are removed', async () => {
        const id = newId('ses');
        const one = await store.placements.reserve(id, nodeId('node-1'));
        const two = await store.placements.reserve(id, nodeId('node-2'));
        expect(await store.placements.onNode(nodeId('node-1'))).toEqual([one]);
        expect(await store.placements.ofSession(id)).toEqual([one, two]);
        await store.placements.remove(one);
        await store.placements.remove(one);
        expect(await store.placements.onNode(nodeId('node-1'))).toEqual([]);
      });
    });

    describe('viewer codes', () => {
      const code = (session_id: SessionId, change: Partial<CodeRecord> = {}): CodeRecord => ({
        hash: randomUUID(),
        session_id,
        technician: { id: 't', name: 'T' },
        grants: ['view'],
        expires_at_ms: 1000,
        ...change,
      });

      it('are taken by one of many takers, only for their session, only in time', async () => {
        const id = newId('ses');
        const given = code(id);
        await store.codes.add(given);
        expect(await store.codes.take(given.hash, newId('ses'), 1)).toBe('unknown');
        expect(await store.codes.take('nonsense', id, 1)).toBe('unknown');
        const takers = await Promise.all(
          Array.from({ length: 20 }, () => store.codes.take(given.hash, id, 999)),
        );
        expect(takers.filter((taken) => taken === 'used')).toHaveLength(19);
        expect(takers.find((taken) => taken !== 'used')).toEqual(given);

        const late = code(id);
        await store.codes.add(late);
        expect(await store.codes.take(late.hash, id, 1000)).toBe('expired');
      });
    });

    describe('machines', () => {
      let keysMade = 0;
      const enrol = async (device: string, hash: string = randomUUID()) => {
        const key = await newMachineKey();
        keysMade += 1;
        return {
          hash,
          device_id: deviceId(device),
          machine_id: newId('mch'),
          // Ids of one millisecond have no order.
          key_id: newId('mky', keysMade),
          public_key: key.publicKey,
          thumbprint: key.thumbprint,
          now_ms: 500,
        };
      };
      const token = async (device: string, expires_at_ms = 1000): Promise<string> => {
        const hash = randomUUID();
        await store.machines.addEnrolment({
          id: newId('enr'),
          hash,
          device_id: deviceId(device),
          expires_at_ms,
        });
        return hash;
      };

      it('are enrolled once with a token, and again with the same key the same', async () => {
        const hash = await token('d1');
        const first = await enrol('d1', hash);
        expect(await store.machines.enrol({ ...first, device_id: deviceId('d2') })).toBe('unknown');
        expect(await store.machines.enrol({ ...first, hash: 'x' })).toBe('unknown');
        const enrolled = await store.machines.enrol(first);
        expect(enrolled).toMatchObject({ key: { thumbprint: first.thumbprint }, revoked: [] });
        expect(await store.machines.enrol({ ...first, key_id: newId('mky') })).toEqual(enrolled);
        expect(await store.machines.enrol(await enrol('d1', hash))).toBe('used');
        expect(await store.machines.read(deviceId('d1'))).toMatchObject({
          id: first.machine_id,
          online: false,
          quarantined: false,
          enrolled_at_ms: 500,
        });
      });

      it('refuse late tokens and keys that are registered already', async () => {
        expect(await store.machines.enrol(await enrol('d1', await token('d1', 500)))).toBe(
          'expired',
        );
        const first = await enrol('d1', await token('d1'));
        await store.machines.enrol(first);
        const second = await enrol('d2', await token('d2'));
        expect(await store.machines.enrol({ ...second, thumbprint: first.thumbprint })).toBe(
          'key_taken',
        );
      });

      it('enrolled again keep their id, lose their keys and their quarantine', async () => {
        const first = await enrol('d1', await token('d1'));
        await store.machines.enrol(first);
        await store.machines.update(first.machine_id, { quarantined: true });
        const second = await enrol('d1', await token('d1'));
        const outcome = await store.machines.enrol(second);
        expect(outcome).toMatchObject({
          key: { machine_id: first.machine_id, id: second.key_id },
          revoked: [{ id: first.key_id }],
        });
        expect(await store.machines.read(deviceId('d1'))).toMatchObject({ quarantined: false });
        expect((await store.machines.keyByThumbprint(first.thumbprint))?.revoked_at_ms).toBe(500);
        expect((await store.machines.keys(first.machine_id)).map(({ id }) => id)).toEqual([
          second.key_id,
          first.key_id,
        ]);
      });

      it('tell presence, also after a process that had them online is gone', async () => {
        const first = await enrol('d1', await token('d1'));
        await store.machines.enrol(first);
        await store.machines.update(first.machine_id, { online: true, last_seen_at_ms: 7 });
        expect(await store.machines.list({ online: true, limit: 5 })).toMatchObject([
          { device_id: 'd1', last_seen_at_ms: 7 },
        ]);
        await store.machines.allOffline();
        expect(await store.machines.list({ online: true, limit: 5 })).toEqual([]);
        expect(await store.machines.list({ online: false, limit: 5 })).toHaveLength(1);
      });

      it('are listed by device_id, page by page', async () => {
        for (const device of ['b', 'a', 'c'])
          await store.machines.enrol(await enrol(device, await token(device)));
        const ids = async (after?: string): Promise<string[]> =>
          (await store.machines.list({ after, limit: 2 })).map(({ device_id }) => device_id);
        expect(await ids()).toEqual(['a', 'b']);
        expect(await ids('b')).toEqual(['c']);
      });

      it('have keys that are revoked once, and only by their own machine', async () => {
        const first = await enrol('d1', await token('d1'));
        await store.machines.enrol(first);
        expect(await store.machines.revokeKey(newId('mch'), first.key_id, 600)).toBeUndefined();
        await store.machines.keyUsed(first.key_id, 550);
        const revoked = await store.machines.revokeKey(first.machine_id, first.key_id, 600);
        expect(revoked).toMatchObject({ revoked_at_ms: 600, last_used_at_ms: 550 });
        const again = await store.machines.revokeKey(first.machine_id, first.key_id, 700);
        expect(again).toEqual(revoked);
      });
    });

    it('takes a name once until it expires, whoever asks at the same time', async () => {
      const taken = await Promise.all(Array.from({ length: 10 }, () => store.once('proof', 100)));
      expect(taken.filter(Boolean)).toHaveLength(1);
      await store.purge({ nowMs: 101, sessionsEndedBeforeMs: 0 });
      expect(await store.once('proof', 200)).toBe(true);
    });

    it('has one first signing key, also when two processes start at the same time', async () => {
      const key = (kid: string) => ({ kid, private_jwk: '{}', created_at_ms: 1 });
      await Promise.all([
        store.signingKeys.addFirst(key('a')),
        store.signingKeys.addFirst(key('b')),
      ]);
      expect(await store.signingKeys.list()).toHaveLength(1);
    });

    describe('forgetting', () => {
      const ended = (change: Partial<SessionRecord> = {}): SessionRecord =>
        sessionRecord({ id: newId('ses'), state: 'ended', ended_at_ms: 100, ...change });
      /** As it goes in life: created open, then ended. */
      const write = async (record: SessionRecord): Promise<void> => {
        const open = { ...record, state: 'waiting_agent' as const, ended_at_ms: undefined };
        await store.sessions.create(open, [event(record, 1)]);
        await store.sessions.commit({ ...record, rev: record.rev + 1 }, [event(record, 2)]);
      };
      const due = { nowMs: 1000, sessionsEndedBeforeMs: 101 };

      it('takes sessions that ended long ago, with their events, and no others', async () => {
        const [old, recent] = [ended(), ended({ ended_at_ms: 101 })];
        const running = sessionRecord({ id: newId('ses') });
        for (const record of [old, recent]) await write(record);
        await store.sessions.create(running, [event(running, 1)]);
        await store.purge(due);
        expect(await store.sessions.read(old.id)).toBeUndefined();
        expect(await store.sessions.events(old.id, 0, 10)).toEqual([]);
        expect(await store.sessions.events(recent.id, 0, 10)).toHaveLength(2);
        expect(await store.sessions.read(running.id)).toEqual(running);
      });

      it('leaves a session whose router is still to be closed', async () => {
        const record = ended();
        await write(record);
        const placement = await store.placements.reserve(record.id, nodeId('node-1'));
        await store.purge(due);
        expect(await store.sessions.read(record.id)).toBeDefined();
        await store.placements.remove(placement);
        await store.purge(due);
        expect(await store.sessions.read(record.id)).toBeUndefined();
      });

      it('of very many lets others go on in between, and stops when told to', async () => {
        const records = Array.from({ length: 200 }, () => ended());
        for (const record of records) await write(record);
        const stop = new AbortController();
        const stopped = store.purge(due, stop.signal);
        stop.abort();
        await stopped;
        expect(await store.sessions.list({ limit: 300 })).toHaveLength(200);

        let isOver = false;
        const purging = store.purge(due).finally(() => {
          isOver = true;
        });
        const left = new Set<number>();
        while (!isOver) {
          left.add((await store.sessions.list({ limit: 300 })).length);
          await new Promise(setImmediate);
        }
        await purging;
        expect(left.size).toBeGreaterThan(3);
        expect(await store.sessions.list({ limit: 300 })).toEqual([]);
      });
    });

    it('says that it works while it does, and forgets only what has expired', async () => {
      await store.check();
      const record = sessionRecord();
      await store.sessions.create(record, [event(record, 1)]);
      await store.purge({ nowMs: Number.MAX_SAFE_INTEGER, sessionsEndedBeforeMs: 0 });
      expect(await store.sessions.events(record.id, 0, 10)).toHaveLength(1);
      await store.close();
      await expect(store.check()).rejects.toThrow();
      await store.close();
    });
  });
}
