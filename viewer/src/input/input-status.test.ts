import { describe, expect, it } from 'vitest';
import { SESSION_STATES, type SessionState } from '@guruconnect/contract/session';
import { INPUT_OFF, inputStatus, type InputFacts } from './input-status.ts';

const ALL: InputFacts = {
  grants: ['control', 'view'],
  session: 'live',
  pictureRuns: true,
  channelsOpen: true,
};
const off = (facts: Partial<InputFacts>) => {
  const status = inputStatus({ ...ALL, ...facts });
  return status.enabled ? undefined : status.why;
};

describe('input', () => {
  it('is on with the grant, a live session, a running picture and open channels', () => {
    expect(inputStatus(ALL)).toEqual({ enabled: true });
  });

  it('is off for whatever of them is missing, and says which', () => {
    expect(off({ grants: ['view'] })).toBe('view_only');
    expect(off({ pictureRuns: false })).toBe('no_picture');
    expect(off({ channelsOpen: false })).toBe('channel_down');
    for (const session of [undefined, ...(Object.keys(SESSION_STATES) as SessionState[])])
      expect(off({ session })).toBe(session === 'live' ? undefined : 'not_live');
  });

  it('is called view-only before anything that passes by itself', () => {
    expect(off({ grants: ['view'], session: 'connecting', pictureRuns: false })).toBe('view_only');
    // Before the hello nobody knows the grants.
    expect(off({ grants: [], session: undefined })).toBe('not_live');
  });

  it('has words for every reason', () => {
    for (const words of Object.values(INPUT_OFF)) expect(words).not.toBe('');
  });
});
