// Starts the text page as a process of its own, as any application is.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export type TextPageOrder = `page ${number}` | 'scroll' | 'type' | 'patches';

/** 0xRRGGBB: the ends of every axis of BT.709, two greys, and what a wrong matrix or range shifts. */
export const PATCHES = [
  0x000000, 0xffffff, 0x808080, 0x202020, 0xff0000, 0x00ff00, 0x0000ff, 0xffff00, 0x00ffff,
  0xff00ff,
] as const;

export type TextPage = {
  /** Resolves when the X server has drawn it. */
  order(order: TextPageOrder): Promise<void>;
  close(): void;
} & Disposable;

export type Area = {
  readonly x: number;
  readonly y: number;
  readonly widthPx: number;
  readonly heightPx: number;
};

export async function openTextPage(display: string, area: Area): Promise<TextPage> {
  const program = new URL('text-page.ts', import.meta.url).pathname;
  const numbers = [area.x, area.y, area.widthPx, area.heightPx].map(String);
  const child = spawn(process.execPath, [program, display, ...numbers], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const answers = createInterface(child.stdout);
  const ended = once(child, 'exit').then(() => {
    throw new Error('the text page stopped');
  });
  ended.catch(() => undefined);
  const answer = (): Promise<unknown> => Promise.race([once(answers, 'line'), ended]);
  await answer();
  const close = (): void => {
    child.stdin.end();
    child.kill();
  };
  return {
    async order(order) {
      const done = answer();
      child.stdin.write(`${order}\n`);
      await done;
    },
    close,
    [Symbol.dispose]: close,
  };
}
