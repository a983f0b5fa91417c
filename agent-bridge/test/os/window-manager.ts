// A real window manager for tests, and the keyboard given to a window through it.
import type { XDisplay } from '../x-display.ts';
import { eventually } from './eventually.ts';

export async function startOpenbox(display: XDisplay): Promise<void> {
  display.spawn('openbox');
  await eventually('openbox', async () => {
    const property = await display.run('xprop', '-root', '_NET_SUPPORTING_WM_CHECK');
    return property.includes('window id');
  });
}

/** Waits for a visible window of that name (a regular expression) and for its focus; returns its id. */
export async function focusWindow(display: XDisplay, name: string): Promise<string> {
  return eventually(`focus of ${name}`, async () => {
    try {
      const search = ['search', '--onlyvisible', '--name', name];
      const id = (await display.run('xdotool', ...search)).trim().split('\n').at(-1)!;
      await display.run('xdotool', 'windowactivate', '--sync', id);
      return (await display.run('xdotool', 'getwindowfocus')).trim() === id && id;
    } catch {
      return undefined; // not there yet, or another window vanished during the search
    }
  });
}
