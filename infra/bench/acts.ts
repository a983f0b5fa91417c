// What the technician does in one trial of a scene, and the pauses between two.
import type { Seat } from './seat.ts';
import { placeOf } from './seat.ts';
import type { Size } from './scenes/markers.ts';
import { SCENES, type SceneName } from './scenes/scenes.ts';

/** Between two trials, so that each starts from a still screen: milliseconds, spread over frames. */
export const pauseMs = (trial: number): number => 150 + ((trial * 37) % 50);

/** A real key press or pointer movement in the page; a pressed key is let go by `undo`. */
export async function act(seat: Seat, scene: SceneName, trial: number, size: Size): Promise<void> {
  if (SCENES[scene].act === 'key') return await seat.page.keyboard.down('KeyF');
  const at = await placeOf(seat, {
    x: Math.round(size.width * (0.35 + 0.3 * ((trial * 0.13) % 1))),
    y: Math.round(size.height * (0.3 + 0.25 * ((trial * 0.29) % 1))),
  });
  await seat.page.mouse.move(at.x, at.y);
}

export async function undo(seat: Seat, scene: SceneName): Promise<void> {
  if (SCENES[scene].act === 'key') await seat.page.keyboard.up('KeyF');
}
