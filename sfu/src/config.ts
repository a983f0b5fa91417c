// The environment, read once at start by main.ts: every fault is listed at once, the result is
// frozen and handed down. There is no configuration file, so no secret and no address is in one.
import { availableParallelism } from 'node:os';
import { z } from 'zod';
import { NodeId } from '@guruconnect/contract/ids';

/** HS256 wants a key at least as long as its hash (RFC 7518, 3.2): 256 bits, 32 characters. */
const MIN_SECRET_CHARACTERS = 32;

/** Addresses that mean "every interface": fine to listen on, impossible to send a packet to. */
const WILDCARDS = new Set(['0.0.0.0', '::']);

const port = z.coerce.number().int().min(0).max(65535);
const positive = z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER);
/** An empty variable is how shells and compose files say "not set". */
const unset = (value: unknown): unknown => (value === '' ? undefined : value);
const optional = <T extends z.ZodType>(schema: T) => z.preprocess(unset, schema.optional());
const defaulted = <T extends z.ZodType>(schema: T, value: z.input<T> & (string | number)) =>
  z.preprocess((given) => unset(given) ?? value, schema);

const secrets = z
  .string()
  .transform((text) => text.split(',').map((secret) => secret.trim()))
  .refine(
    (list) => list.length <= 2 && list.every((secret) => secret.length >= MIN_SECRET_CHARACTERS),
    `must be one secret, or "new,old" while rotating, each of ${MIN_SECRET_CHARACTERS} characters or more`,
  );

/** Told beside the faults of single variables, not after they are mended. */
const always = (): boolean => true;

const host = z.string().min(1).max(255);

export const LogLevel = z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']);

/** Every variable this process reads. README.md lists the same names (a test compares). */
export const Environment = z
  .object({
    GC_NODE_ID: NodeId,
    GC_CLUSTER_SECRET: secrets,
    GC_CONTROL_HOST: defaulted(host, '127.0.0.1'),
    GC_CONTROL_PORT: defaulted(port, 4400),
    GC_RTC_HOST: defaulted(host, '127.0.0.1'),
    GC_RTC_PORT: defaulted(port.min(1), 44_400),
    GC_RTC_ANNOUNCED_ADDRESS: optional(host),
    GC_WORKERS: optional(z.coerce.number().int().min(1).max(256)),
    MEDIASOUP_WORKER_BIN: optional(z.string()),
    GC_LOG_LEVEL: defaulted(LogLevel, 'info'),
    // As many as one `sessions.lost` notice can name.
    GC_MAX_SESSIONS: defaulted(positive.max(10_000), 1000),
    GC_MAX_EGRESS_BPS: defaulted(positive, 800_000_000),
    GC_MAX_INGRESS_BPS: defaulted(positive, 800_000_000),
    GC_MAX_PACKETS_PER_S: optional(positive),
    GC_MAX_CONSUMERS: optional(positive),
  })
  .refine((env) => !WILDCARDS.has(env.GC_RTC_HOST) || env.GC_RTC_ANNOUNCED_ADDRESS !== undefined, {
    path: ['GC_RTC_ANNOUNCED_ADDRESS'],
    message: 'must be set when GC_RTC_HOST means every interface: nobody can send to that',
    when: always,
  })
  .refine((env) => env.GC_RTC_PORT + (env.GC_WORKERS ?? availableParallelism()) <= 65_536, {
    path: ['GC_RTC_PORT'],
    message: 'leaves no room for one port per worker below 65536',
    // One fault a variable: a port that is none has been told of already.
    when: ({ issues }) => !issues.some(({ path }) => path?.[0] === 'GC_RTC_PORT'),
  });

/** What this node may carry; load is measured against it, each dimension on its own. */
export type Capacity = {
  readonly sessions: number;
  readonly egressBps: number;
  readonly ingressBps: number;
  readonly packetsPerS: number;
  readonly consumers: number;
};

export type Config = {
  readonly nodeId: NodeId;
  /** Accepted for control connections; the first is the current one, a second the one before. */
  readonly clusterSecrets: readonly string[];
  readonly controlHost: string;
  /** 0 lets the system choose (tests). */
  readonly controlPort: number;
  readonly rtcHost: string;
  /** UDP and TCP port of the first worker; worker i listens on this plus i. */
  readonly rtcPort: number;
  readonly rtcAnnouncedAddress: string | undefined;
  readonly workers: number;
  readonly workerBin: string | undefined;
  readonly logLevel: z.output<typeof LogLevel>;
  readonly capacity: Capacity;
};

/**
 * Guesses until the capacity of a machine is measured. mediasoup's documentation speaks of about
 * 500 consumers a core; a watched desktop at 2 Mbit/s is about 200 packets a second.
 */
const CONSUMERS_PER_WORKER = 400;
const PACKETS_PER_S_PER_WORKER = 80_000;

/** The environment does not fit; the message lists every fault, never a value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** @throws ConfigError with all faults at once. */
export function readConfig(environment: Record<string, string | undefined>): Config {
  const parsed = Environment.safeParse(environment);
  if (!parsed.success)
    throw new ConfigError(
      `the environment does not fit:\n${parsed.error.issues
        .map((issue) => `  ${issue.path.join('.')}: ${issue.message}`)
        .join('\n')}`,
    );
  const env = parsed.data;
  const workers = env.GC_WORKERS ?? availableParallelism();
  return Object.freeze({
    nodeId: env.GC_NODE_ID,
    clusterSecrets: Object.freeze(env.GC_CLUSTER_SECRET),
    controlHost: env.GC_CONTROL_HOST,
    controlPort: env.GC_CONTROL_PORT,
    rtcHost: env.GC_RTC_HOST,
    rtcPort: env.GC_RTC_PORT,
    rtcAnnouncedAddress: env.GC_RTC_ANNOUNCED_ADDRESS,
    workers,
    workerBin: env.MEDIASOUP_WORKER_BIN,
    logLevel: env.GC_LOG_LEVEL,
    capacity: Object.freeze({
      sessions: env.GC_MAX_SESSIONS,
      egressBps: env.GC_MAX_EGRESS_BPS,
      ingressBps: env.GC_MAX_INGRESS_BPS,
      packetsPerS: env.GC_MAX_PACKETS_PER_S ?? PACKETS_PER_S_PER_WORKER * workers,
      consumers: env.GC_MAX_CONSUMERS ?? CONSUMERS_PER_WORKER * workers,
    }),
  });
}
