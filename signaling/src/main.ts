// Signaling, the page: everything is built here in order and stopped in reverse. Tests use
// startSignaling in-process; run as a program it reads the environment and minds signals.
import type { AddressInfo } from 'node:net';
import { readFileSync } from 'node:fs';
import { DEPRECATIONS, type Deprecation } from '@guruconnect/contract/http/v1/deprecations';
import type { RouteName } from '@guruconnect/contract/http/v1/routes';
import { Audit } from './audit/audit.ts';
import { readConfig, type Config } from './config.ts';
import { Features } from './features.ts';
import { Enrolment } from './keys/enrolment.ts';
import { IntegratorKeys } from './keys/integrator-keys.ts';
import { MachineKeys } from './keys/machine-keys.ts';
import { ViewerCodes } from './keys/viewer-codes.ts';
import { ViewerTokens } from './keys/viewer-tokens.ts';
import { LIMITS, TIMINGS, type Timings } from './limits.ts';
import { makeLogger, type Logger } from './logger.ts';
import { NodeDirectory } from './media/node-directory.ts';
import { makeMetrics } from './metrics.ts';
import { createServer, type SignalingServer } from './server.ts';
import { ReleaseShelf } from './releases/release-shelf.ts';
import { JournalWatch } from './session/journal-watch.ts';
import { SessionManager } from './session/session-manager.ts';
import { AgentPresence } from './signal/agent-presence.ts';
import { Retention } from './store/retention.ts';
import { embeddedBus } from './store/bus.embedded.ts';
import { openSqliteStore } from './store/store.sqlite.ts';
import { SecretBox } from './webhooks/secret-box.ts';
import { WebhookKeys } from './webhooks/webhook-keys.ts';
import { WebhookOutbox } from './webhooks/webhook-outbox.ts';
import { Webhooks } from './webhooks/webhooks.ts';

export type SignalingOptions = {
  readonly logger: Logger;
  /** Shorter times (tests). */
  readonly timings?: Partial<Timings>;
  /** An answer of ours that does not fit the contract; by default it is logged (tests throw). */
  readonly onBadAnswer?: (route: RouteName, error: Error) => void;
  /** Other deprecations than the contract's (tests). */
  readonly deprecations?: readonly Deprecation[];
  /** False leaves out the process's own metrics (several in one process). */
  readonly processMetrics?: boolean;
};

export type Signaling = {
  readonly url: string;
  readonly port: number;
  /** Stops answering, tells sockets to come back elsewhere, closes the store. Sessions and their
   * media go on. Idempotent. */
  close(reason: string): Promise<void>;
};

const BUILD = `guruconnect/${readVersion()}`;

/** @throws Error when the store or the port can not be had; nothing is left running then. */
export async function startSignaling(
  config: Config,
  options: SignalingOptions,
): Promise<Signaling> {
  const { logger } = options;
  const timings = { ...TIMINGS, ...options.timings };
  await using opened = new AsyncDisposableStack();
  let stopping = false;

  const delivers = !config.featuresOff.includes('webhooks');
  const store = openSqliteStore(config.store, { deliveries: delivers });
  if (config.store === ':memory:')
    logger.warn('GC_STORE is not set: machines, keys and sessions are forgotten at the end');
  opened.defer(() => store.close());
  const bus = embeddedBus(logger);
  opened.defer(() => {
    bus.close();
  });
  const integratorKeys = new IntegratorKeys({
    keys: config.integratorKeys,
    store: store.integratorKeys,
  });
  const audit = await Audit.open(
    { store, bus, seed: config.auditKey, file: config.auditFile, timings, logger },
    {
      build: BUILD,
      integrator_keys: integratorKeys.ofEnvironment,
      features_off: config.featuresOff,
    },
  );
  let stopReason = 'could not start';
  opened.defer(() => audit.close(stopReason));
  const metrics = makeMetrics({ process: options.processMetrics ?? true });
  const features = new Features(config.featuresOff);
  const clusterSecret = config.clusterSecrets[0] ?? '';
  const machineKeys = new MachineKeys(store);
  const codes = new ViewerCodes({ store, clusterSecret, lifetimeMs: timings.viewerCodeMs });
  const tokens = await ViewerTokens.open(store);

  const nodes = new NodeDirectory({
    urls: config.mediaNodes,
    clusterSecrets: config.clusterSecrets,
    askTimeoutMs: timings.nodeAskMs,
    logger,
  });
  opened.defer(() => {
    nodes.close();
  });
  const common = {
    store,
    bus,
    nodes,
    features,
    machineKeys,
    codes,
    tokens,
    metrics,
    timings,
    logger,
  };
  const sessions = new SessionManager(common);
  const presence = new AgentPresence({ ...common, sessions });
  await sessions.start();
  nodes.start({
    notices: sessions.notices,
    onReady: (nodeId) => {
      sessions.nodeReady(nodeId).catch((err: unknown) => {
        logger.error({ err, node_id: nodeId }, 'a media node could not be compared with the store');
      });
    },
    onCount: (ready) => {
      metrics.nodesReady.set(ready);
    },
  });

  const { sessionRetentionMs, auditRetentionMs } = config;
  const retention = new Retention({ ...common, sessionRetentionMs, auditRetentionMs });
  opened.defer(() => retention.close());

  const watch = new JournalWatch(bus, LIMITS.journalWatchesPerKey);
  const webhookParts = {
    ...common,
    keys: new WebhookKeys({
      webhooks: store.webhooks,
      box: new SecretBox(config.clusterSecrets),
      logger,
    }),
    retryScheduleS: config.webhookRetryScheduleS,
    delivery: { allowPrivate: config.webhookAllowPrivate, timeoutMs: timings.webhookMs },
    tendMs: timings.purgeMs,
  };
  const outbox = new WebhookOutbox(webhookParts);
  opened.defer(() => outbox.close('stopping'));
  if (delivers) await webhookParts.keys.renewSeals();
  const webhooks = new Webhooks({ ...webhookParts, outbox });
  opened.defer(() => {
    webhooks.close();
  });

  const shelf = await ReleaseShelf.open(config.releasesDir, logger, timings.releasesLookMs);
  opened.defer(() => shelf.close());

  const server = createServer({
    ...common,
    config,
    watch,
    shelf,
    build: BUILD,
    integratorKeys,
    audit,
    webhooks,
    enrolment: new Enrolment(common),
    sessions,
    presence,
    deprecations: options.deprecations ?? DEPRECATIONS,
    isStopping: () => stopping,
    onBadAnswer:
      options.onBadAnswer ??
      ((route, err) => {
        logger.error({ err, route }, 'an answer does not fit the contract');
      }),
  });
  opened.defer(async () => {
    const closed = stopListening(server);
    watch.stop();
    await server.running.none(LAST_REQUESTS_MS);
    // Before the sockets go: their end is ours, not that of agents and viewers.
    sessions.stop();
    presence.stop();
    await cutSockets(server);
    await closed;
  });
  await listen(server, config);
  // After the doors are open: a receiver may read what it is told of.
  if (delivers) await outbox.start();

  const { port } = server.http.address() as AddressInfo;
  const running = opened.move();
  let closing: Promise<void> | undefined;
  logger.info({ url: config.publicUrl, port }, 'ready');
  return {
    url: config.publicUrl,
    port,
    close(reason) {
      stopping = true;
      stopReason = reason;
      if (!closing) logger.info({ reason }, 'stopping');
      closing ??= running.disposeAsync();
      return closing;
    },
  };
}

function listen({ http }: SignalingServer, { host, port }: Config): Promise<void> {
  return new Promise((resolve, reject) => {
    http.once('error', reject);
    http.listen(port, host, () => {
      http.off('error', reject);
      resolve();
    });
  });
}

/** Requests that run get this long to finish when the process stops. */
const LAST_REQUESTS_MS = 1_000;

/** @returns resolved when the last connection is gone. */
function stopListening({ http }: SignalingServer): Promise<void> {
  return new Promise((resolve) => {
    http.close(() => {
      resolve();
    });
  });
}

/**
 * Sockets are cut below socket.io, which their clients take as a lost connection and come back
 * from; a "disconnect" packet would tell them not to.
 */
async function cutSockets({ http, io, gateway }: SignalingServer): Promise<void> {
  gateway.stop();
  const sockets = ['/agent', '/viewer'].flatMap((door) => [...io.of(door).sockets.values()]);
  const gone = sockets.map(
    (socket) =>
      new Promise((resolve) => {
        socket.once('disconnect', resolve);
      }),
  );
  io.engine.close();
  http.closeAllConnections();
  await Promise.all(gone);
}

function readVersion(): string {
  const file = new URL('../package.json', import.meta.url);
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
  return version;
}

/** A stop that hangs is ended by force: the store survives that. */
const FORCED_EXIT_MS = 2_500;

async function run(): Promise<void> {
  let config: Config;
  try {
    config = readConfig(process.env);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exitCode = 2;
    return;
  }
  const logger = makeLogger(config);
  // A broken invariant: said loudly, then restarted by whoever runs us; nothing is lost.
  process.on('uncaughtException', (err) => {
    logger.fatal({ err }, 'a fault nobody caught');
    process.exit(1);
  });
  let signaling: Signaling;
  try {
    signaling = await startSignaling(config, { logger });
  } catch (err) {
    logger.fatal({ err }, 'could not start');
    process.exitCode = 1;
    return;
  }
  let asked = false;
  const stop = (reason: string): void => {
    if (asked) process.exit(1);
    asked = true;
    setTimeout(() => {
      logger.error('stopping took too long');
      process.exit(1);
    }, FORCED_EXIT_MS).unref();
    void signaling.close(reason).then(() => process.exit(0));
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.on(signal, () => {
      stop(signal);
    });
  // Started by a parent over IPC: it hears that we are ready, and its end is ours.
  process.on('disconnect', () => {
    stop('parent gone');
  });
  process.send?.({ ready: true, url: signaling.url });
}

if (import.meta.main) await run();
