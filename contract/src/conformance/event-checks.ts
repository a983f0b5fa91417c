// The journal of a session, told in three ways.
import { EventList, EVENT_STREAM_TYPE } from '../http/v1/sessions.ts';
import { JournalEvent } from '../journal.ts';
import { Session } from '../session.ts';
import type { Check } from './check.ts';
import { answered, demand, type Probe } from './probe.ts';

/** Long enough for a request that waits to be waiting. */
const SETTLED_MS = 300;

const events = async (probe: Probe, id: string, query: string) =>
  answered(EventList, 200, await probe.ask('GET', `/sessions/${id}/events?${query}`));

export const EVENT_CHECKS: readonly Check[] = [
  {
    id: 'events.journal',
    promise: 'Events are numbered from 1 without gaps, and told after what they describe',
    section: 'Events',
    async run(probe) {
      await probe.needs('events_api');
      const { id } = await probe.createSession();
      await probe.end(id);
      const session = answered(Session, 200, await probe.ask('GET', `/sessions/${id}`));
      const all = await events(probe, id, 'after=0');
      all.events.forEach(({ seq }, index) => {
        demand(seq === index + 1, `the event number ${index + 1} has the seq ${seq}`);
      });
      demand(all.events[0]?.type === 'session.created', 'the first event is not session.created');
      demand(all.events.at(-1)?.type === 'session.ended', 'the last event is not session.ended');
      demand(
        all.last_seq === session.last_seq && all.last_seq === all.events.length,
        `last_seq is ${all.last_seq} here and ${session.last_seq} in the session`,
      );
      const rest = await events(probe, id, 'after=1&limit=1');
      demand(
        rest.events.length === 1 && rest.events[0]?.seq === 2,
        'after=1&limit=1 does not answer the second event alone',
      );
    },
  },
  {
    id: 'events.long-poll',
    promise: 'With wait_s the answer waits for the next event, and only for that',
    section: 'Events',
    async run(probe) {
      await probe.needs('events_api');
      const { id, last_seq } = await probe.createSession();
      const waiting = events(probe, id, `after=${last_seq}&wait_s=10`);
      await new Promise<void>((resolve) => {
        setTimeout(resolve, SETTLED_MS);
      });
      await probe.end(id);
      const told = await waiting;
      demand(told.events.length > 0, 'the answer did not wait for the event');
      demand(told.events[0]?.seq === last_seq + 1, 'the answer is not what came next');
    },
  },
  {
    id: 'events.stream',
    promise: 'As a stream, events carry their seq as id, and the stream ends with the session',
    section: 'Events',
    async run(probe) {
      await probe.needs('events_api');
      const { id, last_seq } = await probe.createSession();
      await probe.end(id);
      const headers = { accept: EVENT_STREAM_TYPE, 'last-event-id': String(last_seq) };
      const answer = await probe.ask('GET', `/sessions/${id}/events`, { headers });
      const type = answer.header('content-type') ?? 'none';
      demand(
        answer.status === 200 && type.startsWith(EVENT_STREAM_TYPE),
        `the stream answered ${answer.status} with the type ${type}`,
      );
      const told = [...answer.text.matchAll(/^id: ?(\d+)\r?\ndata: ?(.+)$/gm)];
      demand(told.length > 0, 'the stream told nothing of what came after Last-Event-ID');
      told.forEach(([, seq, data = ''], index) => {
        const event = JournalEvent.safeParse(safeJson(data));
        demand(event.success, 'the data of a message is no event');
        demand(
          Number(seq) === event.data.seq && event.data.seq === last_seq + 1 + index,
          `the message with the id ${String(seq)} carries the seq ${event.data.seq}`,
        );
      });
    },
  },
];

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
