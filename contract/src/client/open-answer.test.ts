import { describe, expect, it } from 'vitest';
import { GcError } from '../errors.ts';
import { Session } from '../session.ts';
import { ROUTE_EXAMPLES } from '../openapi/route-examples.ts';
import { openAnswer } from './open-answer.ts';

const session = ROUTE_EXAMPLES['sessions.read'].response as Record<string, unknown>;
const { topology } = session as unknown as Session;
const read = (change: object): unknown => openAnswer(Session, { ...session, ...change }, 'It');

describe('an answer of a later version', () => {
  it('keeps fields this build does not know, at every depth', () => {
    const topology = { topology_epoch: 3, monitors: [], rotation: 90 };
    expect(read({ region: 'eu', topology })).toMatchObject({ region: 'eu', topology });
  });

  it('may carry values this build does not know', () => {
    expect(read({ state: 'handed_over', end_reason: 'moved' })).toMatchObject({
      state: 'handed_over',
    });
  });

  it('may go beyond the bounds of today', () => {
    const monitors = [{ ...topology.monitors[0], monitor_id: 70_000, scale: 12 }];
    expect(read({ topology: { ...topology, monitors } })).toMatchObject({ topology: { monitors } });
  });

  it.each([
    ['a missing field', { id: undefined }],
    ['a field of another type', { epoch: 'one' }],
    ['a value that is no text', { state: 7 }],
  ])('is refused with a pointer for %s', (_what, change) => {
    expect(() => read(change)).toThrow(GcError);
  });
});
