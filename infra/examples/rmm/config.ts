// The example RMM's environment, parsed once; every fault is told at once.
import { z } from 'zod';
import type { RmmConfig } from './rmm.ts';

const Environment = z.object({
  GC_API_URL: z.url({ protocol: /^https?$/ }),
  GC_INTEGRATOR_KEY: z.string().startsWith('gci_'),
  /** Selected at first; else the first machine that is online. */
  GC_DEVICE_ID: z.string().min(1).max(128).optional(),
  GC_RMM_PORT: z.coerce.number().int().min(0).max(65535).default(8090),
});

/** @throws Error that lists each fault; values are never repeated, one of them is a secret. */
export function readConfig(environment: Record<string, string | undefined>): RmmConfig {
  const parsed = Environment.safeParse(environment);
  if (!parsed.success) {
    const faults = parsed.error.issues.map(
      ({ path, message }) => `  ${path.join('.')}: ${message}`,
    );
    throw new Error(`The environment does not fit:\n${faults.join('\n')}`);
  }
  const { GC_API_URL, GC_INTEGRATOR_KEY, GC_DEVICE_ID, GC_RMM_PORT } = parsed.data;
  return Object.freeze({
    apiUrl: GC_API_URL,
    integratorKey: GC_INTEGRATOR_KEY,
    deviceId: GC_DEVICE_ID,
    port: GC_RMM_PORT,
  });
}
