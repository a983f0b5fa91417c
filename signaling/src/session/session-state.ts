// The rules of a session, pure: a fact and the time go in, the new record and the journal's new
// entries come out, or a refusal. The one door for every change of state: session/journal.ts writes
// what this decides and nothing else writes a session.
import { mayGo, type TransitionTable } from '@guruconnect/contract/base/transitions';
import type { AuditActor } from '@guruconnect/contract/audit';
import { mayWaive } from '@guruconnect/contract/consent-policy';
import { GcError } from '@guruconnect/contract/errors';
import type { BootId, NodeId, ViewerId } from '@guruconnect/contract/ids';
import { within, type Grant } from '@guruconnect/contract/grants';
import type { EventName } from '@guruconnect/contract/journal';
import type { Topology } from '@guruconnect/contract/monitor';
import type { Rendition } from '@guruconnect/contract/rendition';
import type { EndReason, SessionState } from '@guruconnect/contract/session';
import type { RtpCapabilities } from '@guruconnect/contract/signal/rtc-parameters';
import type { ConsentAnswer } from '@guruconnect/contract/tokens';
import type { Timings } from '../limits.ts';
import type { SessionRecord, ViewerRecord } from '../store/session-record.ts';
import { isThere, REMOVED, roomForViewer, takesAPlace } from './viewer-places.ts';

/** `waiting_agent` is entered again when the agent comes back as another boot: it has to be asked. */
export const SESSION_TRANSITIONS: TransitionTable<SessionState> = {
  waiting_agent: ['waiting_consent', 'connecting', 'ended'],
  waiting_consent: ['waiting_agent', 'connecting', 'ended'],
  connecting: ['live', 'waiting_agent', 'ended'],
  live: ['reconnecting', 'waiting_agent', 'ended'],
  reconnecting: ['live', 'waiting_agent', 'ended'],
  ended: [],
};

type Happened =
  /** A media node has a router for it. */
  | { readonly kind: 'placed'; readonly epoch: number; readonly node_id: NodeId }
  | { readonly kind: 'agent_connected' }
  | { readonly kind: 'agent_disconnected' }
  /** The agent came back as another boot, or lost its part of the session: it has to be asked. */
  | { readonly kind: 'agent_forgot' }
  /** The agent acknowledged the offer. */
  | { readonly kind: 'offered'; readonly boot_id: BootId }
  | {
      readonly kind: 'consent_answered';
      readonly boot_id: BootId;
      readonly answer: ConsentAnswer;
      /** What was agreed to, if it is a yes. */
      readonly grants: readonly Grant[];
      readonly proof: string;
    }
  /** The node's word on the agent's transports. */
  | { readonly kind: 'agent_media'; readonly epoch: number; readonly connected: boolean }
  /** The agent's word: all monitors are published. */
  | { readonly kind: 'media_ready'; readonly epoch: number }
  | { readonly kind: 'topology_changed'; readonly topology: Topology }
  | { readonly kind: 'viewer_admitted'; readonly viewer: ViewerRecord }
  | { readonly kind: 'viewer_joined'; readonly viewer_id: ViewerId }
  | { readonly kind: 'viewer_left'; readonly viewer_id: ViewerId }
  /** The integrator does not want it here any longer. */
  | { readonly kind: 'viewer_removed'; readonly viewer_id: ViewerId }
  /** The integrator gives it more, or less. */
  | { readonly kind: 'viewer_grants'; readonly viewer_id: ViewerId; readonly grants: Grant[] }
  | {
      readonly kind: 'viewer_consuming';
      readonly viewer_id: ViewerId;
      readonly epoch: number;
      readonly rtp_capabilities: RtpCapabilities;
      readonly renditions: readonly Rendition[];
    }
  | { readonly kind: 'ended'; readonly end_reason: EndReason; readonly words?: string | undefined };

export type SessionFact = Happened & {
  /** Whose doing it is, where the fact itself does not say (event-actor.ts). */
  readonly by?: AuditActor | undefined;
};

export type NewEvent = {
  readonly type: EventName;
  readonly data: Record<string, unknown>;
  /** Whose doing this one is, of several. */
  readonly by?: AuditActor;
};
export type Decision = { readonly record: SessionRecord; readonly events: readonly NewEvent[] };

export const isoTime = (ms: number): string => new Date(ms).toISOString();

/**
 * @returns undefined when the fact changes nothing.
 * @throws GcError `session_ended` or `illegal_transition`.
 */
export function decide(
  record: SessionRecord,
  fact: SessionFact,
  nowMs: number,
): Decision | undefined {
  if (record.state === 'ended') {
    if (HARMLESS_AFTER_END.has(fact.kind)) return undefined;
    throw new GcError('session_ended');
  }
  switch (fact.kind) {
    case 'placed':
      return placed(record, fact, nowMs);
    case 'agent_connected':
      if (record.agent.connected) return undefined;
      return changed(
        { ...record, agent: { ...record.agent, connected: true, since_ms: nowMs } },
        event('agent.connected'),
      );
    case 'agent_disconnected':
      return agentDisconnected(record, nowMs);
    case 'agent_forgot':
      return agentForgot(record, nowMs);
    case 'offered':
      return offered(record, fact, nowMs);
    case 'consent_answered':
      return consentAnswered(record, fact, nowMs);
    case 'agent_media':
      return agentMedia(record, fact, nowMs);
    case 'media_ready':
      return mediaReady(record, fact, nowMs);
    case 'topology_changed':
      if (!record.allowed || same(record.topology, fact.topology)) return undefined;
      return changed(
        { ...record, topology: fact.topology },
        event('topology.changed', { topology: fact.topology }),
      );
    case 'viewer_admitted':
      return viewerAdmitted(record, fact.viewer, nowMs);
    case 'viewer_joined':
      return viewerJoined(record, fact.viewer_id, nowMs);
    case 'viewer_left':
      return viewerLeft(record, fact.viewer_id, nowMs);
    case 'viewer_removed':
      return viewerRemoved(record, fact.viewer_id, nowMs);
    case 'viewer_grants':
      return viewerGrants(record, fact);
    case 'viewer_consuming': {
      const { epoch, rtp_capabilities, renditions } = fact;
      const consuming = { epoch, rtp_capabilities, renditions: [...renditions] };
      return changed(withViewer(record, fact.viewer_id, { consuming }));
    }
    case 'ended':
      return ended(record, fact, nowMs);
  }
}

/** What may arrive late without being a mistake of anybody. */
const HARMLESS_AFTER_END: ReadonlySet<SessionFact['kind']> = new Set([
  'ended',
  'agent_connected',
  'agent_disconnected',
  'agent_media',
  'topology_changed',
  'viewer_left',
]);

const event = (type: EventName, data: Record<string, unknown> = {}): NewEvent => ({ type, data });
const changed = (record: SessionRecord, ...events: NewEvent[]): Decision => ({ record, events });
const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

function go(record: SessionRecord, state: SessionState, nowMs: number): SessionRecord {
  if (!mayGo(SESSION_TRANSITIONS, record.state, state))
    throw new GcError(
      'illegal_transition',
      `A session can not go from ${record.state} to ${state}`,
    );
  return { ...record, state, state_since_ms: nowMs };
}

type Fact<K extends SessionFact['kind']> = Extract<SessionFact, { kind: K }>;

function placed(
  record: SessionRecord,
  { epoch, node_id }: Fact<'placed'>,
  nowMs: number,
): Decision {
  if (epoch <= record.placement.epoch)
    throw new GcError('stale_epoch', `The session is placed with epoch ${record.placement.epoch}`);
  const moved: SessionRecord = {
    ...record,
    placement: { epoch, node_id, agent_media: false, published: false },
    viewers: record.viewers.map(({ consuming: _, ...viewer }) => viewer),
  };
  const told = event('session.placed', { epoch });
  if (record.state !== 'live') return changed(moved, told);
  const lost = reconnecting(moved, 'media_lost', nowMs);
  return changed(lost.record, ...lost.events, told);
}

function reconnecting(
  record: SessionRecord,
  lost: 'agent_lost' | 'media_lost',
  nowMs: number,
): Decision {
  return changed(
    { ...go(record, 'reconnecting', nowMs), lost },
    event('session.reconnecting', { cause: lost }),
  );
}

function live(record: SessionRecord, nowMs: number): Decision {
  const { lost: _, ...back } = go(record, 'live', nowMs);
  return changed({ ...back, live_at_ms: record.live_at_ms ?? nowMs }, event('session.live'));
}

/** A picture that still runs is not interrupted because its agent's socket is gone. */
function agentDisconnected(record: SessionRecord, nowMs: number): Decision | undefined {
  if (!record.agent.connected) return undefined;
  const away: SessionRecord = {
    ...record,
    agent: { ...record.agent, connected: false, since_ms: nowMs },
  };
  const told = event('agent.disconnected');
  if (record.state !== 'live' || record.placement.agent_media) return changed(away, told);
  const lost = reconnecting(away, 'agent_lost', nowMs);
  return changed(lost.record, told, ...lost.events);
}

/** Consent belongs to the boot that got it: another one asks again. */
function agentForgot(record: SessionRecord, nowMs: number): Decision | undefined {
  if (record.agent.offered_boot === undefined) return undefined;
  const { offered_boot: _boot, offered_at_ms: _at, ...agent } = record.agent;
  const { lost: _lost, ...back } =
    record.state === 'waiting_agent' ? record : go(record, 'waiting_agent', nowMs);
  return changed({
    ...back,
    agent,
    allowed: false,
    consent: record.mode === 'attended' ? 'pending' : 'not_required',
    placement: { ...record.placement, published: false },
  });
}

function offered(record: SessionRecord, fact: Fact<'offered'>, nowMs: number): Decision {
  if (record.state !== 'waiting_agent')
    throw new GcError('illegal_transition', `There is nothing to offer in ${record.state}`);
  const taken: SessionRecord = {
    ...record,
    agent: { ...record.agent, offered_boot: fact.boot_id, offered_at_ms: nowMs },
  };
  const expires_at = isoTime(nowMs + record.consent_timeout_s * 1000);
  const told = event('session.offered');
  if (record.mode === 'unattended') return changed(taken, told);
  return changed(
    go(taken, 'waiting_consent', nowMs),
    told,
    event('consent.requested', { expires_at }),
  );
}

function consentAnswered(
  record: SessionRecord,
  { boot_id, answer, grants, proof }: Fact<'consent_answered'>,
  nowMs: number,
): Decision {
  const asked = record.mode === 'attended' ? 'waiting_consent' : 'waiting_agent';
  if (record.state !== asked || record.agent.offered_boot !== boot_id)
    throw new GcError('illegal_transition', `No answer is awaited in ${record.state}`);
  const { offered_at_ms: _, ...agent } = record.agent;
  const answered: SessionRecord = { ...record, agent };
  const { record: narrowed, events: lessened } = agreed(answered, grants);
  const allowed = { ...narrowed, allowed: true };
  const end = (consent: SessionRecord['consent'], end_reason: EndReason, ...told: NewEvent[]) => {
    const finished = finish({ ...answered, consent }, { end_reason }, nowMs);
    return changed(finished.record, ...told, ...finished.events);
  };
  switch (answer) {
    case 'not_required':
      // "Attended" is the integrator's word that a person is asked: only its own policy waives it.
      if (record.mode === 'attended' && !(record.consent_policy && mayWaive(record.consent_policy)))
        throw new GcError('illegal_transition', 'An attended session needs the answer of a person');
      return changed(go({ ...allowed, consent: 'not_required' }, 'connecting', nowMs), ...lessened);
    case 'granted':
      return changed(
        go({ ...allowed, consent: 'granted' }, 'connecting', nowMs),
        event('consent.granted', { proof }),
        ...lessened,
      );
    case 'denied':
      return end('denied', 'consent_denied', event('consent.denied', { proof }));
    case 'timed_out':
      return end('timed_out', 'consent_timed_out', event('consent.timed_out', { proof }));
    case 'unavailable':
      return end('unavailable', 'consent_unavailable');
    case 'refused':
      return end(record.consent, 'refused_by_agent');
  }
}

/** From now on nobody has more than was agreed to at the endpoint. */
function agreed(record: SessionRecord, grants: readonly Grant[]): Decision {
  const kept = (had: readonly Grant[]) => had.filter((grant) => grants.includes(grant));
  const lessened = record.viewers.filter((one) => isThere(one) && !within(one.grants, grants));
  return changed(
    {
      ...record,
      grants: kept(record.grants),
      viewers: record.viewers.map((viewer) => ({ ...viewer, grants: kept(viewer.grants) })),
    },
    ...lessened.map(({ id, grants: had }) =>
      event('viewer.grants_changed', { viewer_id: id, grants: kept(had) }),
    ),
  );
}

function agentMedia(
  record: SessionRecord,
  { epoch, connected }: Fact<'agent_media'>,
  nowMs: number,
): Decision | undefined {
  const { placement } = record;
  if (epoch !== placement.epoch || connected === placement.agent_media) return undefined;
  const told: SessionRecord = { ...record, placement: { ...placement, agent_media: connected } };
  if (!connected && record.state === 'live')
    return reconnecting(told, record.agent.connected ? 'media_lost' : 'agent_lost', nowMs);
  if (connected && record.state === 'reconnecting' && placement.published) return live(told, nowMs);
  return changed(told);
}

function mediaReady(
  record: SessionRecord,
  { epoch }: Fact<'media_ready'>,
  nowMs: number,
): Decision | undefined {
  if (epoch !== record.placement.epoch)
    throw new GcError('stale_epoch', `The session is placed with epoch ${record.placement.epoch}`);
  if (record.state === 'live') return undefined;
  return live(
    { ...record, placement: { ...record.placement, agent_media: true, published: true } },
    nowMs,
  );
}

function withViewer(
  record: SessionRecord,
  id: ViewerId,
  change: Partial<ViewerRecord>,
): SessionRecord {
  if (!record.viewers.some((viewer) => viewer.id === id))
    throw new GcError('unauthenticated', 'The session has no such viewer');
  return {
    ...record,
    viewers: record.viewers.map((viewer) => (viewer.id === id ? { ...viewer, ...change } : viewer)),
  };
}

function viewerAdmitted(record: SessionRecord, viewer: ViewerRecord, nowMs: number): Decision {
  roomForViewer(record, nowMs);
  // Whose token has expired can not come back: the list stays as short as the session is busy.
  const viewers = record.viewers.filter((known) => takesAPlace(known, nowMs));
  // Its code may be older than what was agreed to at the endpoint.
  const grants = viewer.grants.filter((grant) => record.grants.includes(grant));
  return changed({ ...record, viewers: [...viewers, { ...viewer, grants }] });
}

function viewerJoined(record: SessionRecord, id: ViewerId, nowMs: number): Decision | undefined {
  const viewer = record.viewers.find((candidate) => candidate.id === id);
  if (viewer?.removed_at_ms !== undefined) throw new GcError('credential_revoked', REMOVED);
  if (viewer && isThere(viewer)) return undefined;
  const joined = withViewer(record, id, { joined_at_ms: nowMs, left_at_ms: undefined });
  return changed(
    joined,
    event('viewer.joined', {
      viewer_id: id,
      technician: viewer?.technician,
      grants: viewer?.grants,
    }),
  );
}

function viewerLeft(record: SessionRecord, id: ViewerId, nowMs: number): Decision | undefined {
  const viewer = record.viewers.find((candidate) => candidate.id === id);
  if (!viewer || !isThere(viewer)) return undefined;
  return changed(
    withViewer(record, id, { left_at_ms: nowMs, consuming: undefined }),
    event('viewer.left', { viewer_id: id }),
  );
}

/** It is kept for as long as its token could be tried. */
function viewerRemoved(record: SessionRecord, id: ViewerId, nowMs: number): Decision | undefined {
  const viewer = record.viewers.find((candidate) => candidate.id === id);
  if (!viewer) throw new GcError('not_found', 'The session has no such viewer');
  if (viewer.removed_at_ms !== undefined) return undefined;
  const gone: Partial<ViewerRecord> = { removed_at_ms: nowMs, consuming: undefined };
  // Its socket is gone already, or never came: there is nobody to be told of.
  if (!isThere(viewer))
    return changed(withViewer(record, id, { ...gone, left_at_ms: viewer.left_at_ms ?? nowMs }));
  return changed(
    withViewer(record, id, { ...gone, left_at_ms: nowMs }),
    event('viewer.left', { viewer_id: id, reason: 'removed' }),
  );
}

function viewerGrants(
  record: SessionRecord,
  { viewer_id, grants }: Fact<'viewer_grants'>,
): Decision | undefined {
  const viewer = record.viewers.find((candidate) => candidate.id === viewer_id);
  if (!viewer || viewer.removed_at_ms !== undefined)
    throw new GcError('not_found', 'The session has no such viewer');
  if (!within(grants, record.grants))
    throw new GcError('grant_missing', 'A viewer can not have more grants than its session');
  if (same(viewer.grants, grants)) return undefined;
  return changed(
    withViewer(record, viewer_id, { grants }),
    event('viewer.grants_changed', { viewer_id, grants }),
  );
}

function ended(record: SessionRecord, fact: Fact<'ended'>, nowMs: number): Decision {
  const unanswered = record.state === 'waiting_consent' && fact.end_reason === 'consent_timed_out';
  if (!unanswered) return finish(record, fact, nowMs);
  const finished = finish({ ...record, consent: 'timed_out' }, fact, nowMs);
  return changed(finished.record, event('consent.timed_out'), ...finished.events);
}

function finish(
  record: SessionRecord,
  { end_reason, words }: Pick<Fact<'ended'>, 'end_reason' | 'words'>,
  nowMs: number,
): Decision {
  const { lost: _, ...over } = go(record, 'ended', nowMs);
  return changed(
    { ...over, allowed: false, ended_at_ms: nowMs, end_reason },
    event('session.ended', { end_reason, ...(words === undefined ? {} : { reason: words }) }),
  );
}

export type Deadline = { readonly atMs: number; readonly end_reason: EndReason };

/**
 * When the session ends if nothing happens, and why.
 * @param heldSinceMs since when this process has the session: nobody could come back before.
 */
export function nextDeadline(
  record: SessionRecord,
  timings: Timings,
  heldSinceMs: number,
): Deadline | undefined {
  if (record.state === 'ended') return undefined;
  const limit: Deadline = {
    atMs: record.created_at_ms + record.max_duration_s * 1000,
    end_reason: 'time_limit',
  };
  const waiting = waitingDeadline(record, timings, heldSinceMs);
  return waiting && waiting.atMs < limit.atMs ? waiting : limit;
}

function waitingDeadline(
  record: SessionRecord,
  timings: Timings,
  heldSinceMs: number,
): Deadline | undefined {
  const { agent, state_since_ms } = record;
  const answerByMs =
    agent.offered_at_ms === undefined
      ? undefined
      : agent.offered_at_ms + record.consent_timeout_s * 1000 + timings.consentSlackMs;
  switch (record.state) {
    case 'waiting_agent':
      if (answerByMs === undefined)
        return {
          atMs: state_since_ms + record.wait_for_agent_s * 1000,
          end_reason: 'agent_never_came',
        };
      return { atMs: answerByMs, end_reason: agent.connected ? 'consent_timed_out' : 'agent_lost' };
    case 'waiting_consent':
      return { atMs: answerByMs ?? state_since_ms, end_reason: 'consent_timed_out' };
    case 'connecting':
    case 'reconnecting':
      return agent.connected
        ? {
            atMs: Math.max(state_since_ms, heldSinceMs) + timings.mediaGraceMs,
            end_reason: 'media_lost',
          }
        : {
            atMs: Math.max(agent.since_ms, heldSinceMs) + timings.agentGraceMs,
            end_reason: 'agent_lost',
          };
    case 'live':
    case 'ended':
      return undefined;
  }
}
