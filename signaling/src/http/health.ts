// For orchestrators and Prometheus: does the process run, may it get new work, what did it count.
// Liveness looks at nothing but itself: restarting this process helps no media node and no store.
import { Router } from 'express';
import type { Logger } from '../logger.ts';
import type { Metrics } from '../metrics.ts';
import type { NodeDirectory } from '../media/node-directory.ts';
import type { Store } from '../store/store.ts';

export type HealthParts = {
  readonly store: Store;
  readonly nodes: NodeDirectory;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly isStopping: () => boolean;
};

type Check = 'ok' | 'failed';

export function healthRoutes({ store, nodes, metrics, logger, isStopping }: HealthParts): Router {
  const storeCheck = async (): Promise<Check> => {
    try {
      await store.check();
      return 'ok';
    } catch (err) {
      logger.error({ err }, 'the store can not be written');
      return 'failed';
    }
  };
  const routes = Router();
  routes.get('/livez', (_request, response) => {
    response.json({ status: 'ok' });
  });
  // Answered only once everything is built: the server listens last.
  routes.get('/startupz', (_request, response) => {
    response.json({ status: 'ok' });
  });
  routes.get('/readyz', async (_request, response) => {
    const takesSessions = nodes.ready.some((node) => node.status?.draining === false);
    const checks: Record<string, Check> = {
      store: await storeCheck(),
      media_node: takesSessions ? 'ok' : 'failed',
      not_stopping: isStopping() ? 'failed' : 'ok',
    };
    const ok = Object.values(checks).every((check) => check === 'ok');
    response.status(ok ? 200 : 503).json({ status: ok ? 'ok' : 'failed', checks });
  });
  routes.get('/metrics', async (_request, response) => {
    response.type(metrics.registry.contentType).send(await metrics.registry.metrics());
  });
  return routes;
}
