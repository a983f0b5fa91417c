import { describe, expect, it } from 'vitest';
import { finalStates, mayGo } from '@guruconnect/contract/base/transitions';
import { SESSION_STATES, type SessionState } from '@guruconnect/contract/session';
import { VIEWER_TRANSITIONS, viewerState, type ViewerFacts } from './viewer-state.ts';

const BEGIN: ViewerFacts = {
  failed: false,
  hasToken: false,
  session: undefined,
  media: 'none',
  painted: false,
};
const state = (facts: Partial<ViewerFacts>) => viewerState({ ...BEGIN, ...facts });

const sessions = [undefined, ...(Object.keys(SESSION_STATES) as SessionState[])];
const everyFact: ViewerFacts[] = [true, false].flatMap((failed) =>
  [true, false].flatMap((hasToken) =>
    sessions.flatMap((session) =>
      (['none', 'up', 'lost'] as const).flatMap((media) =>
        [true, false].map((painted) => ({ failed, hasToken, session, media, painted })),
      ),
    ),
  ),
);

describe('the state of a viewer', () => {
  it('follows the way from the code to the picture', () => {
    expect(state({})).toBe('exchanging');
    expect(state({ hasToken: true })).toBe('joining');
    const joined = { hasToken: true };
    expect(state({ ...joined, session: 'waiting_agent' })).toBe('waiting_agent');
    expect(state({ ...joined, session: 'waiting_consent' })).toBe('waiting_consent');
    expect(state({ ...joined, session: 'connecting' })).toBe('connecting');
    expect(state({ ...joined, session: 'live', media: 'up' })).toBe('connecting');
    expect(state({ ...joined, session: 'live', media: 'up', painted: true })).toBe('live');
  });

  it('is reconnecting, not waiting, once a picture was there', () => {
    for (const session of [
      'waiting_agent',
      'waiting_consent',
      'connecting',
      'reconnecting',
    ] as const)
      expect(state({ hasToken: true, session, painted: true })).toBe('reconnecting');
    expect(state({ hasToken: true, session: 'live', media: 'lost', painted: true })).toBe(
      'reconnecting',
    );
  });

  it('is live only with a token, a live session, working media and a picture', () => {
    for (const facts of everyFact)
      if (viewerState(facts) === 'live')
        expect(facts).toMatchObject({ session: 'live', painted: true, failed: false });
  });

  it('names the end rather than the error that came with it', () => {
    for (const facts of everyFact)
      if (facts.session === 'ended') expect(viewerState(facts)).toBe('ended');
      else if (facts.failed) expect(viewerState(facts)).toBe('failed');
  });

  it('never leaves the end', () => {
    expect(finalStates(VIEWER_TRANSITIONS)).toEqual(['ended']);
  });

  it('takes only steps of the table when one fact changes at a time', () => {
    // What can change by itself while a viewer lives; a token is never lost, a paint never undone.
    const steps = (facts: ViewerFacts): ViewerFacts[] => [
      { ...facts, failed: true },
      { ...facts, hasToken: true },
      ...(facts.hasToken && facts.session !== 'ended'
        ? sessions.filter((s) => s !== undefined).map((session) => ({ ...facts, session }))
        : []),
      ...(facts.session === undefined
        ? []
        : (['up', 'lost'] as const).map((media) => ({ ...facts, media }))),
      ...(facts.session === 'live' ? [{ ...facts, painted: true }] : []),
    ];
    for (const facts of everyFact) {
      if (!facts.hasToken && (facts.session || facts.painted)) continue;
      if (facts.painted && facts.session === undefined) continue;
      for (const next of steps(facts)) {
        const [from, to] = [viewerState(facts), viewerState(next)];
        if (from !== to) expect(mayGo(VIEWER_TRANSITIONS, from, to), `${from} -> ${to}`).toBe(true);
      }
    }
  });
});
