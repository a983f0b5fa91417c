// Mouse and pen: which buttons changed, and where on the monitor. Pure.
import { inside, normalise, type Rect, type Size } from '@guruconnect/contract/input/coordinates';
import { BUTTONS, type Position } from '@guruconnect/contract/input/input-event';

/** PointerEvent.buttons bit -> MouseEvent.button number. */
const BUTTON_OF_BIT = [
  [1, BUTTONS.left],
  [2, BUTTONS.right],
  [4, BUTTONS.middle],
  [8, BUTTONS.back],
  [16, BUTTONS.forward],
] as const;

export type ButtonChange = { readonly button: number; readonly down: boolean };

/**
 * Pointer events fire `pointerdown` for the first button only; further ones arrive as moves (Pointer
 * Events, chorded buttons). The mask of each event tells all of them, and heals a missed release.
 */
export function buttonChanges(before: number, after: number): ButtonChange[] {
  const changes: ButtonChange[] = [];
  for (const [bit, button] of BUTTON_OF_BIT) {
    if ((before & bit) !== (after & bit)) changes.push({ button, down: (after & bit) !== 0 });
  }
  // Releases first: a mask that lost one button and gained another never means holding both.
  return changes.sort((a, b) => Number(a.down) - Number(b.down));
}

export type Point = { readonly x: number; readonly y: number };

/** Where on the monitor, and whether that is on the picture rather than on the bars around it. */
export function locate(
  point: Point,
  picture: Rect,
  monitor: Size,
): { readonly position: Position; readonly on: boolean } {
  return { position: normalise(point, picture, monitor), on: inside(point, picture) };
}
