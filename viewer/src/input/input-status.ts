// May the technician's input leave this page now, and if not, why not. Pure. The media node and
// the agent enforce the same; this only keeps the page honest about it.
import type { Grant } from '@guruconnect/contract/grants';
import type { SessionState } from '@guruconnect/contract/session';

export const INPUT_OFF = {
  view_only: 'You may only watch',
  not_live: 'The session is not live',
  no_picture: 'There is no picture yet',
  channel_down: 'The input channel is not open',
} as const;
export type InputOff = keyof typeof INPUT_OFF;

export type InputStatus =
  { readonly enabled: true } | { readonly enabled: false; readonly why: InputOff };

export type InputFacts = {
  readonly grants: readonly Grant[];
  readonly session: SessionState | undefined;
  /** What is on the screen is live: not a last picture that was kept of something gone. */
  readonly pictureRuns: boolean;
  readonly channelsOpen: boolean;
};

export function inputStatus(facts: InputFacts): InputStatus {
  const off = (why: InputOff): InputStatus => ({ enabled: false, why });
  if (facts.session !== undefined && !facts.grants.includes('control')) return off('view_only');
  if (facts.session !== 'live') return off('not_live');
  if (!facts.pictureRuns) return off('no_picture');
  if (!facts.channelsOpen) return off('channel_down');
  return { enabled: true };
}
