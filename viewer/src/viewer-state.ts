// How the viewer is doing, derived from facts. Pure: there is no state variable that could disagree
// with the facts; the table below only says which steps can be seen by an onlooker.
import type { ViewerState } from '@guruconnect/contract/embed/embed-messages';
import type { SessionState } from '@guruconnect/contract/session';
import type { TransitionTable } from '@guruconnect/contract/base/transitions';

export type ViewerFacts = {
  /** Something that cannot be cured was refused; the error says what. */
  readonly failed: boolean;
  readonly hasToken: boolean;
  /** State of the session as last told; undefined before the first hello was answered. */
  readonly session: SessionState | undefined;
  /** `lost`: the transports to the media node are down and being restored. */
  readonly media: 'none' | 'up' | 'lost';
  /** A frame of this session was painted at least once. */
  readonly painted: boolean;
};

/**
 * A lost signaling socket alone does not change the state: picture and input do not need it. The
 * page says it beside the state.
 */
export function viewerState(facts: ViewerFacts): ViewerState {
  // The end is more exact than the error that came with it.
  if (facts.session === 'ended') return 'ended';
  if (facts.failed) return 'failed';
  if (!facts.hasToken) return 'exchanging';
  switch (facts.session) {
    case undefined:
      return 'joining';
    case 'waiting_agent':
    case 'waiting_consent':
    case 'connecting':
      // Once painted, the technician keeps the old picture: this is a way back, not a beginning.
      return facts.painted ? 'reconnecting' : facts.session;
    case 'reconnecting':
      return 'reconnecting';
    case 'live':
      if (facts.media === 'lost') return facts.painted ? 'reconnecting' : 'connecting';
      return facts.painted ? 'live' : 'connecting';
  }
}

const waiting = ['waiting_agent', 'waiting_consent', 'connecting', 'reconnecting'] as const;
const over = ['ended', 'failed'] as const;

/** Every step an onlooker may see; nothing leaves `ended`. */
export const VIEWER_TRANSITIONS: TransitionTable<ViewerState> = {
  exchanging: ['joining', ...over],
  joining: [...waiting, ...over],
  waiting_agent: ['waiting_consent', 'connecting', 'reconnecting', ...over],
  waiting_consent: ['waiting_agent', 'connecting', 'reconnecting', ...over],
  connecting: ['waiting_agent', 'waiting_consent', 'live', 'reconnecting', ...over],
  live: ['reconnecting', ...over],
  reconnecting: ['waiting_agent', 'waiting_consent', 'connecting', 'live', ...over],
  // The server may tell the end just after it refused something because of it.
  failed: ['ended'],
  ended: [],
};
