// The words of the consent prompt and the live indicator, the same on every platform. Pure. Foreign
// text passes through `shownText` here and nowhere else.
import type { Grant } from '@guruconnect/contract/grants';
import type { ConsentQuestion } from './prompt.ts';
import { initialsOf, shownText } from './shown-text.ts';

export const PROMPT_TITLE = 'GuruConnect – remote support request';
export const STOP_HOTKEY_TEXT = 'Ctrl+Alt+Shift+Esc';

const MAX_NAME_GRAPHEMES = 60;
const MAX_REASON_GRAPHEMES = 300;
const UNNAMED = 'A technician';

/** What each grant means to the person at the screen. */
const ASKED_FOR = {
  view: 'See everything on your screen',
  control: 'Use your mouse and keyboard',
} as const satisfies Record<Grant, string>;

/** In the order of rising reach. */
const GRANT_ORDER: readonly Grant[] = ['view', 'control'];

export interface PromptWording {
  readonly heading: string;
  readonly initials: string;
  readonly name: string;
  readonly organization: string | undefined;
  readonly lead: string;
  readonly asks: readonly string[];
  readonly reason: string | undefined;
  /** One sentence a line. */
  readonly advice: readonly string[];
  readonly deny: string;
  readonly allow: string;
}

export function promptWording(question: ConsentQuestion): PromptWording {
  const name = shownText(question.technician.name, MAX_NAME_GRAPHEMES) || UNNAMED;
  const organization = shownText(question.technician.organization ?? '', MAX_NAME_GRAPHEMES);
  const reason = shownText(question.reason ?? '', MAX_REASON_GRAPHEMES);
  return {
    heading: 'Allow remote support?',
    initials: initialsOf(name) || '?',
    name,
    organization: organization || undefined,
    lead: 'wants to connect to this computer and would be able to',
    asks: GRANT_ORDER.filter((grant) => question.grants.includes(grant)).map(
      (grant) => ASKED_FOR[grant],
    ),
    reason: reason || undefined,
    advice: [
      'Allow this only if you expect it.',
      `You can stop it at any time with ${STOP_HOTKEY_TEXT}.`,
    ],
    deny: 'Deny',
    allow: 'Allow',
  };
}

/** Counts down in whole seconds, never 0 while an answer still counts. */
export function countdownText(leftMs: number): string {
  const seconds = Math.max(1, Math.ceil(leftMs / 1000));
  return seconds < 120
    ? `Denied automatically in ${seconds} s`
    : `Denied automatically in ${Math.ceil(seconds / 60)} min`;
}

export type Activity = 'viewing' | 'controlling';

/** "Ana Petrović is controlling this computer", also for several. The strongest activity counts. */
export function indicatorText(
  technicians: readonly { readonly name: string; readonly activity: Activity }[],
): string {
  const MAX_INDICATOR_NAME_GRAPHEMES = 32;
  const activity = technicians.some((one) => one.activity === 'controlling')
    ? 'controlling'
    : 'viewing';
  const first = technicians.find((one) => one.activity === activity) ??
    technicians[0] ?? { name: '' };
  const name = shownText(first.name, MAX_INDICATOR_NAME_GRAPHEMES) || UNNAMED;
  const others = technicians.length - 1;
  const who =
    others < 1
      ? `${name} is`
      : `${name} and ${others === 1 ? 'one other' : `${others} others`} are`;
  return `${who} ${activity} this computer`;
}
