// What is going on at this machine when a session is offered: it decides which rule of the consent
// policy counts. Behind it: X11, Windows (session and secure desktop), a script for tests.
import type { EndpointState } from '@guruconnect/contract/consent-policy';

/** After this long without keyboard and mouse nobody is taken to be there, ms. */
export const IDLE_AFTER_MS = 5 * 60_000;

export interface EndpointWatch {
  /** Asked once for each session; never throws. What cannot be told counts as `active`. */
  state(): EndpointState;
}

/** For tests: whatever was set last. */
export class ScriptedEndpoint implements EndpointWatch {
  now: EndpointState = 'active';

  state(): EndpointState {
    return this.now;
  }
}
