// What a technician does, as it travels from viewer to agent on the input channels.
import type { MonitorId } from '../monitor.ts';

/** Pointer buttons as DOM numbers them (UI Events, MouseEvent.button). */
export const BUTTONS = { left: 0, middle: 1, right: 2, back: 3, forward: 4 } as const;

/** One wheel notch, as on Windows (WHEEL_DELTA); finer movements are fractions of it. */
export const WHEEL_NOTCH = 120;

/** Highest value of a normalised coordinate: the last pixel of the monitor. */
export const COORDINATE_MAX = 0xffff;

/** Longest text of one `text` event, bytes of UTF-8. */
export const MAX_TEXT_BYTES = 1024;

/** A place on the monitor the technician saw: 0 is its first pixel, COORDINATE_MAX its last. */
export type Position = { readonly x: number; readonly y: number };

type Stamp = {
  readonly monitor_id: MonitorId;
  /** The topology the technician saw; the agent refuses an event of another one. */
  readonly topology_epoch: number;
  /** Rises with every event of a viewer, over both channels; wraps at 2^32. */
  readonly seq: number;
};

/** Buttons and wheel carry their own position, so that a lost move never misplaces a click. */
export type InputEvent = Stamp &
  (
    | { readonly kind: 'move'; readonly position: Position }
    | {
        readonly kind: 'button';
        readonly position: Position;
        readonly button: number;
        readonly down: boolean;
      }
    /** Positive dy scrolls down, positive dx right; 1/120 notch. */
    | {
        readonly kind: 'wheel';
        readonly position: Position;
        readonly dx: number;
        readonly dy: number;
      }
    /** `usage`: USB HID usage of page 7, the physical key; the remote layout decides the character. */
    | { readonly kind: 'key'; readonly usage: number; readonly down: boolean }
    /** Characters rather than keys: paste, input methods, on-screen keyboards. */
    | { readonly kind: 'text'; readonly text: string }
    /** Nothing is held any more: the page lost focus, or the viewer leaves. */
    | { readonly kind: 'release_all' }
    /**
     * No input at all: this viewer looks at where the time goes. The agent answers with a `clock`
     * fact and traces every frame for a few seconds (facts/fact.ts).
     */
    | { readonly kind: 'probe' }
  );

export type InputKind = InputEvent['kind'];
