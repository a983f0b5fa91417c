// Starts the example RMM on its own: GC_API_URL, GC_INTEGRATOR_KEY; GC_DEVICE_ID and GC_RMM_PORT if you like.
import { readConfig } from './config.ts';
import { startRmm } from './rmm.ts';

try {
  const rmm = await startRmm(readConfig(process.env));
  process.stdout.write(`Dashboard  ${rmm.url}\nViewer     ${rmm.openUrl}\n`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void rmm.close().then(() => process.exit(0)));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
