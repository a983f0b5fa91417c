// What every Store has to keep of webhooks, their deliveries and integrator keys. Called beside
// store-contract.ts by each version.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newId, type SessionId, type WebhookId } from '@guruconnect/contract/ids';
import type { EventName, JournalEvent } from '@guruconnect/contract/journal';
import type { Store } from '../src/store/store.ts';
import type { LaneHead, Settled, WebhookRecord } from '../src/store/webhooks.ts';
import { sessionRecord } from './records.ts';

const AT_MS = Date.UTC(2026, 0, 1);
const DAY_MS = 24 * 60 * 60_000;

const webhookRecord = (change: Partial<WebhookRecord> = {}): WebhookRecord => ({
  id: newId('whk'),
  url: 'https://rmm.example/hook',
  public_key: 'whpk_x',
  keys: [{ sealed: 'x.y' }, { sealed: 'x.z', until_ms: AT_MS }],
  created_at_ms: AT_MS,
  ...change,
});

export function webhookStoreContract(name: string, open: () => Promise<Store>): void {
  describe(`a store of webhooks (${name})`, () => {
    let store: Store;
    beforeEach(async () => {
      store = await open();
    });
    afterEach(() => store.close());

    const added = async (change: Partial<WebhookRecord> = {}): Promise<WebhookRecord> => {
      const webhook = webhookRecord(change);
      await store.webhooks.add(webhook, 100);
      return webhook;
    };
    const event = (session_id: SessionId, seq: number, type: EventName): JournalEvent => ({
      seq,
      session_id,
      type,
      at: new Date(AT_MS + seq).toISOString(),
      data: {},
    });
    /** A session with that many events, of these types. */
    const session = async (...types: EventName[]): Promise<SessionId> => {
      const record = sessionRecord({ last_seq: types.length });
      const events = types.map((type, index) => event(record.id, index + 1, type));
      await store.sessions.create(record, events);
      return record.id;
    };
    const heads = async (id: WebhookId): Promise<[SessionId | undefined, number][]> =>
      (await store.webhooks.heads(id, 100)).map(({ event: { session_id, seq } }) => [
        session_id,
        seq,
      ]);
    const head = async (id: WebhookId): Promise<LaneHead> => {
      const [first] = await store.webhooks.heads(id, 1);
      if (!first) throw new Error('nothing is pending');
      return first;
    };
    const settle = async (webhook_id: WebhookId, next: Settled['next'], nowMs = AT_MS + 100) => {
      const { id } = await head(webhook_id);
      await store.webhooks.settle({
        id,
        webhook_id,
        started_at_ms: nowMs - 10,
        ended_at_ms: nowMs,
        ...(next.kind === 'delivered' ? { status: 204 } : { status: 500, error: 'status' }),
        next,
      });
      return id;
    };
    const delivered = { kind: 'delivered' } as const;

    it('reads them as they were written, newest first, up to a limit', async () => {
      const first = await added({ events: ['session.live'], description: 'one' });
      const second = webhookRecord({ id: newId('whk', Date.now() + 5) });
      expect(await store.webhooks.add(second, 2)).toBe(true);
      expect(await store.webhooks.add(webhookRecord(), 2)).toBe(false);
      expect(await store.webhooks.list()).toEqual([second, first]);
      expect(await store.webhooks.read(first.id)).toEqual(first);
      expect(await store.webhooks.read(newId('whk'))).toBeUndefined();
      expect(await store.webhooks.setKeys(first.id, 'whpk_y', [{ sealed: 'n' }])).toMatchObject({
        public_key: 'whpk_y',
        keys: [{ sealed: 'n' }],
      });
    });

    it('writes a delivery with each event, for those who want it', async () => {
      const all = await added();
      const some = await added({ events: ['session.live', 'session.ended'] });
      const off = await added();
      await store.webhooks.disable(off.id, 'gone');
      const id = await session('session.created', 'session.placed', 'session.live');
      const listed = async (webhook: WebhookRecord) =>
        (await store.webhooks.deliveries({ webhook_id: webhook.id, limit: 10 })).map(
          ({ type }) => type,
        );
      expect(new Set(await listed(all))).toEqual(
        new Set(['session.created', 'session.placed', 'session.live']),
      );
      expect(await listed(some)).toEqual(['session.live']);
      expect(await listed(off)).toEqual([]);
      expect(await heads(all.id)).toEqual([[id, 1]]);
      expect(await heads(some.id)).toEqual([[id, 3]]);
    });

    it('writes no delivery of an event that was not written', async () => {
      const { id } = await added();
      const record = sessionRecord();
      await store.sessions.create(record, []);
      const stale = { ...record, rev: 7 };
      await expect(
        store.sessions.commit(stale, [event(record.id, 1, 'session.live')]),
      ).rejects.toThrow();
      expect(await heads(id)).toEqual([]);
    });

    it('gives a time to the first of each session only, and to the next when it is over', async () => {
      const { id } = await added();
      const one = await session('session.created', 'session.placed');
      const two = await session('session.created');
      expect(new Set((await heads(id)).map(String))).toEqual(new Set([`${one},1`, `${two},1`]));
      const later = await head(id);
      await settle(id, { kind: 'retry', at_ms: AT_MS + 5_000 });
      const retried = (await store.webhooks.heads(id, 10)).at(-1);
      expect(retried).toMatchObject({
        id: later.id,
        retries: 1,
        next_attempt_at_ms: AT_MS + 5_000,
        round_started_at_ms: AT_MS + 90,
      });
      const before = await heads(id);
      for (let i = 0; i < 3; i += 1) await settle(id, delivered);
      expect(before).toHaveLength(2);
      expect(await heads(id)).toEqual([]);
      expect((await store.webhooks.read(id))?.last_success_at_ms).toBe(AT_MS + 100);
    });

    it('goes on with the next when one is given up', async () => {
      const { id } = await added();
      const one = await session('session.created', 'session.placed');
      const failed = await settle(id, { kind: 'failed' });
      expect(await heads(id)).toEqual([[one, 2]]);
      const [, delivery] = await store.webhooks.deliveries({ webhook_id: id, limit: 5 });
      expect(
        (await store.webhooks.deliveries({ webhook_id: id, state: 'failed', limit: 5 })).map(
          (found) => found.id,
        ),
      ).toEqual([failed]);
      expect(delivery?.webhook_id).toBe(id);
    });

    it('gives up all that is pending when a webhook is disabled, and keeps nothing for it then', async () => {
      const { id } = await added();
      await session('session.created', 'session.placed');
      await settle(id, { kind: 'failed', disable: 'gone' });
      expect((await store.webhooks.read(id))?.disabled_reason).toBe('gone');
      await store.webhooks.disable(id, 'failing');
      expect((await store.webhooks.read(id))?.disabled_reason).toBe('gone');
      expect(await heads(id)).toEqual([]);
      await session('session.created');
      const { length } = await store.webhooks.deliveries({
        webhook_id: id,
        state: 'failed',
        limit: 9,
      });
      expect(length).toBe(2);
      expect((await store.webhooks.enable(id))?.disabled_reason).toBeUndefined();
      await session('session.created');
      expect(await heads(id)).toHaveLength(1);
    });

    it('makes pending again what failed, or all since a moment, in order', async () => {
      const { id } = await added();
      const one = await session('session.created', 'session.placed', 'session.live');
      await settle(id, { kind: 'failed' });
      await settle(id, delivered);
      // The third is on its way while the first is replayed.
      const third = await head(id);
      expect(await store.webhooks.replay(id, undefined, AT_MS + 200)).toBe(1);
      expect(await heads(id)).toEqual([[one, 1]]);
      await store.webhooks.settle({
        id: third.id,
        webhook_id: id,
        started_at_ms: AT_MS + 150,
        ended_at_ms: AT_MS + 250,
        error: 'timeout',
        next: { kind: 'retry', at_ms: AT_MS + 300 },
      });
      expect(await heads(id)).toEqual([[one, 1]]);
      expect(await store.webhooks.replay(id, AT_MS + 2, AT_MS + 400)).toBe(1);
      const order: number[] = [];
      for (let i = 0; i < 3; i += 1) {
        order.push((await head(id)).event.seq);
        await settle(id, delivered, AT_MS + 500);
      }
      expect(order).toEqual([1, 2, 3]);
      expect(await heads(id)).toEqual([]);
    });

    it('lists deliveries newest first, page by page', async () => {
      const { id } = await added();
      await session('session.created', 'session.placed', 'session.live');
      const all = await store.webhooks.deliveries({ webhook_id: id, limit: 10 });
      const ids = all.map((delivery) => delivery.id);
      expect(ids).toEqual([...ids].sort().reverse());
      const rest = await store.webhooks.deliveries({ webhook_id: id, before: ids[0], limit: 10 });
      expect(rest.map((delivery) => delivery.id)).toEqual(ids.slice(1));
    });

    it('counts what is pending', async () => {
      const { id } = await added();
      await added();
      await session('session.created', 'session.placed');
      const backlog = await store.webhooks.backlog();
      expect(backlog).toHaveLength(2);
      expect(backlog).toContainEqual({
        webhook_id: id,
        pending: 2,
        oldest_created_at_ms: AT_MS + 1,
      });
    });

    it('removes a webhook with all that was for it, also what is on its way', async () => {
      const { id } = await added();
      await session('session.created');
      const { id: onItsWay } = await head(id);
      expect((await store.webhooks.remove(id))?.id).toBe(id);
      expect(await store.webhooks.remove(id)).toBeUndefined();
      await store.webhooks.settle({
        id: onItsWay,
        webhook_id: id,
        started_at_ms: AT_MS,
        ended_at_ms: AT_MS,
        next: delivered,
      });
      await store.webhooks.addFinished({
        id: newId('dlv'),
        webhook_id: id,
        type: 'webhook.test',
        state: 'delivered',
        attempts: 1,
        created_at_ms: AT_MS,
      });
      expect(await store.webhooks.deliveries({ webhook_id: id, limit: 5 })).toEqual([]);
    });

    it('forgets finished deliveries after two weeks, pending ones never', async () => {
      const { id } = await added();
      await session('session.created', 'session.placed');
      await settle(id, delivered);
      await store.purge({ nowMs: AT_MS + 13 * DAY_MS, sessionsEndedBeforeMs: 0 });
      expect(await store.webhooks.deliveries({ webhook_id: id, limit: 5 })).toHaveLength(2);
      await store.purge({ nowMs: AT_MS + 15 * DAY_MS, sessionsEndedBeforeMs: 0 });
      const [left, ...more] = await store.webhooks.deliveries({ webhook_id: id, limit: 5 });
      expect([left?.state, more]).toEqual(['pending', []]);
    });

    it('keeps a session for as long as somebody is to hear of it', async () => {
      const { id } = await added();
      const record = await store.sessions.read(await session('session.created'));
      if (!record) throw new Error('a session was not written');
      await store.sessions.commit(
        { ...record, rev: record.rev + 1, state: 'ended', ended_at_ms: AT_MS },
        [],
      );
      const due = { nowMs: AT_MS, sessionsEndedBeforeMs: AT_MS + 1 };
      await store.purge(due);
      expect(await store.sessions.read(record.id)).toBeDefined();
      await settle(id, delivered);
      await store.purge(due);
      expect(await store.sessions.read(record.id)).toBeUndefined();
      expect(await store.webhooks.deliveries({ webhook_id: id, limit: 5 })).toEqual([]);
    });

    it('keeps minted keys, at most so many valid ones, and when they were used', async () => {
      const record = {
        public_id: 'one',
        hash: 'h',
        name: 'Ticket system',
        scopes: ['sessions:read'],
        created_at_ms: AT_MS,
      };
      const first = { ...record, id: newId('gik', AT_MS) };
      const second = {
        ...record,
        id: newId('gik', AT_MS + 1),
        public_id: 'two',
        expires_at_ms: AT_MS + 1000,
      };
      const third = { ...record, id: newId('gik', AT_MS + 2), public_id: 'three' };
      const keys = store.integratorKeys;
      expect([await keys.add(first, 2), await keys.add(second, 2)]).toEqual([true, true]);
      expect(await keys.add(third, 2)).toBe(false);
      expect(await keys.add({ ...third, created_at_ms: AT_MS + 1000 }, 2)).toBe(true);
      expect(await keys.find('two')).toEqual(second);
      expect(await keys.find('four')).toBeUndefined();
      expect((await keys.list()).map(({ public_id }) => public_id)).toEqual([
        'three',
        'two',
        'one',
      ]);
      expect((await keys.revoke(first.id, AT_MS + 5))?.revoked_at_ms).toBe(AT_MS + 5);
      expect((await keys.revoke(first.id, AT_MS + 6))?.revoked_at_ms).toBe(AT_MS + 5);
      expect(await keys.revoke(newId('gik'), AT_MS)).toBeUndefined();
      await keys.used(second.id, AT_MS);
      await keys.used(second.id, AT_MS + 7);
      expect(await keys.lastUses()).toEqual(new Map([[second.id, AT_MS + 7]]));
      await store.purge({ nowMs: AT_MS + 91 * DAY_MS, sessionsEndedBeforeMs: 0 });
      expect((await keys.list()).map(({ public_id }) => public_id)).toEqual(['three']);
    });
  });
}
