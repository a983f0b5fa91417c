// Every word the page says. Short, plain, and with what to do where something can be done.
import type { ViewerState } from '@guruconnect/contract/embed/embed-messages';
import { ERRORS, type ErrorCode } from '@guruconnect/contract/errors';
import type { Grant } from '@guruconnect/contract/grants';
import type { EndReason } from '@guruconnect/contract/session';
import type { InputOff } from '../input/input-status.ts';

/** The state in the toolbar (role=status). */
export const STATE_WORDS: Record<ViewerState, string> = {
  exchanging: 'Opening the session',
  joining: 'Connecting to the server',
  waiting_agent: 'Waiting for the machine',
  waiting_consent: 'Waiting for consent',
  connecting: 'Connecting to the desktop',
  live: 'Live',
  reconnecting: 'Reconnecting',
  ended: 'Session ended',
  failed: 'Could not connect',
};

export const INPUT_WORDS: Record<InputOff, string> = {
  view_only: 'View only: this session was opened without control',
  not_live: 'Input is off until the session is live',
  no_picture: 'Input is off until there is a picture',
  channel_down: 'Input is off: its channel to the machine is not open',
};
/** The buttons that say how several monitors are shown. */
export const LAYOUT_WORDS = {
  single: 'Show one monitor at a time',
  grid: 'Show all monitors at once',
  strip: 'Live thumbnails of the other monitors',
  noStrip: 'All monitors are shown already',
  window: 'Open this monitor in a window of its own',
  noWindow: 'The browser did not open a window. Allow pop-ups for this site.',
  noWindowFramed:
    'The page around this viewer does not let it open windows. Open the session in its own tab for that.',
} as const;

export const INPUT_ON = 'Input is on: keyboard and mouse go to the remote machine';

export const END_WORDS: Record<EndReason, string> = {
  integrator_ended: 'It was ended from the management system.',
  technician_ended: 'You or another technician ended it.',
  end_user_ended: 'The person at the machine stopped it.',
  consent_denied: 'The person at the machine said no.',
  consent_timed_out: 'The person at the machine did not answer in time.',
  consent_unavailable: 'Nobody at the machine could be asked.',
  refused_by_agent: 'The machine’s own policy does not allow this session.',
  agent_never_came: 'The machine did not come online within the waiting time.',
  agent_lost: 'The machine was away for too long.',
  media_lost: 'No media node could carry the session any longer.',
  machine_revoked: 'The machine’s key was revoked.',
  machine_quarantined: 'The machine’s key was seen in two places at once.',
  time_limit: 'It reached its time limit.',
};

type Failure = { readonly title: string; readonly advice: string };

const OPEN_AGAIN = 'Open the session again from where you started it.';

const FAILURES: Partial<Record<ErrorCode, Failure>> = {
  code_used: { title: 'This link was already used', advice: `A link works once. ${OPEN_AGAIN}` },
  code_expired: {
    title: 'This link has expired',
    advice: `A link works for a minute at most. ${OPEN_AGAIN}`,
  },
  code_invalid: {
    title: 'This link carries no valid code',
    advice: `A link works once; reloading the page uses it up. ${OPEN_AGAIN}`,
  },
  credential_expired: {
    title: 'You were disconnected for too long',
    advice: `Your access had to be renewed and could not be. ${OPEN_AGAIN}`,
  },
  credential_revoked: {
    title: 'Your access was withdrawn',
    advice: 'Ask whoever manages this session.',
  },
  unauthenticated: { title: 'The server did not accept your access', advice: OPEN_AGAIN },
  origin_not_allowed: {
    title: 'This page may not show the session',
    advice: 'Its origin is not among the origins the session was created with.',
  },
  session_not_found: { title: 'There is no such session', advice: OPEN_AGAIN },
  session_ended: { title: 'The session is over', advice: OPEN_AGAIN },
  feature_off: {
    title: 'This is switched off here',
    advice: 'The operator of this GuruConnect server has turned it off.',
  },
  timeout: {
    title: 'The server could not be reached',
    advice: `Check your network. ${OPEN_AGAIN}`,
  },
  rate_limited: {
    title: 'Too many attempts',
    advice: 'Wait a minute, then open the session again.',
  },
};

export const failure = (code: ErrorCode): Failure =>
  FAILURES[code] ?? { title: ERRORS[code].title, advice: OPEN_AGAIN };

const REFUSALS: Partial<Record<ErrorCode, string>> = {
  stale_topology: 'The monitors changed. Look again before you click.',
  grant_missing: 'You may only watch.',
  consent_required: 'The person at the machine has not allowed input.',
  rate_limited: 'Too much input at once; some of it was dropped.',
  session_ended: 'The session is over.',
};
export const refusal = (code: ErrorCode): string =>
  REFUSALS[code] ?? 'The remote machine refused the last input.';

export const grantWords = (grants: readonly string[]): string =>
  grants.includes('control' satisfies Grant) ? 'see and control the screen' : 'see the screen';

/** "1 h 4 min", "12 min", "48 s". */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export type KeyCombination = { readonly name: string; readonly codes: readonly string[] };

/** What a browser or the local system keeps for itself, in the order people look for it. */
export const KEY_COMBINATIONS: readonly KeyCombination[] = [
  { name: 'Ctrl + Alt + Del', codes: ['ControlLeft', 'AltLeft', 'Delete'] },
  { name: 'Ctrl + Shift + Esc', codes: ['ControlLeft', 'ShiftLeft', 'Escape'] },
  { name: 'Alt + Tab', codes: ['AltLeft', 'Tab'] },
  { name: 'Alt + F4', codes: ['AltLeft', 'F4'] },
  { name: 'Windows / Super', codes: ['MetaLeft'] },
  { name: 'Windows + L', codes: ['MetaLeft', 'KeyL'] },
  { name: 'Windows + R', codes: ['MetaLeft', 'KeyR'] },
  { name: 'Ctrl + W', codes: ['ControlLeft', 'KeyW'] },
  { name: 'Esc', codes: ['Escape'] },
  { name: 'Print Screen', codes: ['PrintScreen'] },
];
