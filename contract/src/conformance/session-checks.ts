// The life of a session, without an agent: created, read, listed, ended; and that repeating is safe.
import { IDEMPOTENCY_KEY_HEADER } from '../http/v1/headers.ts';
import { MachineList } from '../http/v1/machines.ts';
import { SessionList, ViewerList } from '../http/v1/sessions.ts';
import { newId } from '../ids.ts';
import { Session } from '../session.ts';
import type { Check } from './check.ts';
import { answered, demand, refused } from './probe.ts';

const AT_ONCE = 5;

export const SESSION_CHECKS: readonly Check[] = [
  {
    id: 'sessions.life',
    promise: 'A session is created before its agent is there, can be read, and ends as asked',
    section: 'Sessions',
    async run(probe) {
      const metadata = { queue: 'conformance' };
      const created = await probe.createSession({ client_ref: probe.runId, metadata });
      demand(created.device_id === probe.device(), 'the session is of another device');
      demand(created.state !== 'ended', 'the session ended at once');
      const read = answered(Session, 200, await probe.ask('GET', `/sessions/${created.id}`));
      demand(
        read.id === created.id &&
          read.client_ref === probe.runId &&
          read.metadata['queue'] === 'conformance',
        'the session reads differently from what was created',
      );
      const ended = answered(Session, 200, await probe.end(created.id));
      demand(
        ended.state === 'ended' && ended.end_reason === 'integrator_ended',
        `the ended session is ${ended.state} because of ${String(ended.end_reason)}`,
      );
      demand(ended.ended_at !== undefined, 'the ended session has no ended_at');
    },
  },
  {
    id: 'sessions.end-again',
    promise: 'Ending an ended session changes nothing and answers the same',
    section: 'Routes',
    async run(probe) {
      const { id } = await probe.createSession();
      const first = answered(Session, 200, await probe.end(id));
      const again = answered(Session, 200, await probe.end(id));
      demand(
        again.ended_at === first.ended_at && again.last_seq === first.last_seq,
        'a second end changed the session',
      );
    },
  },
  {
    id: 'sessions.idempotency',
    promise: 'The same request under one Idempotency-Key creates one session, whenever it comes',
    section: 'Routes',
    async run(probe) {
      const client_ref = `idem-${probe.runId}`;
      const body = await probe.sessionRequest({ client_ref });
      const headers = { [IDEMPOTENCY_KEY_HEADER]: `conformance-${probe.runId}` };
      const create = () => probe.ask('POST', '/sessions', { body, headers });
      const answers = await Promise.all(Array.from({ length: AT_ONCE }, create));
      const ids = [...answers, await create()].map((answer) => probe.created(answer).id);
      demand(
        new Set(ids).size === 1,
        `${ids.length} requests with one key made ${new Set(ids).size} sessions`,
      );
      const other = await probe.ask('POST', '/sessions', {
        body: { ...body, reason: 'another request' },
        headers,
      });
      if (other.status === 201) probe.created(other);
      refused(other, 'idempotency_conflict', 'the same key with another body');
    },
  },
  {
    id: 'lists.cursor',
    promise: 'A list is read page by page: newest first, each entry once',
    section: 'Routes',
    async run(probe) {
      const client_ref = `list-${probe.runId}`;
      const ids: string[] = [];
      for (let i = 0; i < 3; i += 1) {
        const device_id = `${probe.device()}-${i}`;
        ids.unshift((await probe.createSession({ client_ref, device_id })).id);
      }
      const found: string[] = [];
      let cursor: string | undefined;
      do {
        const more: string = cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`;
        const page = answered(
          SessionList,
          200,
          await probe.ask('GET', `/sessions?client_ref=${client_ref}&limit=1${more}`),
        );
        demand(page.sessions.length <= 1, 'a page is longer than its limit');
        found.push(...page.sessions.map(({ id }) => id));
        cursor = page.next_cursor;
      } while (cursor !== undefined && found.length <= ids.length);
      demand(
        JSON.stringify(found) === JSON.stringify(ids),
        `three sessions were listed as ${found.length}, in another order or more than once`,
      );
      const odd = await probe.ask('GET', '/sessions?cursor=bm9uZSBvZiB0aGlz');
      refused(odd, 'invalid_request', 'a cursor that no list gave out');
    },
  },
  {
    id: 'machines.list',
    promise: 'Machines are listed',
    section: 'Machines',
    async run(probe) {
      answered(MachineList, 200, await probe.ask('GET', '/machines?limit=1'));
    },
  },
  {
    id: 'viewers.unknown',
    promise: 'A session without viewers lists none, and removes none',
    section: 'Viewers and quality',
    async run(probe) {
      const { id } = await probe.createSession();
      const { viewers } = answered(
        ViewerList,
        200,
        await probe.ask('GET', `/sessions/${id}/viewers`),
      );
      demand(viewers.length === 0, 'a session that nobody joined has viewers');
      const answer = await probe.ask('POST', `/sessions/${id}/viewers/${newId('vwr')}/remove`);
      refused(answer, 'not_found', 'a viewer that never was');
    },
  },
];
