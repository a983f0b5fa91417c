// npm run demo: a two-monitor desktop, the whole product and the example RMM, on this machine, and
// the two links that open it. Everything it started is gone when it stops.
import { randomBytes } from 'node:crypto';
import { startDesktop } from '../desktop/desktop.ts';
import { startRmm } from '../examples/rmm/rmm.ts';
import { freePort } from '../stack/ports.ts';
import { Stack } from '../stack/stack.ts';
import { parseOptions, USAGE, type DemoOptions } from './options.ts';
import { browserBuildIsFresh, buildForBrowsers } from './browser-build.ts';

const say = (text: string): void => {
  process.stderr.write(`${text}\n`);
};

const options = parseOptions(process.argv.slice(2));
if ('fault' in options) {
  say(`${options.fault}\n\n${USAGE}`);
  process.exit(2);
}
if (options.help) {
  process.stdout.write(USAGE);
  process.exit(0);
}
process.exit(await demo(options));

async function demo(options: DemoOptions): Promise<number> {
  const stopped = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      stopped.abort(signal);
    });
  }
  await using owned = new AsyncDisposableStack();
  try {
    await start(options, owned, stopped.signal);
    return 0;
  } catch (error) {
    if (stopped.signal.aborted) return 0;
    say(`\nThe demo stopped: ${(error as Error).message}`);
    return 1;
  }
}

async function start(
  options: DemoOptions,
  owned: AsyncDisposableStack,
  stopped: AbortSignal,
): Promise<void> {
  if (!browserBuildIsFresh()) {
    say('[demo] building the viewer and the embed element …');
    await buildForBrowsers();
  }
  stopped.throwIfAborted();

  const display = options.display ?? (await ownDesktop(owned));
  stopped.throwIfAborted();

  const stack = await Stack.start({
    display,
    port: options.port,
    deviceId: `demo-${randomBytes(3).toString('hex')}`,
    // The example RMM hears its webhooks on this machine.
    env: { signaling: { GC_WEBHOOK_ALLOW_PRIVATE: '1' } },
    onStep: (name) => {
      say(`[demo] starting the ${name} …`);
    },
  });
  owned.defer(() => stack.close());
  stopped.throwIfAborted();

  const rmm = await startRmm({
    apiUrl: stack.baseUrl,
    integratorKey: stack.integratorKey,
    deviceId: stack.deviceId,
    port: await freePort(options.port === 0 ? 0 : options.port + 1),
    mode: options.attended ? 'attended' : 'unattended',
  });
  owned.defer(() => rmm.close());

  if (options.json) {
    const ready = {
      ready: true,
      baseUrl: stack.baseUrl,
      integrationKey: stack.integratorKey,
      deviceId: stack.deviceId,
      viewerUrl: rmm.openUrl,
      hostPageUrl: rmm.url,
      display,
    };
    process.stdout.write(`${JSON.stringify(ready)}\n`);
  } else {
    process.stdout.write(
      [
        '',
        '  GuruConnect is running.',
        '',
        `  The desktop in your browser:         ${rmm.openUrl}`,
        `  The same, embedded in an RMM's page: ${rmm.url}`,
        '',
        `  Desktop on X display ${display}; logs in ${stack.directory}. Ctrl+C stops everything.`,
        '',
        '',
      ].join('\n'),
    );
  }

  const ending = new Promise<never>((_, reject) => {
    stopped.addEventListener('abort', () => {
      reject(new Error('stopped'));
    });
    if (stopped.aborted) reject(new Error('stopped'));
  });
  const lost = await Promise.race([stack.firstExit(), ending]);
  throw new Error(
    `${lost} ended by itself; the end of its log is in the lines above, the rest was in ${stack.logFile(lost)}`,
  );
}

async function ownDesktop(owned: AsyncDisposableStack): Promise<string> {
  say('[demo] starting a desktop with two monitors …');
  const desktop = await startDesktop({ apps: true });
  owned.defer(() => desktop.close());
  return desktop.display;
}
