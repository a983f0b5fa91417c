// The environment, read once at start by main.ts: every fault is listed at once, the result is
// frozen and handed down. There is no configuration file, so no secret and no address is in one.
import { z } from 'zod';
import { FEATURES, type Feature } from '@guruconnect/contract/http/v1/capabilities';
import { isIntegratorKey } from './keys/integrator-key.ts';
import { RETRY_SCHEDULE_S } from './webhooks/retry-schedule.ts';

/** HS256 wants a key at least as long as its hash (RFC 7518, 3.2): 256 bits, 32 characters. */
const MIN_SECRET_CHARACTERS = 32;

const port = z.coerce.number().int().min(1).max(65535);
const host = z.string().min(1).max(255);
/** An empty variable is how shells and compose files say "not set". */
const unset = (value: unknown): unknown => (value === '' ? undefined : value);
const optional = <T extends z.ZodType>(schema: T) => z.preprocess(unset, schema.optional());
const defaulted = <T extends z.ZodType>(schema: T, value: z.input<T> & (string | number)) =>
  z.preprocess((given) => unset(given) ?? value, schema);

const list = z.string().transform((text) =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== ''),
);

const secrets = list.refine(
  (given) =>
    given.length >= 1 &&
    given.length <= 2 &&
    given.every((secret) => secret.length >= MIN_SECRET_CHARACTERS),
  `must be one secret, or "new,old" while rotating, each of ${MIN_SECRET_CHARACTERS} characters or more`,
);

const integratorKeys = list.refine(
  (given) => given.length >= 1 && given.length <= 2 && given.every(isIntegratorKey),
  'must be a key as new-integrator-key.ts prints it, or "new,old" while rotating',
);

const isHttpUrl = (text: string): boolean => {
  const url = URL.parse(text);
  return url !== null && (url.protocol === 'http:' || url.protocol === 'https:');
};

/** Only an origin: everything we serve has a fixed path below it. */
const publicUrl = z
  .string()
  .refine((text) => isHttpUrl(text) && new URL(text).origin === text.replace(/\/$/, ''), {
    message: 'must be an origin such as https://gc.example, without a path',
  })
  .transform((text) => new URL(text).origin);

const mediaNodes = list.refine(
  (given) => given.length >= 1 && given.every(isHttpUrl),
  'must be one or more http(s) URLs of media nodes, separated by commas',
);

const isFeature = (name: string): name is Feature => Object.hasOwn(FEATURES, name);
const features = list.transform((given, context) => {
  const known = given.filter(isFeature);
  if (known.length !== given.length)
    context.addIssue(`knows only: ${Object.keys(FEATURES).join(', ')}`);
  return known;
});

/** Pauses in seconds: enough of them to last, none so long that it is a mistake. */
const MAX_RETRIES = 32;
const MAX_PAUSE_S = 604_800;
const pausesS = list
  .transform((given) => given.map(Number))
  .refine(
    (given) =>
      given.length <= MAX_RETRIES && given.every((pauseS) => pauseS > 0 && pauseS <= MAX_PAUSE_S),
    `must be up to ${MAX_RETRIES} pauses in seconds, separated by commas`,
  );

/** An Ed25519 seed: 32 bytes as base64url. */
const auditKey = z
  .string()
  .regex(/^[A-Za-z0-9_-]{43}$/, 'must be 32 random bytes as base64url (43 characters)');

const DAY_MS = 86_400_000;
/** A session whose journal is there has its beginning in the audit: that is older than its end. */
const LONGEST_SESSION_MS = 2 * DAY_MS;

export const LogLevel = z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']);

/** Every variable this process reads. README.md lists the same names (a test compares). */
export const Environment = z.object({
  GC_LISTEN_HOST: defaulted(host, '127.0.0.1'),
  GC_PORT: defaulted(port, 8080),
  GC_PUBLIC_URL: optional(publicUrl),
  GC_INTEGRATOR_KEY: integratorKeys,
  GC_CLUSTER_SECRET: secrets,
  GC_MEDIA_NODES: mediaNodes,
  GC_STORE: defaulted(z.string().min(1), ':memory:'),
  GC_VIEWER_DIR: optional(z.string()),
  GC_EMBED_DIR: optional(z.string()),
  GC_RELEASES_DIR: optional(z.string()),
  GC_LOG_LEVEL: defaulted(LogLevel, 'info'),
  GC_FEATURES_OFF: defaulted(features, ''),
  GC_TRUSTED_PROXIES: defaulted(list, ''),
  GC_WEBHOOK_ALLOW_PRIVATE: defaulted(z.enum(['0', '1']), '0'),
  GC_WEBHOOK_RETRY_S: defaulted(pausesS, RETRY_SCHEDULE_S.join(',')),
  GC_SESSION_RETENTION_DAYS: defaulted(z.coerce.number().min(1).max(3650), 90),
  GC_AUDIT_KEY: optional(auditKey),
  GC_AUDIT_FILE: optional(z.string()),
  GC_AUDIT_RETENTION_DAYS: defaulted(z.coerce.number().min(1).max(36_500), 400),
  GC_RATE_PER_MINUTE: defaulted(z.coerce.number().int().min(10).max(1_000_000), 6000),
});

export type Config = {
  readonly host: string;
  readonly port: number;
  /** Origin under which browsers reach us; links and the viewer's origin checks are made of it. */
  readonly publicUrl: string;
  /** The first is the current one; a second is still accepted while the integrator changes over. */
  readonly integratorKeys: readonly string[];
  /** The first signs; a second is only for media nodes that were not restarted yet. */
  readonly clusterSecrets: readonly string[];
  /** Control URLs of media nodes. */
  readonly mediaNodes: readonly string[];
  /** File of the embedded store, or ":memory:". */
  readonly store: string;
  /** Folder of the built viewer. */
  readonly viewerDir: string | undefined;
  /** Folder of the built embed element. */
  readonly embedDir: string | undefined;
  /** Folder of agent releases and their manifest. */
  readonly releasesDir: string | undefined;
  readonly logLevel: z.output<typeof LogLevel>;
  readonly featuresOff: readonly Feature[];
  /** Addresses whose X-Forwarded-For is believed. */
  readonly trustedProxies: readonly string[];
  /** Webhooks may go to http URLs and to private networks. */
  readonly webhookAllowPrivate: boolean;
  /** Pauses between attempts to deliver to a webhook, seconds; given up after the last. */
  readonly webhookRetryScheduleS: readonly number[];
  /** How long sessions and their journals are kept after their end, milliseconds. */
  readonly sessionRetentionMs: number;
  /** Seed of the key that signs checkpoints of the audit; one is kept in the store without. */
  readonly auditKey: string | undefined;
  /** File that checkpoints of the audit are appended to. */
  readonly auditFile: string | undefined;
  /** How long entries of the audit are kept, milliseconds; longer, where sessions are. */
  readonly auditRetentionMs: number;
  /** HTTP requests one integrator key may make a minute. */
  readonly ratePerMinute: number;
};

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
  const listenHost = env.GC_LISTEN_HOST.includes(':')
    ? `[${env.GC_LISTEN_HOST}]`
    : env.GC_LISTEN_HOST;
  return Object.freeze({
    host: env.GC_LISTEN_HOST,
    port: env.GC_PORT,
    publicUrl: env.GC_PUBLIC_URL ?? `http://${listenHost}:${env.GC_PORT}`,
    integratorKeys: Object.freeze(env.GC_INTEGRATOR_KEY),
    clusterSecrets: Object.freeze(env.GC_CLUSTER_SECRET),
    mediaNodes: Object.freeze(env.GC_MEDIA_NODES),
    store: env.GC_STORE,
    viewerDir: env.GC_VIEWER_DIR,
    embedDir: env.GC_EMBED_DIR,
    releasesDir: env.GC_RELEASES_DIR,
    logLevel: env.GC_LOG_LEVEL,
    featuresOff: Object.freeze(env.GC_FEATURES_OFF),
    trustedProxies: Object.freeze(env.GC_TRUSTED_PROXIES),
    webhookAllowPrivate: env.GC_WEBHOOK_ALLOW_PRIVATE === '1',
    webhookRetryScheduleS: Object.freeze(env.GC_WEBHOOK_RETRY_S),
    sessionRetentionMs: env.GC_SESSION_RETENTION_DAYS * DAY_MS,
    auditKey: env.GC_AUDIT_KEY,
    auditFile: env.GC_AUDIT_FILE,
    auditRetentionMs: Math.max(
      env.GC_AUDIT_RETENTION_DAYS * DAY_MS,
      env.GC_SESSION_RETENTION_DAYS * DAY_MS + LONGEST_SESSION_MS,
    ),
    ratePerMinute: env.GC_RATE_PER_MINUTE,
  });
}
