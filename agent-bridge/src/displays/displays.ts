// The monitors of this machine as GuruConnect knows them. Behind it: X11 (RANDR), Windows, a script
// for tests.
//
// Protocol of use
// - One per desktop, opened by the platform's `open…Displays`, used on the main thread.
// - `current()` is valid from the moment it is open and costs nothing.
// - Listeners hear of every change once it has settled (within SETTLE_MAX_MS of its first sign), with
//   a topology whose epoch is one higher; never of something that changed back meanwhile. They may
//   call anything, also `close()`.
// - `close()` is idempotent; afterwards no listener is called and `current()` keeps its last answer.
import type { Topology } from '@guruconnect/contract/monitor';

/** One change of monitors comes as a burst of signs: quiet for this long means it is over, ms. */
export const SETTLE_QUIET_MS = 30;
/** … but nobody waits longer than this after the first sign, ms. */
export const SETTLE_MAX_MS = 100;

export interface Displays {
  current(): Topology;
  /** Returns the way to stop listening. */
  onChange(listener: (topology: Topology) => void): () => void;
  close(): void;
}
