// A whole media node in one call, for main.ts and for tests: everything is built here in order and
// stopped in reverse.
import packageJson from '../package.json' with { type: 'json' };
import { setLogEventListeners } from 'mediasoup';
import type { Config } from './config.ts';
import { ControlServer } from './control/control-server.ts';
import type { SessionLimits } from './limits.ts';
import { makeLogger, type Logger } from './logger.ts';
import { MediaNode } from './media-node.ts';

export type RunningNode = {
  /** Of the control socket, and of /livez, /readyz and /metrics. */
  readonly url: string;
  readonly node: MediaNode;
  /** Sessions, workers, then the control socket; idempotent. */
  readonly close: (reason: string) => Promise<void>;
};

export type StartOptions = {
  readonly logger?: Logger;
  readonly limits?: Partial<SessionLimits>;
};

/** Ends when sessions can be placed. @throws what kept it from starting; nothing is left then. */
export async function startNode(config: Config, options: StartOptions = {}): Promise<RunningNode> {
  const logger = options.logger ?? makeLogger(config);
  setLogEventListeners({
    onwarn: (namespace, line) => logger.warn({ namespace }, line),
    onerror: (namespace, line, err) => logger.error({ namespace, err }, line),
  });
  const node = await MediaNode.start({
    config,
    logger,
    ...(options.limits === undefined ? {} : { limits: options.limits }),
  });
  try {
    const control = await ControlServer.open({
      node,
      config,
      logger,
      build: packageJson.version,
    });
    logger.info({ url: control.url, workers: node.workerPids.length }, 'media node listens');
    return {
      url: control.url,
      node,
      close: async (reason) => {
        // The node first: its last word (`sessions.lost`) still has sockets to travel on.
        await node.close(reason);
        await control.close();
        logger.info({ reason }, 'media node stopped');
      },
    };
  } catch (error) {
    await node.close('start_failed');
    throw error;
  }
}
