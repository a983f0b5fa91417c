// The routes of the mock broker about sessions and who watches them.
import { isDeepStrictEqual } from 'node:util';
import { GcError, parseOr } from '../errors.ts';
import { within, type Grant } from '../grants.ts';
import { IDEMPOTENCY_KEY_HEADER, IdempotencyKey } from '../http/v1/headers.ts';
import {
  EVENT_STREAM_TYPE,
  LAST_EVENT_ID_HEADER,
  LastEventId,
  type CreatedSession,
  type CreateSession,
} from '../http/v1/sessions.ts';
import { SessionId, type DeviceId } from '../ids.ts';
import type { JournalEvent } from '../journal.ts';
import type { MockFeatures } from './features.ts';
import { nextEvent } from './next-event.ts';
import { pageOf } from './page-of.ts';
import {
  SCENARIOS,
  scenarioOf,
  startsOnline,
  type Scenario,
  type ScenarioName,
} from './scenarios.ts';
import type { MockMachines } from './mock-machines.ts';
import type { MockSessions } from './mock-sessions.ts';
import type { MockViewers } from './mock-viewers.ts';
import type { Call, OwnAnswer, RouteHandlers } from './serve-routes.ts';

export type SessionRoutesParts = {
  readonly sessions: MockSessions;
  readonly viewers: MockViewers;
  readonly machines: MockMachines;
  readonly features: MockFeatures;
  readonly scenario: ScenarioName;
  readonly baseUrl: () => string;
};
type SessionRoutes = Pick<
  RouteHandlers,
  Extract<keyof RouteHandlers, `sessions.${string}` | `viewers.${string}` | `viewer${string}`>
>;

export function sessionRoutes(parts: SessionRoutesParts): SessionRoutes {
  const { sessions, viewers, machines, features, baseUrl } = parts;
  const answers = new Map<string, { request: CreateSession; answer: CreatedSession }>();
  const refused = new Map<DeviceId, number>();

  const requireGrants = (grants: readonly Grant[]): void =>
    features.require(grants.includes('control') ? 'remote_input' : 'view_only');

  const refuse = (deviceId: DeviceId, { refuses }: Scenario): void => {
    if (!refuses) return;
    const times = refused.get(deviceId) ?? 0;
    refused.set(deviceId, times < refuses.times ? times + 1 : 0);
    if (times < refuses.times)
      throw new GcError(refuses.code, 'So the scenario of this machine wants it', {
        retryAfterMs: refuses.retryAfterS * 1000,
      });
  };

  const create = (request: CreateSession): CreatedSession => {
    const { device_id, mode, grants, embed_origins, technician } = request;
    features.require(mode === 'attended' ? 'consent_prompt' : 'unattended_access');
    requireGrants(grants);
    if (embed_origins.length > 0) features.require('embedded_viewer');
    const scenario = scenarioOf(device_id, parts.scenario);
    refuse(device_id, SCENARIOS[scenario]);
    if (!startsOnline(scenario)) machines.setOnline(device_id, false);
    const session = sessions.create(request, scenario);
    return { ...session, viewer: viewers.invite(session, baseUrl(), technician, grants) };
  };

  return {
    'sessions.create': ({ body, header }) => {
      const key = header(IDEMPOTENCY_KEY_HEADER);
      if (key === undefined) return create(body);
      parseOr(IdempotencyKey, key, `The header ${IDEMPOTENCY_KEY_HEADER}`);
      const known = answers.get(key);
      if (known && !isDeepStrictEqual(known.request, body))
        throw new GcError('idempotency_conflict');
      const answer = known?.answer ?? create(body);
      answers.set(key, { request: body, answer });
      return answer;
    },

    'sessions.list': ({ query: { device_id, state, client_ref, limit, cursor } }) => {
      const found = sessions
        .list()
        .filter(
          (session) =>
            (device_id === undefined || session.device_id === device_id) &&
            (state === undefined || session.state === state) &&
            (client_ref === undefined || session.client_ref === client_ref),
        );
      const { entries, ...next } = pageOf(found, ({ id }) => id, SessionId, { limit, cursor });
      return { sessions: entries, ...next };
    },

    'sessions.read': ({ params }) => sessions.read(params.session_id),

    'sessions.end': ({ params, body }) =>
      sessions.end(params.session_id, 'integrator_ended', body.reason),

    'sessions.events': (call) => {
      features.require('events_api');
      sessions.read(call.params.session_id);
      return call.header('accept')?.includes(EVENT_STREAM_TYPE)
        ? stream(sessions, call)
        : list(sessions, call);
    },

    'sessions.quality': ({ params }) => {
      const { id, state, epoch, viewers: there } = sessions.readOpen(params.session_id);
      const connected = state === 'live';
      const leg = connected
        ? { connected, round_trip_ms: 12, loss_ratio: 0, bitrate_bps: 1_800_000 }
        : { connected, bitrate_bps: 0 };
      return {
        session_id: id,
        at: new Date().toISOString(),
        node_id: `mock-node-${epoch}`,
        epoch,
        agent: leg,
        viewers: there.map((viewer) => ({ viewer_id: viewer.id, ...leg })),
      };
    },

    'viewers.list': ({ params }) => ({ viewers: sessions.read(params.session_id).viewers }),

    'viewers.remove': ({ params: { session_id, viewer_id } }) => ({
      viewers: viewers.remove(session_id, viewer_id).viewers,
    }),

    'viewers.set_grants': ({ params: { session_id, viewer_id }, body: { grants } }) => {
      const session = sessions.readOpen(session_id);
      if (!within(grants, session.grants as Grant[]))
        throw new GcError('grant_missing', 'A viewer can not have more grants than its session');
      requireGrants(grants);
      return { viewers: viewers.setGrants(session_id, viewer_id, grants).viewers };
    },

    'viewer_codes.create': ({ params, body }) => {
      const session = sessions.readOpen(params.session_id);
      const most = session.grants as Grant[];
      const grants = body.grants ?? most;
      if (!within(grants, most))
        throw new GcError('grant_missing', 'A viewer can not have more grants than its session');
      requireGrants(grants);
      return viewers.invite(session, baseUrl(), body.technician ?? session.technician, grants);
    },

    'viewer.exchange': ({ body: { session_id, code }, header }) => {
      if (header('origin') !== baseUrl()) throw new GcError('origin_not_allowed');
      const { id, token, expiresAtMs, grants } = viewers.exchange(session_id, code);
      return {
        token,
        expires_at: new Date(expiresAtMs).toISOString(),
        viewer_id: id,
        session_id,
        grants: [...grants],
        embed_origins: sessions.read(session_id).embed_origins,
      };
    },
  };
}

type EventsCall = Call<'sessions.events'>;

async function list(sessions: MockSessions, { params, query, gone }: EventsCall) {
  const { after, limit, wait_s } = query;
  const id = params.session_id;
  const found = (): JournalEvent[] => sessions.journal(id).slice(after, after + limit);
  if (found().length === 0 && wait_s > 0 && sessions.read(id).state !== 'ended')
    await nextEvent(
      sessions,
      id,
      after,
      AbortSignal.any([gone, AbortSignal.timeout(wait_s * 1000)]),
    );
  return { events: found(), last_seq: sessions.read(id).last_seq };
}

function stream(sessions: MockSessions, { params, query, header, gone }: EventsCall): OwnAnswer {
  const id = params.session_id;
  const lastId = header(LAST_EVENT_ID_HEADER);
  let seen =
    lastId === undefined ? query.after : parseOr(LastEventId, lastId, LAST_EVENT_ID_HEADER);
  const isOver = (): boolean => {
    const { state, last_seq } = sessions.read(id);
    return state === 'ended' && seen >= last_seq;
  };
  return async (request, response) => {
    response.setHeader('Cache-Control', 'no-store');
    if (isOver()) {
      response.writeHead(204).end();
      return;
    }
    response.writeHead(200, { 'Content-Type': EVENT_STREAM_TYPE }).write('retry: 2000\n\n');
    while (request.method !== 'HEAD' && !gone.aborted) {
      for (const event of sessions.journal(id).slice(seen)) {
        response.write(`id: ${event.seq}\ndata: ${JSON.stringify(event)}\n\n`);
        seen = event.seq;
      }
      if (isOver()) break;
      await nextEvent(sessions, id, seen, gone);
    }
    response.end();
  };
}
