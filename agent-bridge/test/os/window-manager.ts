// A real window manager for tests, and the keyboard given to a window through it.
import type { XDisplay } from '../x-display.ts';
import { eventually } from './eventually.ts';

/** Starting an xterm on a busy machine takes its time. */
const FOCUS_DEADLINE_MS = 15_000;

export async function startOpenbox(display: XDisplay): Promise<void> {
  display.spawn('openbox');
  await eventually('openbox', async () => {
    const property = await display.run('xprop', '-root', '_NET_SUPPORTING_WM_CHECK');
    return property.includes('window id');
  });
}

/** Waits for a visible window of that name (a regular expression) and for its focus; returns its id. */
export async function focusWindow(display: XDisplay, name: string): Promise<string> {
  return eventually(
    `focus of ${name}`,
    async () => {
      try {
        const search = ['search', '--onlyvisible', '--name', name];
        const id = (await display.run('xdotool', ...search)).trim().split('\n').at(-1)!;
        await display.run('xdotool', 'windowactivate', id);
        return (await display.run('xdotool', 'getwindowfocus')).trim() === id && id;
      } catch {
        return undefined; // not there yet, or another window vanished during the search
      }
    },
    FOCUS_DEADLINE_MS,
  );
}

export interface WindowOnScreen {
  readonly id: string;
  /** Of the window itself, without the window manager's frame; pixels of the desktop. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Runs a program on a display to its end; returns what it printed. */
export type Run = (program: string, ...args: string[]) => Promise<string>;

/** The visible windows of that WM_CLASS or name, with their places as the server tells them. */
export async function visibleWindows(
  run: Run,
  by: 'class' | 'name',
  text: string,
): Promise<WindowOnScreen[]> {
  const search = ['search', '--onlyvisible', `--${by}`, `^${text}$`];
  const ids = (await run('xdotool', ...search).catch(() => '')).split('\n').filter(Boolean);
  const windows = await Promise.all(
    ids.map(async (id) => {
      const info = await run('xwininfo', '-id', id).catch(() => ''); // gone meanwhile
      const value = (label: string): number =>
        Number(new RegExp(`${label}: +(-?\\d+)`).exec(info)?.[1]);
      const [x, y] = [value('Absolute upper-left X'), value('Absolute upper-left Y')];
      return { id, x, y, width: value('Width'), height: value('Height') };
    }),
  );
  return windows.filter(({ width }) => width > 0);
}
