// What runs on the demo desktop and where: a shell and a clock on the first monitor, text to read
// and a pair of eyes on the second. Pure: monitors in, commands out.
import { join } from 'node:path';
import type { Monitor } from './monitors.ts';

export type App = {
  readonly title: string;
  readonly program: string;
  readonly args: readonly string[];
};

/** Cell of DejaVu Sans Mono 11 at 96 dpi, and what xterm's border and the title bar add. */
const CELL_PX = { width: 9, height: 17 };
const TERMINAL_BORDER_PX = 20;
const TITLE_BAR_PX = 28;
const MARGIN_PX = 32;

export const SHELL_TITLE = 'GuruConnect demo – shell';
export const READ_ME_TITLE = 'GuruConnect demo – read me';
/** less shows this below the text; a backslash keeps it from being read as a format. */
const READ_ME_PROMPT = 'Scroll with the wheel\\, the arrow keys or the space bar\\.';

/**
 * In the order to start them: the shell comes last, so that it has the keyboard.
 * @param assets folder of welcome.txt and shellrc. With one monitor, all windows go there.
 */
export function demoApps(monitors: readonly Monitor[], assets: string): App[] {
  const [first, second = first] = monitors;
  if (!first || !second) return [];
  const clockPx = Math.round(Math.min(first.width, first.height) * 0.3);
  const readMe = ['less', '--mouse', '-~', `-Ps${READ_ME_PROMPT}`, join(assets, 'welcome.txt')];
  const shell = ['bash', '--noprofile', '--rcfile', join(assets, 'shellrc'), '-i'];
  return [
    {
      title: READ_ME_TITLE,
      program: 'xterm',
      args: [...terminal(second, READ_ME_TITLE, { columns: 76, rows: 37 }), '-e', ...readMe],
    },
    ...(first === second ? [] : [eyes(second)]),
    {
      title: 'Clock',
      program: 'xclock',
      args: ['-title', 'Clock', '-geometry', topRight(first, clockPx, clockPx)],
    },
    {
      title: SHELL_TITLE,
      program: 'xterm',
      args: [...terminal(first, SHELL_TITLE, { columns: 92, rows: 32 }), '-e', ...shell],
    },
  ];
}

/** As large as wanted, or as the monitor allows. */
function terminal(
  monitor: Monitor,
  title: string,
  wanted: { columns: number; rows: number },
): string[] {
  const room = {
    columns: Math.floor((monitor.width - 2 * MARGIN_PX - TERMINAL_BORDER_PX) / CELL_PX.width),
    rows: Math.floor(
      (monitor.height - 2 * MARGIN_PX - TITLE_BAR_PX - TERMINAL_BORDER_PX) / CELL_PX.height,
    ),
  };
  const columns = Math.max(20, Math.min(wanted.columns, room.columns));
  const rows = Math.max(5, Math.min(wanted.rows, room.rows));
  const place = `+${monitor.x + MARGIN_PX}+${monitor.y + MARGIN_PX}`;
  return ['-title', title, '-geometry', `${columns}x${rows}${place}`];
}

function topRight(monitor: Monitor, width: number, height: number): string {
  const x = monitor.x + monitor.width - width - MARGIN_PX;
  return `${width}x${height}+${x}+${monitor.y + MARGIN_PX}`;
}

function eyes(monitor: Monitor): App {
  const width = Math.round(Math.min(monitor.width, monitor.height) * 0.23);
  const height = Math.round(width * 0.7);
  return {
    title: 'Eyes',
    program: 'xeyes',
    args: ['-title', 'Eyes', '-geometry', topRight(monitor, width, height)],
  };
}
