// The visible sign that somebody is watching or controlling this computer, and the ways to stop them:
// a button, and a hotkey that injected input can neither press nor suppress. Behind it: X11, Windows,
// a recording for tests.
//
// Protocol of use
// - One per desktop, opened by the platform's `open…LiveIndicator`, used on the main thread.
// - `show` with everybody who watches now; again at each change (joined, left, took control). It puts
//   the sign up, or changes its words. An empty list is `hide`. Both may be called at any time.
// - While shown, the sign stays on top and comes back when something covers, hides or destroys it,
//   and `onStop` is called at each stop, within the same turn as the event. The owner then ends the
//   sessions; the sign stays until the owner says `hide`.
// - `relocate` after the primary monitor changed.
// - `close` is idempotent; `onStop` is not called afterwards.
import type { Activity } from './prompt-wording.ts';

export type { Activity };

export interface ShownTechnician {
  readonly name: string;
  readonly activity: Activity;
}

export type StopKind = 'button' | 'hotkey';

export interface LiveIndicator {
  /** `unavailable` when it cannot be put up: whether to go on is the owner's policy. */
  show(technicians: readonly ShownTechnician[]): 'shown' | 'unavailable';
  hide(): void;
  relocate(): void;
  close(): void;
}
