// What the page learns from its address before anything else of it is there. The code must not stay
// in the address, the history or a bookmark; and it is already being traded while the rest of the
// page, which is large, is still on its way.
import { Greeting } from './embed/greeting.ts';
import { beginOpening, type Opening } from './link/opening.ts';

export type Begun = {
  /** The page's address as it was. */
  readonly pathname: string;
  readonly hash: string;
  readonly origin: string;
  /** Undefined when the address does not look like one with a code: boot.ts says what is wrong. */
  readonly opening: Opening | undefined;
  /** Said to the page that frames this one, if one does. */
  readonly greeting: Greeting | undefined;
};

export function begin(window: Window): Begun {
  const { pathname, search, hash, origin } = window.location;
  window.history.replaceState(null, '', pathname + search);
  const greeting = window.parent === window ? undefined : new Greeting(window);
  const code = new URLSearchParams(hash.slice(1)).get('code');
  const sessionId = /^\/viewer\/(ses_[0-9a-z]+)\/?$/.exec(pathname)?.[1];
  const opening =
    code && sessionId ? beginOpening({ serverUrl: origin, sessionId, code }) : undefined;
  return { pathname, hash, origin, opening, greeting };
}
