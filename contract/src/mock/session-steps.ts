// What becomes of a session when something happens, pure: a session and a step go in, the session
// after it and its new events come out. The same events in the same order as the real broker's,
// which a test of signaling compares.
import { GcError } from '../errors.ts';
import type { EventName } from '../journal.ts';
import type { Topology } from '../monitor.ts';
import type { EndReason, Session, SessionState, Viewer } from '../session.ts';
import type { StepName } from './scenarios.ts';

export type NewEvent = { readonly type: EventName; readonly data: Record<string, unknown> };
export type Outcome = { readonly session: Session; readonly events: readonly NewEvent[] };

/** What every machine of the mock shows. */
export const MOCK_TOPOLOGY: Topology = {
  topology_epoch: 1,
  monitors: [
    { monitor_id: 1, name: 'MOCK1', x: 0, y: 0, width: 1920, height: 1080, scale: 1 },
    { monitor_id: 2, name: 'MOCK2', x: 1920, y: 0, width: 1280, height: 1024, scale: 1 },
  ].map((monitor) => ({ ...monitor, primary: monitor.monitor_id === 1 })),
};

const event = (type: EventName, data: Record<string, unknown> = {}): NewEvent => ({ type, data });
const outcome = (session: Session, ...events: NewEvent[]): Outcome => ({ session, events });
const iso = (ms: number): string => new Date(ms).toISOString();

/** States in which a step can happen; in others the world has moved on and nothing does. */
const HAPPENS_IN: Readonly<Record<StepName, readonly SessionState[]>> = {
  agent_connects: ['waiting_agent'],
  offer_taken: ['waiting_agent'],
  consent_granted: ['waiting_agent', 'waiting_consent'],
  consent_denied: ['waiting_agent', 'waiting_consent'],
  consent_timed_out: ['waiting_agent', 'waiting_consent'],
  monitors_published: ['connecting', 'reconnecting'],
  media_node_lost: ['live'],
  placed_again: ['reconnecting'],
  end_user_stops: ['waiting_consent', 'connecting', 'live', 'reconnecting'],
  machine_key_revoked: ['waiting_agent', 'waiting_consent', 'connecting', 'live', 'reconnecting'],
  waiting_over: ['waiting_agent'],
  time_over: ['waiting_agent', 'waiting_consent', 'connecting', 'live', 'reconnecting'],
};

export const mayHappen = (session: Session, step: StepName): boolean =>
  HAPPENS_IN[step].includes(session.state);

/**
 * @param answerByMs when an end user who is asked now has to have answered.
 * @throws GcError `illegal_transition` for a step that can not happen now.
 */
export function afterStep(
  session: Session,
  step: StepName,
  nowMs: number,
  answerByMs: number,
): Outcome {
  if (!mayHappen(session, step))
    throw new GcError('illegal_transition', `${step} can not happen in ${session.state}`);
  const { mode, epoch } = session;
  const consent = (state: Session['consent']['state']): Session => ({
    ...session,
    consent: { ...session.consent, state },
  });
  switch (step) {
    case 'agent_connects':
      return outcome({ ...session, agent_online: true }, event('agent.connected'));
    case 'offer_taken':
      if (mode === 'unattended') return outcome(session, event('session.offered'));
      return outcome(
        { ...session, state: 'waiting_consent' },
        event('session.offered'),
        event('consent.requested', { expires_at: iso(answerByMs) }),
      );
    case 'consent_granted':
    case 'consent_denied':
    case 'consent_timed_out':
      // Nobody was asked, so whatever the scenario says of an answer does not come to pass.
      if (mode === 'unattended') return outcome({ ...session, state: 'connecting' });
      if (step === 'consent_granted')
        return outcome({ ...consent('granted'), state: 'connecting' }, event('consent.granted'));
      if (step === 'consent_denied')
        return ended(consent('denied'), 'consent_denied', nowMs, [event('consent.denied')]);
      return ended(consent('timed_out'), 'consent_timed_out', nowMs, [event('consent.timed_out')]);
    case 'monitors_published': {
      const live_at = session.live_at ?? iso(nowMs);
      const live: Session = { ...session, state: 'live', topology: MOCK_TOPOLOGY, live_at };
      const told = { topology: MOCK_TOPOLOGY };
      return session.live_at === undefined
        ? outcome(live, event('topology.changed', told), event('session.live'))
        : outcome(live, event('session.live'));
    }
    case 'media_node_lost':
      return outcome(
        { ...session, state: 'reconnecting' },
        event('session.reconnecting', { cause: 'media_lost' }),
      );
    case 'placed_again':
      return outcome(
        { ...session, epoch: epoch + 1 },
        event('session.placed', { epoch: epoch + 1 }),
      );
    case 'end_user_stops':
      return ended(session, 'end_user_ended', nowMs);
    case 'machine_key_revoked':
      return ended({ ...session, agent_online: false }, 'machine_revoked', nowMs);
    case 'waiting_over':
      return ended(session, 'agent_never_came', nowMs);
    case 'time_over':
      return ended(session, 'time_limit', nowMs);
  }
}

/** @param words the integrator's own. */
export function ended(
  session: Session,
  end_reason: EndReason,
  nowMs: number,
  before: readonly NewEvent[] = [],
  words?: string,
): Outcome {
  const over: Session = {
    ...session,
    state: 'ended',
    viewers: [],
    ended_at: iso(nowMs),
    end_reason,
  };
  const data = { end_reason, ...(words === undefined ? {} : { reason: words }) };
  return outcome(over, ...before, event('session.ended', data));
}

export const viewerJoined = (session: Session, viewer: Viewer): Outcome =>
  outcome(
    { ...session, viewers: [...session.viewers, viewer] },
    event('viewer.joined', {
      viewer_id: viewer.id,
      technician: viewer.technician,
      grants: viewer.grants,
    }),
  );

export const viewerGrants = (session: Session, id: Viewer['id'], grants: string[]): Outcome =>
  outcome(
    {
      ...session,
      viewers: session.viewers.map((viewer) => (viewer.id === id ? { ...viewer, grants } : viewer)),
    },
    event('viewer.grants_changed', { viewer_id: id, grants }),
  );

export const viewerLeft = (session: Session, id: Viewer['id'], reason?: 'removed'): Outcome =>
  outcome(
    { ...session, viewers: session.viewers.filter((viewer) => viewer.id !== id) },
    event('viewer.left', { viewer_id: id, ...(reason === undefined ? {} : { reason }) }),
  );
