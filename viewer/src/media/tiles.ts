// All monitors at once: where each lies in a box, as they lie on the desk. Pure; lengths are CSS
// pixels, of monitors physical pixels.
import type { Rect, Size } from '@guruconnect/contract/input/coordinates';
import type { Monitor } from '@guruconnect/contract/monitor';

/** Between neighbours, so that one sees where one ends. */
export const TILE_GAP_PX = 6;

/** Keeps the monitors' places and proportions; centred in the box. By monitor id. */
export function tiles(monitors: readonly Monitor[], box: Size): Map<number, Rect> {
  const left = Math.min(...monitors.map(({ x }) => x));
  const top = Math.min(...monitors.map(({ y }) => y));
  const right = Math.max(...monitors.map(({ x, width }) => x + width));
  const bottom = Math.max(...monitors.map(({ y, height }) => y + height));
  const desk = { width: right - left, height: bottom - top };
  const inner = {
    width: Math.max(1, box.width - 2 * TILE_GAP_PX),
    height: Math.max(1, box.height - 2 * TILE_GAP_PX),
  };
  const factor = Math.min(inner.width / desk.width, inner.height / desk.height);
  const offsetX = (box.width - desk.width * factor) / 2;
  const offsetY = (box.height - desk.height * factor) / 2;
  return new Map(
    monitors.map(({ monitor_id, x, y, width, height }) => {
      const [from, to] = span(offsetX + (x - left) * factor, width * factor);
      const [above, below] = span(offsetY + (y - top) * factor, height * factor);
      return [monitor_id, { x: from, y: above, width: to - from, height: below - above }];
    }),
  );
}

/** Edges on whole pixels, half a gap inside; at least one pixel long. */
function span(start: number, length: number): [number, number] {
  const from = Math.round(start + TILE_GAP_PX / 2);
  return [from, Math.max(from + 1, Math.round(start + length - TILE_GAP_PX / 2))];
}
