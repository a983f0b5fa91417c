// The process: environment in, a media node out, an orderly end on SIGTERM or SIGINT.
import { collectDefaultMetrics } from 'prom-client';
import { ConfigError, readConfig } from './config.ts';
import { makeLogger } from './logger.ts';
import { startNode } from './start-node.ts';

/** What an orchestrator may be kept waiting, milliseconds; the end comes then, orderly or not. */
const STOP_DEADLINE_MS = 2000;

function configOrExit(): ReturnType<typeof readConfig> {
  try {
    return readConfig(process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(2);
  }
}

const config = configOrExit();
const logger = makeLogger(config);
collectDefaultMetrics();

const running = await startNode(config, { logger }).catch((error: unknown) => {
  logger.fatal(
    { err: error, worker_bin: config.workerBin ?? '(the one of the mediasoup package)' },
    'the media node could not start',
  );
  process.exit(1);
});

const stop = (signal: NodeJS.Signals): void => {
  logger.info({ signal }, 'stopping');
  setTimeout(() => process.exit(1), STOP_DEADLINE_MS).unref();
  running.close('node_stopped').then(
    () => process.exit(0),
    (error: unknown) => {
      logger.error({ err: error }, 'stopping failed');
      process.exit(1);
    },
  );
};
process.once('SIGTERM', stop);
process.once('SIGINT', stop);
// Started by a parent over IPC: its end is ours.
process.once('disconnect', stop);

logger.info({ url: running.url }, 'ready');
process.send?.({ ready: true, url: running.url });
