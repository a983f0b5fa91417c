// Starts the X client that the measurements look at, as a process of its own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

export type FlipWindow = { close(): void } & Disposable;

export async function openFlipWindow(
  display: string,
  place: { x: number; y: number; width: number; height: number },
  mode: readonly ['flip'] | readonly ['animate', everyMs: number],
): Promise<FlipWindow> {
  const program = new URL('flip-window.ts', import.meta.url).pathname;
  const numbers = [place.x, place.y, place.width, place.height].map(String);
  const child = spawn(process.execPath, [program, display, ...numbers, ...mode.map(String)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
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
