// node infra/desktop/start.ts [--display N] [--no-apps] [--monitors 1280x720,1024x768] [--json]
// A desktop by hand: runs until Ctrl+C or SIGTERM.
import { parseArgs } from 'node:util';
import { DEFAULT_MONITORS, startDesktop } from './desktop.ts';
import type { Size } from './modeline.ts';

const { values } = parseArgs({
  options: {
    display: { type: 'string' },
    monitors: { type: 'string' },
    'no-apps': { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});

const stopped = new Promise<void>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => resolve());
});

try {
  const desktop = await startDesktop({
    apps: !values['no-apps'],
    monitors: values.monitors === undefined ? DEFAULT_MONITORS : parseSizes(values.monitors),
    ...(values.display === undefined ? {} : { display: Number(values.display.replace(':', '')) }),
  });
  const monitors = await desktop.monitors();
  const { display } = desktop;
  if (values.json) process.stdout.write(`${JSON.stringify({ ready: true, display, monitors })}\n`);
  else process.stdout.write(`The desktop is display ${display}. Ctrl+C ends it.\n`);
  await Promise.race([stopped, desktop.ended]);
  await desktop.close();
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}

function parseSizes(text: string): Size[] {
  return text.split(',').map((size) => {
    const match = /^(\d+)x(\d+)$/.exec(size.trim());
    if (!match) throw new Error(`"${size}" is not a size such as 1280x720`);
    return { width: Number(match[1]), height: Number(match[2]) };
  });
}
