import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pino } from 'pino';
import { sessionRecord } from '../../test/records.ts';
import { embeddedBus } from '../store/bus.embedded.ts';
import type { Bus } from '../store/bus.ts';
import { openSqliteStore } from '../store/store.sqlite.ts';
import type { Store } from '../store/store.ts';
import { Journal } from './journal.ts';

let store: Store;
let bus: Bus;
beforeEach(() => {
  store = openSqliteStore(':memory:');
  bus = embeddedBus(pino({ level: 'silent' }));
});
afterEach(() => store.close());

const begin = async (): Promise<Journal> => {
  const fresh = sessionRecord();
  const record = await Journal.begin({ store, bus }, fresh, [
    { type: 'session.created', data: {} },
  ]);
  return new Journal(record, { store, bus }, () => undefined);
};

describe('a journal', () => {
  it('tells an event only after it and the state it describes can be read', async () => {
    const readable: boolean[] = [];
    bus.subscribe('journal.appended', ({ session_id, event, record }) => {
      void Promise.all([
        store.sessions.read(session_id),
        store.sessions.events(session_id, event.seq - 1, 1),
      ]).then(([stored, [found]]) => {
        readable.push(stored?.rev === record.rev && found?.type === event.type);
      });
    });
    const journal = await begin();
    await journal.apply({ kind: 'agent_connected' });
    await journal.apply({ kind: 'ended', end_reason: 'integrator_ended' });
    await expect.poll(() => readable).toEqual([true, true, true]);
  });

  it('numbers events without a gap, whatever is applied at the same time', async () => {
    const journal = await begin();
    await Promise.allSettled(
      Array.from({ length: 20 }, (_, i) =>
        journal.apply({ kind: i % 2 ? 'agent_connected' : 'agent_disconnected' }),
      ),
    );
    const events = await store.sessions.events(journal.record.id, 0, 100);
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
    expect(journal.record.last_seq).toBe(events.length);
  });

  it('changes nothing and tells nothing when a fact is refused', async () => {
    const journal = await begin();
    const before = journal.record;
    await expect(journal.apply({ kind: 'media_ready', epoch: 1 })).rejects.toMatchObject({
      code: 'illegal_transition',
    });
    expect(journal.record).toBe(before);
    expect(await store.sessions.events(before.id, 0, 10)).toHaveLength(1);
  });

  it('decides again when another process was faster, and neither event is lost', async () => {
    const first = await begin();
    const second = new Journal(first.record, { store, bus }, () => undefined);
    await first.apply({ kind: 'agent_connected' });
    await second.apply({ kind: 'ended', end_reason: 'time_limit' });
    const types = (await store.sessions.events(first.record.id, 0, 10)).map(({ type }) => type);
    expect(types).toEqual(['session.created', 'agent.connected', 'session.ended']);
    const { changed, record } = await first.apply({ kind: 'ended', end_reason: 'agent_lost' });
    expect(changed).toBe(false);
    expect(record.end_reason).toBe('time_limit');
  });
});
