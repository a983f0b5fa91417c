// The endpoint's pointer, apart from the picture: its shape, and where it is when it moved by
// something other than us. Behind it: X11 (XFixes, XInput 2), Windows, a script for tests.
//
// Protocol of use
// - Opened by the platform's `open…CursorWatch` with the listeners, used on the main thread. Right
//   after opening `shape()` and `position()` are valid; listeners hear only of later changes.
// - `onShape` comes once for each change of shape. A shape has a serial: the same serial is the same
//   picture, so a receiver may keep the pictures it was sent. The shape is the receiver's to keep and
//   not to change.
// - `onPosition` comes at most MAX_POSITIONS_PER_SECOND times a second, always with the newest place.
// - `close()` is idempotent; no listener is called afterwards.

/** Enough for a second pointer to look alive; more would only cost the channel. */
export const MAX_POSITIONS_PER_SECOND = 60;

export interface CursorShape {
  /** The same number is the same picture, for as long as this watch lives. */
  readonly serial: number;
  readonly width: number;
  readonly height: number;
  /** The pixel that points, from the top left. */
  readonly hotspotX: number;
  readonly hotspotY: number;
  /** 4 bytes a pixel, not premultiplied, rows from the top. At most MAX_CURSOR_PX on a side. */
  readonly rgba: Uint8Array;
  /** False when nothing of it can be seen: the application hides the pointer. */
  readonly visible: boolean;
}

export interface CursorPosition {
  /** Pixels of the virtual desktop. */
  readonly xPx: number;
  readonly yPx: number;
}

export interface CursorListeners {
  readonly onShape: (shape: CursorShape) => void;
  readonly onPosition: (position: CursorPosition) => void;
  /** Where our own input put the pointer last (the same object until the next time): no news. */
  readonly ownPosition?: () => CursorPosition | undefined;
}

export interface CursorWatch {
  /** A plain arrow where the system does not tell. */
  shape(): CursorShape;
  position(): CursorPosition;
  close(): void;
}
