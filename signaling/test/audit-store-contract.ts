// What every AuditStore has to keep, and every other part of a store that writes into the audit.
import { randomBytes, randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AuditEntry } from '@guruconnect/contract/audit';
import { newId, WebhookId } from '@guruconnect/contract/ids';
import type { JournalEvent } from '@guruconnect/contract/journal';
import { checkpointKey, signCheckpoint } from '@guruconnect/contract/node/audit-chain';
import { verifyAudit } from '@guruconnect/contract/node/audit-verifier';
import type { AuditAct } from '../src/store/audit.ts';
import type { SessionRecord } from '../src/store/session-record.ts';
import type { Store } from '../src/store/store.ts';
import { sessionRecord } from './records.ts';

const KEY = checkpointKey(randomBytes(32).toString('base64url'));
const KEYS = [{ key_id: KEY.keyId, public_key: KEY.publicKey }];
const MANY = 10_000;

const act = (name: AuditAct['act'] = 'webhook.created'): AuditAct => ({
  act: name,
  actor: { kind: 'operator' },
  subject: { kind: 'webhook', id: 'whk_x' },
  details: { nested: { list: [1, 'ü', null] }, gone: undefined },
  at_ms: 5,
});

const event = ({ id }: SessionRecord, seq: number, type: JournalEvent['type']): JournalEvent => ({
  seq,
  session_id: id,
  type,
  at: new Date(seq).toISOString(),
  data: { text: '\u2028 "ü"', more: { b: 1, a: [0.1] } },
  actor: { kind: 'integrator', id: 'gik_x' },
});

export function auditStoreContract(name: string, open: () => Promise<Store>): void {
  describe(`the audit of a store (${name})`, () => {
    let store: Store;
    beforeEach(async () => {
      store = await open();
    });
    afterEach(() => store.close());

    const acts = async (): Promise<string[]> =>
      (await store.audit.entries(0, MANY)).map((entry) => entry.act);
    const begin = async (change: Partial<SessionRecord> = {}): Promise<SessionRecord> => {
      const record = sessionRecord({ id: newId('ses'), ...change });
      await store.sessions.create(record, [
        event(record, 1, 'session.created'),
        event(record, 2, 'session.placed'),
      ]);
      return record;
    };
    const end = (record: SessionRecord, seq = 3): Promise<void> =>
      store.sessions.commit({ ...record, rev: record.rev + 1, state: 'ended', ended_at_ms: 100 }, [
        event(record, seq, 'session.ended'),
      ]);
    const checkpoint = async (atMs = 0): Promise<void> => {
      const last = await store.audit.last();
      if (last) await store.audit.addCheckpoint(signCheckpoint(last, atMs, KEY));
    };
    const verify = async (sessions: readonly SessionRecord[]) => {
      const chains: { id: string; entries: AuditEntry[] }[] = [];
      for (const { id } of sessions)
        chains.push({ id, entries: await store.audit.sessionEntries(id, 0, MANY) });
      const server = await store.audit.entries(0, MANY);
      const checkpoints = await store.audit.checkpoints(0, MANY);
      return verifyAudit(
        { server, sessions: chains.filter(({ entries }) => entries.length > 0) },
        checkpoints,
        KEYS,
      );
    };

    it('is a chain, page by page, and what is read is what was hashed', async () => {
      for (let i = 0; i < 5; i += 1) await store.audit.append(act());
      const all = await store.audit.entries(0, MANY);
      expect(all.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
      expect(await store.audit.entries(2, 2)).toEqual(all.slice(2, 4));
      expect(await store.audit.last()).toEqual(all[4]);
      expect(all[0]).toMatchObject({ act: 'webhook.created', actor: { kind: 'operator' } });
      await checkpoint();
      expect(await verify([])).toMatchObject({ faults: [], provenSeq: 5 });
    });

    it('is one chain also when many write at the same time', async () => {
      await Promise.all([
        ...Array.from({ length: 20 }, () => store.audit.append(act())),
        ...Array.from({ length: 20 }, () => begin()),
      ]);
      const seqs = (await store.audit.entries(0, MANY)).map(({ seq }) => seq);
      expect(seqs).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
    });

    it('names a session’s chain at its beginning and its end', async () => {
      const record = await begin();
      await end(record);
      const [created, ended] = await store.audit.entries(0, MANY);
      const own = await store.audit.sessionEntries(record.id, 0, MANY);
      expect(own.map(({ act: name_, actor }) => [name_, actor.id])).toEqual([
        ['session.created', 'gik_x'],
        ['session.placed', 'gik_x'],
        ['session.ended', 'gik_x'],
      ]);
      expect(await store.audit.sessionEntries(record.id, 1, 1)).toEqual([own[1]]);
      expect(created).toMatchObject({
        act: 'session.created',
        actor: { kind: 'integrator', id: 'gik_x' },
        subject: { kind: 'session', id: record.id },
        details: {
          device_id: record.device_id,
          anchor: { session_id: record.id, seq: 2, hash: own[1]?.hash },
        },
      });
      expect(ended).toMatchObject({
        act: 'session.ended',
        details: { anchor: { seq: 3, hash: own[2]?.hash } },
      });
      expect((await verify([record])).faults).toEqual([]);
    });

    it('names how far running sessions have come, each once', async () => {
      const records = [await begin(), await begin(), await begin()];
      const [first, second] = records as [SessionRecord, SessionRecord, SessionRecord];
      for (const record of [first, second])
        await store.sessions.commit({ ...record, rev: 1 }, [event(record, 3, 'agent.connected')]);
      await end({ ...second, rev: 1 }, 4);
      await store.audit.anchorSessions(7);
      await store.audit.anchorSessions(8);
      const anchored = (await store.audit.entries(0, MANY)).filter(
        (entry) => entry.act === 'sessions.anchored',
      );
      expect(anchored).toHaveLength(1);
      expect(anchored[0]?.details['anchors']).toMatchObject([{ session_id: first.id, seq: 3 }]);
      expect((await verify(records)).faults).toEqual([]);
    });

    it('writes nothing of what was not done', async () => {
      const record = await begin();
      const before = await acts();
      await expect(
        store.sessions.commit({ ...record, rev: 5, state: 'ended' }, [
          event(record, 3, 'session.ended'),
        ]),
      ).rejects.toThrow();
      await expect(
        store.sessions.commit({ ...record, rev: 1, state: 'ended' }, [
          event(record, 2, 'session.ended'),
        ]),
      ).rejects.toThrow();
      const { machines, integratorKeys, webhooks, codes } = store;
      await machines.revokeKey(newId('mch'), newId('mky'), 1, act());
      await machines.update(newId('mch'), { quarantined: true }, act());
      await integratorKeys.revoke(newId('gik'), 1, act());
      await webhooks.remove(newId('whk'), act());
      await webhooks.enable(newId('whk'), act());
      await webhooks.disable(newId('whk'), 'gone', act());
      await webhooks.setKeys(newId('whk'), '', [], act());
      await codes.take('unknown', record.id, 1, () => act());
      expect(await acts()).toEqual(before);
      expect(await store.audit.sessionEntries(record.id, 0, MANY)).toHaveLength(2);
    });

    it('has an entry for each change, and none for a change that was made before', async () => {
      const { integratorKeys, webhooks, codes, machines } = store;
      const key = {
        id: newId('gik'),
        public_id: 'p',
        hash: 'h',
        name: 'n',
        scopes: [],
        created_at_ms: 1,
      };
      await integratorKeys.add(key, 1, act('integrator_key.minted'));
      await integratorKeys.add(
        { ...key, id: newId('gik'), public_id: 'q' },
        1,
        act('integrator_key.minted'),
      );
      for (let i = 0; i < 2; i += 1)
        await integratorKeys.revoke(key.id, 1, act('integrator_key.revoked'));

      const id = WebhookId.parse(newId('whk'));
      const webhook = { id, url: 'u', public_key: '', keys: [], created_at_ms: 1 };
      await webhooks.add(webhook, 1, act('webhook.created'));
      for (let i = 0; i < 2; i += 1) {
        await webhooks.disable(id, 'by_integrator', act('webhook.disabled'));
        await webhooks.setKeys(id, '', [], i === 0 ? act('webhook.secret_rotated') : undefined);
      }
      for (let i = 0; i < 2; i += 1) await webhooks.enable(id, act('webhook.enabled'));
      for (let i = 0; i < 2; i += 1) await webhooks.remove(id, act('webhook.removed'));

      const record = sessionRecord();
      const code = {
        hash: randomUUID(),
        session_id: record.id,
        technician: { id: 't', name: 'T' },
        grants: [],
        expires_at_ms: 9,
      };
      await codes.add(code, act('viewer_code.minted'));
      for (let i = 0; i < 2; i += 1)
        await codes.take(code.hash, record.id, 1, () => act('viewer_code.exchanged'));
      await machines.addEnrolment(
        { id: newId('enr'), hash: 'x', device_id: record.device_id, expires_at_ms: 9 },
        act('enrolment_token.minted'),
      );
      expect(await acts()).toEqual([
        'integrator_key.minted',
        'integrator_key.revoked',
        'webhook.created',
        'webhook.disabled',
        'webhook.secret_rotated',
        'webhook.enabled',
        'webhook.removed',
        'viewer_code.minted',
        'viewer_code.exchanged',
        'enrolment_token.minted',
      ]);
    });

    it('stays whole when sessions are forgotten, and says that they were', async () => {
      const [gone, kept] = [await begin(), await begin()];
      await end(gone);
      await store.purge({ nowMs: 1000, sessionsEndedBeforeMs: 101 });
      await checkpoint();
      expect(await acts()).toContain('sessions.forgotten');
      expect(await store.audit.sessionEntries(gone.id, 0, MANY)).toEqual([]);
      expect((await verify([gone, kept])).faults).toEqual([]);
    });

    it('lets its oldest entries go up to a checkpoint of then, and stays whole', async () => {
      for (let i = 0; i < 1200; i += 1) await store.audit.append(act());
      await checkpoint(100);
      for (let i = 0; i < 10; i += 1) await store.audit.append(act());
      await checkpoint(500);
      const due = { nowMs: 1000, sessionsEndedBeforeMs: 0 };
      await store.purge({ ...due, auditBeforeMs: 100 });
      expect(await acts()).toHaveLength(1210);
      await store.purge({ ...due, auditBeforeMs: 101 });
      await store.purge({ ...due, auditBeforeMs: 101 });
      await checkpoint(600);
      const entries = await store.audit.entries(0, MANY);
      expect(entries[0]?.seq).toBe(1200);
      expect(entries.at(-1)).toMatchObject({ act: 'audit.cut', seq: 1211 });
      expect((await verify([])).faults).toEqual([]);
    });

    it('tells a checkpoint to each webhook that asked for it by name, in order, once', async () => {
      const webhook = { url: 'u', public_key: '', keys: [], created_at_ms: 1 };
      const [asking, all] = [newId('whk'), newId('whk')];
      await store.webhooks.add({ ...webhook, id: asking, events: ['audit.checkpoint'] }, 9);
      await store.webhooks.add({ ...webhook, id: all }, 9);
      const next = async () => (await store.webhooks.heads(asking, 9)).map(({ event }) => event);
      for (let i = 0; i < 2; i += 1) {
        await store.audit.append(act());
        await checkpoint();
        await checkpoint();
      }
      expect(await store.webhooks.heads(all, 9)).toEqual([]);
      const [first, second] = await store.audit.checkpoints(0, 9);
      expect(await next()).toMatchObject([{ seq: 1, checkpoint: first }]);
      const settle = async (kind: 'delivered' | 'failed') => {
        const [head] = await store.webhooks.heads(asking, 1);
        if (!head) throw new Error('nothing is pending');
        const times = { started_at_ms: 1, ended_at_ms: 2 };
        await store.webhooks.settle({ id: head.id, webhook_id: asking, ...times, next: { kind } });
      };
      await settle('delivered');
      expect(await next()).toMatchObject([{ seq: 2, checkpoint: second }]);
      await settle('failed');
      expect(await next()).toEqual([]);
      expect(await store.webhooks.replay(asking, undefined, 3)).toBe(1);
      expect(await next()).toMatchObject([{ seq: 2 }]);
    });

    it('keeps checkpoints in order and keys newest first, each once', async () => {
      await store.audit.append(act());
      await checkpoint();
      await checkpoint();
      await store.audit.append(act());
      await checkpoint();
      expect((await store.audit.checkpoints(0, MANY)).map(({ seq }) => seq)).toEqual([1, 2]);
      expect((await store.audit.checkpoints(1, MANY)).map(({ seq }) => seq)).toEqual([2]);
      expect((await store.audit.lastCheckpoint())?.seq).toBe(2);
      const key = (key_id: string, created_at_ms: number) => ({
        key_id,
        public_key: 'x',
        created_at_ms,
      });
      for (const each of [key('a', 1), key('b', 2), key('a', 3)])
        await store.audit.addKey(each, act('audit_key.changed'));
      expect((await store.audit.keys()).map(({ key_id }) => key_id)).toEqual(['b', 'a']);
      expect(await acts()).toHaveLength(4);
    });
  });
}
