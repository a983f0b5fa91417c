// sessions.events: the journal as it is, as a long poll, and as server-sent events. All three read
// the journal after a seq; the last two wait for its watch in between.
import { parseOr } from '@guruconnect/contract/errors';
import type { SessionId } from '@guruconnect/contract/ids';
import {
  EVENT_STREAM_TYPE,
  LAST_EVENT_ID_HEADER,
  LastEventId,
} from '@guruconnect/contract/http/v1/sessions';
import type { JournalWatch } from '../../session/journal-watch.ts';
import type { SessionManager } from '../../session/session-manager.ts';
import type { Call, RouteHandlers } from '../bind-routes.ts';
import { EventStream, type EventStreamTimings } from '../event-stream.ts';
import { OwnAnswer } from '../own-answer.ts';

export type SessionEventsParts = {
  readonly sessions: SessionManager;
  readonly watch: JournalWatch;
  /** Shorter ones (tests). */
  readonly streamTimings?: EventStreamTimings;
};

type EventsCall = Call<'sessions.events'>;

/** Read and written at once on a stream: what one slow reader may make us hold. */
const STREAM_BATCH = 100;

export function sessionEventRoutes(
  parts: SessionEventsParts,
): Pick<RouteHandlers, 'sessions.events'> {
  const { sessions, watch } = parts;

  /** @throws GcError `session_not_found`, `feature_off`. */
  const read = async (id: SessionId, after: number, limit: number) => {
    const events = await sessions.events(id, after, limit);
    const { state, last_seq } = await sessions.read(id);
    const seen = events.at(-1)?.seq ?? after;
    return { events, last_seq, isOver: state === 'ended' && seen >= last_seq };
  };

  const list = async ({ params, query, integrator, whenGone }: EventsCall) => {
    const { after, limit, wait_s } = query;
    if (wait_s === 0) return read(params.session_id, after, limit);
    const untilMs = performance.now() + wait_s * 1000;
    const watcher = watch.watch(params.session_id, integrator.keyId);
    whenGone(() => {
      watcher.close();
    });
    try {
      for (;;) {
        const found = await read(params.session_id, after, limit);
        const leftMs = untilMs - performance.now();
        if (found.events.length > 0 || found.isOver || leftMs <= 0 || watcher.isClosed)
          return found;
        await watcher.news(leftMs);
      }
    } finally {
      watcher.close();
    }
  };

  const stream = async ({ params, query, integrator, header }: EventsCall) => {
    const id = params.session_id;
    const lastId = header(LAST_EVENT_ID_HEADER);
    let seen =
      lastId === undefined ? query.after : parseOr(LastEventId, lastId, LAST_EVENT_ID_HEADER);
    const watcher = watch.watch(id, integrator.keyId);
    let first;
    try {
      first = await read(id, seen, STREAM_BATCH);
    } catch (error) {
      watcher.close();
      throw error;
    }
    return new OwnAnswer(async (request, response) => {
      if (first.isOver && first.events.length === 0) {
        watcher.close();
        // What stops EventSource from coming back (WHATWG HTML, 9.2.3).
        response.status(204).end();
        return;
      }
      const events = new EventStream(
        response,
        () => {
          watcher.close();
        },
        parts.streamTimings,
      );
      try {
        for (
          let found = first;
          request.method !== 'HEAD';
          found = await read(id, seen, STREAM_BATCH)
        ) {
          for (const event of found.events) {
            await events.send(event.seq, event);
            seen = event.seq;
          }
          if (found.isOver || watcher.isClosed || !events.isOpen) break;
          if (found.events.length === 0) await watcher.news();
        }
      } finally {
        watcher.close();
        events.end();
      }
    });
  };

  return {
    'sessions.events': async (call) => {
      if (call.header('accept')?.includes(EVENT_STREAM_TYPE)) return stream(call);
      const { events, last_seq } = await list(call);
      return { events, last_seq };
    },
  };
}
