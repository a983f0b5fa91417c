// Starts the X client that the measurements look at, as a process of its own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Size } from './markers.ts';
import type { SceneName } from './scenes.ts';

export type OpenScene = { close(): void } & Disposable;

/** Resolves when the scene is on the display. */
export async function openScene(display: string, size: Size, scene: SceneName): Promise<OpenScene> {
  const program = new URL('scene-window.ts', import.meta.url).pathname;
  const words = [program, display, String(size.width), String(size.height), scene];
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit').then(() => {
    throw new Error('the X client of the measurement stopped at once');
  });
  await Promise.race([once(child.stdout, 'data'), ended]);
  ended.catch(() => undefined);
  const close = (): void => {
    child.kill();
  };
  return { close, [Symbol.dispose]: close };
}
