import { describe, expect, it } from 'vitest';
import { finalStates, mayGo } from '@guruconnect/contract/base/transitions';
import { newId, NodeId } from '@guruconnect/contract/ids';
import { SESSION_STATES, type SessionState } from '@guruconnect/contract/session';
import { sessionRecord } from '../../test/records.ts';
import { TIMINGS } from '../limits.ts';
import type { SessionRecord, ViewerRecord } from '../store/session-record.ts';
import {
  decide,
  nextDeadline,
  SESSION_TRANSITIONS,
  type Decision,
  type SessionFact,
} from './session-state.ts';

const NOW = 50_000;
const boot = newId('boot');
const viewerId = newId('vwr');
const states = Object.keys(SESSION_STATES) as SessionState[];

const viewer: ViewerRecord = {
  id: viewerId,
  technician: { id: 't', name: 'T' },
  grants: ['view'],
  public_key: { kty: 'EC', crv: 'P-256', x: 'x'.repeat(43), y: 'y'.repeat(43) },
  admitted_at_ms: NOW,
};

/** A record as it is in that state on the usual way. */
const inState = (state: SessionState, change: Partial<SessionRecord> = {}): SessionRecord => {
  const beyondOffer = state !== 'waiting_agent';
  const beyondConsent = state === 'connecting' || state === 'live' || state === 'reconnecting';
  return sessionRecord({
    state,
    mode: 'attended',
    consent: beyondConsent ? 'granted' : 'pending',
    allowed: beyondConsent,
    agent: {
      connected: true,
      since_ms: 2000,
      ...(beyondOffer ? { offered_boot: boot } : {}),
      ...(state === 'waiting_consent' ? { offered_at_ms: 3000 } : {}),
    },
    placement: {
      epoch: 1,
      node_id: NodeId.parse('node-1'),
      agent_media: state === 'live',
      published: state === 'live' || state === 'reconnecting',
    },
    viewers: [viewer],
    ...(state === 'ended' ? { ended_at_ms: NOW, end_reason: 'time_limit' } : {}),
    ...change,
  });
};

const run = (record: SessionRecord, fact: SessionFact): Decision | undefined =>
  decide(record, fact, NOW);
const types = (decision: Decision | undefined): string[] =>
  (decision?.events ?? []).map(({ type }) => type);
const outcome = (record: SessionRecord, fact: SessionFact): string => {
  try {
    const decision = run(record, fact);
    return decision ? decision.record.state : '(nothing)';
  } catch (error) {
    return (error as { code: string }).code;
  }
};

const answered = (answer: 'granted' | 'not_required' | 'denied'): SessionFact => ({
  kind: 'consent_answered',
  boot_id: boot,
  answer,
  grants: ['control', 'view'],
  proof: 'proof',
});

const FACTS = {
  placed: { kind: 'placed', epoch: 2, node_id: NodeId.parse('node-2') },
  agent_connected: { kind: 'agent_connected' },
  agent_disconnected: { kind: 'agent_disconnected' },
  agent_forgot: { kind: 'agent_forgot' },
  offered: { kind: 'offered', boot_id: boot },
  granted: answered('granted'),
  not_required: answered('not_required'),
  denied: answered('denied'),
  media_up: { kind: 'agent_media', epoch: 1, connected: true },
  media_down: { kind: 'agent_media', epoch: 1, connected: false },
  media_ready: { kind: 'media_ready', epoch: 1 },
  topology: { kind: 'topology_changed', topology: { topology_epoch: 3, monitors: [] } },
  joined: { kind: 'viewer_joined', viewer_id: viewerId },
  left: { kind: 'viewer_left', viewer_id: viewerId },
  removed: { kind: 'viewer_removed', viewer_id: viewerId },
  ended: { kind: 'ended', end_reason: 'integrator_ended' },
} as const satisfies Record<string, SessionFact>;

// Rows: facts; columns: the state before. What comes out: the state after, nothing, or a refusal.
const TABLE: Record<keyof typeof FACTS, Record<SessionState, string>> = {
  placed: {
    waiting_agent: 'waiting_agent',
    waiting_consent: 'waiting_consent',
    connecting: 'connecting',
    live: 'reconnecting',
    reconnecting: 'reconnecting',
    ended: 'session_ended',
  },
  agent_connected: {
    waiting_agent: '(nothing)',
    waiting_consent: '(nothing)',
    connecting: '(nothing)',
    live: '(nothing)',
    reconnecting: '(nothing)',
    ended: '(nothing)',
  },
  agent_disconnected: {
    waiting_agent: 'waiting_agent',
    waiting_consent: 'waiting_consent',
    connecting: 'connecting',
    live: 'live',
    reconnecting: 'reconnecting',
    ended: '(nothing)',
  },
  agent_forgot: {
    waiting_agent: '(nothing)',
    waiting_consent: 'waiting_agent',
    connecting: 'waiting_agent',
    live: 'waiting_agent',
    reconnecting: 'waiting_agent',
    ended: 'session_ended',
  },
  offered: {
    waiting_agent: 'waiting_consent',
    waiting_consent: 'illegal_transition',
    connecting: 'illegal_transition',
    live: 'illegal_transition',
    reconnecting: 'illegal_transition',
    ended: 'session_ended',
  },
  granted: {
    waiting_agent: 'illegal_transition',
    waiting_consent: 'connecting',
    connecting: 'illegal_transition',
    live: 'illegal_transition',
    reconnecting: 'illegal_transition',
    ended: 'session_ended',
  },
  not_required: {
    waiting_agent: 'illegal_transition',
    waiting_consent: 'illegal_transition',
    connecting: 'illegal_transition',
    live: 'illegal_transition',
    reconnecting: 'illegal_transition',
    ended: 'session_ended',
  },
  denied: {
    waiting_agent: 'illegal_transition',
    waiting_consent: 'ended',
    connecting: 'illegal_transition',
    live: 'illegal_transition',
    reconnecting: 'illegal_transition',
    ended: 'session_ended',
  },
  media_up: {
    waiting_agent: 'waiting_agent',
    waiting_consent: 'waiting_consent',
    connecting: 'connecting',
    live: '(nothing)',
    reconnecting: 'live',
    ended: '(nothing)',
  },
  media_down: {
    waiting_agent: '(nothing)',
    waiting_consent: '(nothing)',
    connecting: '(nothing)',
    live: 'reconnecting',
    reconnecting: '(nothing)',
    ended: '(nothing)',
  },
  media_ready: {
    waiting_agent: 'illegal_transition',
    waiting_consent: 'illegal_transition',
    connecting: 'live',
    live: '(nothing)',
    reconnecting: 'live',
    ended: 'session_ended',
  },
  topology: {
    waiting_agent: '(nothing)',
    waiting_consent: '(nothing)',
    connecting: 'connecting',
    live: 'live',
    reconnecting: 'reconnecting',
    ended: '(nothing)',
  },
  joined: {
    waiting_agent: 'waiting_agent',
    waiting_consent: 'waiting_consent',
    connecting: 'connecting',
    live: 'live',
    reconnecting: 'reconnecting',
    ended: 'session_ended',
  },
  left: {
    waiting_agent: '(nothing)',
    waiting_consent: '(nothing)',
    connecting: '(nothing)',
    live: '(nothing)',
    reconnecting: '(nothing)',
    ended: '(nothing)',
  },
  removed: {
    waiting_agent: 'waiting_agent',
    waiting_consent: 'waiting_consent',
    connecting: 'connecting',
    live: 'live',
    reconnecting: 'reconnecting',
    ended: 'session_ended',
  },
  ended: {
    waiting_agent: 'ended',
    waiting_consent: 'ended',
    connecting: 'ended',
    live: 'ended',
    reconnecting: 'ended',
    ended: '(nothing)',
  },
};

describe('every fact in every state', () => {
  for (const [name, row] of Object.entries(TABLE))
    for (const state of states)
      it(`${name} in ${state}: ${row[state]}`, () => {
        expect(outcome(inState(state), FACTS[name as keyof typeof FACTS])).toBe(row[state]);
      });

  it('goes only where the transition table allows, and leaves the record it was given alone', () => {
    for (const state of states)
      for (const fact of Object.values(FACTS)) {
        const record = inState(state);
        const before = structuredClone(record);
        const after = outcome(record, fact);
        expect(record).toEqual(before);
        if (states.includes(after as SessionState) && after !== state)
          expect(mayGo(SESSION_TRANSITIONS, state, after as SessionState)).toBe(true);
      }
  });

  it('allows nothing but in states after consent', () => {
    for (const state of states)
      for (const fact of Object.values(FACTS)) {
        let decision: Decision | undefined;
        try {
          decision = run(inState(state), fact);
        } catch {
          continue; // refused: nothing has changed
        }
        if (decision?.record.allowed)
          expect(['connecting', 'live', 'reconnecting']).toContain(decision.record.state);
      }
  });

  it('ended is the only state that nothing leaves', () => {
    expect(finalStates(SESSION_TRANSITIONS)).toEqual(['ended']);
  });
});

describe('consent', () => {
  it('of an unattended session may be the agent’s policy, before any prompt', () => {
    const record = inState('waiting_agent', {
      mode: 'unattended',
      consent: 'not_required',
      agent: { connected: true, since_ms: 1, offered_boot: boot, offered_at_ms: 2 },
    });
    const decision = run(record, answered('not_required'));
    expect(decision?.record).toMatchObject({ state: 'connecting', allowed: true });
    expect(types(decision)).toEqual([]);
    const asked = run(record, answered('granted'));
    expect(asked?.record).toMatchObject({ consent: 'granted' });
    expect(types(asked)).toEqual(['consent.granted']);
  });

  it('counts only from the boot that was asked', () => {
    const other = { ...FACTS.granted, boot_id: newId('boot') };
    expect(outcome(inState('waiting_consent'), other)).toBe('illegal_transition');
  });

  it('is gone with the boot that got it', () => {
    const forgot = run(inState('live'), FACTS.agent_forgot);
    expect(forgot?.record).toMatchObject({ allowed: false, consent: 'pending' });
    expect(forgot?.record.agent.offered_boot).toBeUndefined();
  });

  it('that nobody gave is told as timed out', () => {
    const ended = run(inState('waiting_consent'), {
      kind: 'ended',
      end_reason: 'consent_timed_out',
    });
    expect(ended?.record.consent).toBe('timed_out');
    expect(types(ended)).toEqual(['consent.timed_out', 'session.ended']);
  });
});

describe('a live session', () => {
  it('reconnects only when agent and media are both gone', () => {
    const withoutMedia = inState('live', {
      placement: { ...inState('live').placement, agent_media: false },
    });
    const gone = run(withoutMedia, FACTS.agent_disconnected);
    expect(gone?.record).toMatchObject({ state: 'reconnecting', lost: 'agent_lost' });
    expect(types(gone)).toEqual(['agent.disconnected', 'session.reconnecting']);
    const socketOnly = run(inState('live'), FACTS.agent_disconnected);
    expect(types(socketOnly)).toEqual(['agent.disconnected']);
    const mediaOnly = run(inState('live'), FACTS.media_down);
    expect(mediaOnly?.events).toMatchObject([{ data: { cause: 'media_lost' } }]);
  });

  it('that is placed again waits for its agent to publish there', () => {
    const moved = run(inState('live'), FACTS.placed);
    expect(types(moved)).toEqual(['session.reconnecting', 'session.placed']);
    expect(moved?.record.placement).toMatchObject({ epoch: 2, published: false });
    if (!moved) return;
    const up: SessionFact = { kind: 'agent_media', epoch: 2, connected: true };
    expect(outcome(moved.record, up)).toBe('reconnecting');
    expect(outcome(moved.record, { kind: 'media_ready', epoch: 1 })).toBe('stale_epoch');
    expect(outcome(moved.record, { kind: 'media_ready', epoch: 2 })).toBe('live');
  });

  it('is never placed with an epoch it had', () => {
    expect(outcome(inState('live'), { ...FACTS.placed, epoch: 1 })).toBe('stale_epoch');
  });
});

describe('viewers', () => {
  it('join and leave once, and may come back', () => {
    const joined = run(inState('live'), FACTS.joined);
    expect(types(joined)).toEqual(['viewer.joined']);
    if (!joined) return;
    expect(outcome(joined.record, FACTS.joined)).toBe('(nothing)');
    const left = run(joined.record, FACTS.left);
    expect(types(left)).toEqual(['viewer.left']);
    expect(types(run(left?.record ?? joined.record, FACTS.joined))).toEqual(['viewer.joined']);
  });

  it('that were never admitted do not exist', () => {
    expect(outcome(inState('live'), { kind: 'viewer_joined', viewer_id: newId('vwr') })).toBe(
      'unauthenticated',
    );
  });

  it('take at most sixteen places, and are forgotten when their token can not be good any more', () => {
    let record = inState('live', { viewers: [] });
    const admit = (): string => {
      const fact: SessionFact = {
        kind: 'viewer_admitted',
        viewer: { ...viewer, id: newId('vwr') },
      };
      const result = outcome(record, fact);
      if (result === 'live') record = run(record, fact)?.record ?? record;
      return result;
    };
    for (let i = 0; i < 16; i += 1) expect(admit()).toBe('live');
    expect(admit()).toBe('limit_reached');
    const later = decide(
      record,
      { kind: 'viewer_admitted', viewer: { ...viewer, id: newId('vwr') } },
      NOW + 600_000,
    );
    expect(later?.record.viewers).toHaveLength(1);
  });
});

describe('the next deadline', () => {
  const deadline = (record: SessionRecord, heldSinceMs = 0) =>
    nextDeadline(record, TIMINGS, heldSinceMs);

  it.each([
    ['waiting for the agent', inState('waiting_agent'), 601_000, 'agent_never_came'],
    ['waiting for consent', inState('waiting_consent'), 38_000, 'consent_timed_out'],
    ['connecting', inState('connecting'), 31_000, 'media_lost'],
    [
      'connecting, the agent gone',
      inState('connecting', { agent: { connected: false, since_ms: 5000 } }),
      35_000,
      'agent_lost',
    ],
    ['reconnecting', inState('reconnecting'), 31_000, 'media_lost'],
    [
      'reconnecting, the agent gone',
      inState('reconnecting', { agent: { connected: false, since_ms: 9000 } }),
      39_000,
      'agent_lost',
    ],
    ['live', inState('live'), 3_601_000, 'time_limit'],
    [
      'waiting longer than it may last',
      inState('waiting_agent', { max_duration_s: 60 }),
      61_000,
      'time_limit',
    ],
  ] as const)('while %s', (_, record, atMs, end_reason) => {
    expect(deadline(record)).toEqual({ atMs, end_reason });
  });

  it('of an unattended offer that is not answered is the consent timeout, too', () => {
    const record = inState('waiting_agent', {
      mode: 'unattended',
      agent: { connected: true, since_ms: 1, offered_boot: boot, offered_at_ms: 2000 },
    });
    expect(deadline(record)).toEqual({ atMs: 37_000, end_reason: 'consent_timed_out' });
    expect(deadline({ ...record, agent: { ...record.agent, connected: false } })).toMatchObject({
      end_reason: 'agent_lost',
    });
  });

  it('of who is awaited back begins anew with this process, that of an answer does not', () => {
    const startedMs = 100_000;
    expect(deadline(inState('reconnecting'), startedMs)?.atMs).toBe(startedMs + 30_000);
    const away = inState('connecting', { agent: { connected: false, since_ms: 5000 } });
    expect(deadline(away, startedMs)?.atMs).toBe(startedMs + 30_000);
    expect(deadline(inState('waiting_consent'), startedMs)?.atMs).toBe(38_000);
    expect(deadline(inState('live'), startedMs)?.atMs).toBe(3_601_000);
  });

  it('of an ended session is none', () => {
    expect(deadline(inState('ended'))).toBeUndefined();
  });
});
