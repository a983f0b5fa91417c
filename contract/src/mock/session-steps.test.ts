import { describe, expect, it } from 'vitest';
import { CreateSession } from '../http/v1/sessions.ts';
import { EVENTS } from '../journal.ts';
import { Session, SESSION_STATES, type SessionState } from '../session.ts';
import { MockSessions } from './mock-sessions.ts';
import { STEPS, type StepName } from './scenarios.ts';
import { afterStep, mayHappen } from './session-steps.ts';

const sessions = new MockSessions(0, (error) => {
  throw error;
});
const session = (mode: 'attended' | 'unattended'): Session =>
  sessions.create(
    CreateSession.parse({ device_id: mode, mode, technician: { id: 'x', name: 'X' } }),
    'goes_well',
  );
const BASES = [session('attended'), session('unattended')];
const NOW_MS = Date.UTC(2026, 11, 1);

describe('every step in every state', () => {
  const cases = (Object.keys(STEPS) as StepName[]).flatMap((step) =>
    (Object.keys(SESSION_STATES) as SessionState[]).map((state) => [step, state] as const),
  );
  it.each(cases)(
    '%s in %s is refused, or makes a session and events of the contract',
    (step, state) => {
      for (const base of BASES) {
        const before = { ...base, state };
        if (!mayHappen(before, step)) {
          expect(() => afterStep(before, step, NOW_MS, NOW_MS)).toThrow(/can not happen/);
          continue;
        }
        const { session: after, events } = afterStep(before, step, NOW_MS, NOW_MS + 30_000);
        expect(Session.safeParse(after).error).toBeUndefined();
        for (const { type, data } of events)
          expect(EVENTS[type].safeParse(data).error, type).toBeUndefined();
        expect(after.state === 'ended').toBe(after.end_reason !== undefined);
      }
    },
  );

  it('nothing happens after the end', () => {
    const over = { ...session('attended'), state: 'ended' } as Session;
    expect((Object.keys(STEPS) as StepName[]).filter((step) => mayHappen(over, step))).toEqual([]);
  });
});
