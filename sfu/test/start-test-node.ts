// A real media node with a real worker, in this process, for integration tests here and in other
// packages. Needs MEDIASOUP_WORKER_BIN, or the worker where mediasoup itself would put it.
import { newId, NodeId } from '@guruconnect/contract/ids';
import { readConfig, type Capacity } from '../src/config.ts';
import type { ObjectCounts } from '../src/leak-watch.ts';
import type { SessionLimits } from '../src/limits.ts';
import type { Logger } from '../src/logger.ts';
import type { MediaNode } from '../src/media-node.ts';
import { startNode } from '../src/start-node.ts';
import { ControlClient, nodeToken } from './control-client.ts';
import { freePorts, type PortRange } from './free-ports.ts';

/** Tests of this package; others pass their own. */
export const SFU_TEST_PORTS: PortRange = { from: 16_200, to: 16_399 };

export type TestNodeOptions = {
  readonly ports?: PortRange;
  readonly workers?: number;
  /** As GC_CLUSTER_SECRET: one, or "new,old". */
  readonly secret?: string;
  readonly limits?: Partial<SessionLimits>;
  readonly capacity?: Partial<Capacity>;
  readonly logger?: Logger;
  /** Instead of MEDIASOUP_WORKER_BIN. */
  readonly workerBin?: string;
};

export type TestNode = {
  /** Of the control socket and the health routes. */
  readonly url: string;
  /** What tokens are signed with. */
  readonly secret: string;
  readonly nodeId: NodeId;
  readonly node: MediaNode;
  /** mediasoup objects alive, as mediasoup's observers see them. */
  readonly counts: () => ObjectCounts;
  /** A new control connection, closed with the node. */
  readonly connect: () => Promise<ControlClient>;
  readonly close: () => Promise<void>;
};

export async function startTestNode(options: TestNodeOptions = {}): Promise<TestNode> {
  const workers = options.workers ?? 1;
  const secrets = options.secret ?? `test-secret-${newId('ses')}`;
  const secret = secrets.split(',')[0] ?? secrets;
  const range = options.ports ?? SFU_TEST_PORTS;
  // One more than the workers need, for the control socket.
  const firstPort = await freePorts(range, workers + 1);
  const config = readConfig({
    GC_NODE_ID: `test-${firstPort}`,
    GC_CLUSTER_SECRET: secrets,
    GC_CONTROL_PORT: String(firstPort + workers),
    GC_RTC_PORT: String(firstPort),
    GC_WORKERS: String(workers),
    GC_LOG_LEVEL: process.env['GC_LOG_LEVEL'] ?? 'silent',
    MEDIASOUP_WORKER_BIN: options.workerBin ?? process.env['MEDIASOUP_WORKER_BIN'],
  });
  const { url, node, close } = await startNode(
    { ...config, capacity: { ...config.capacity, ...options.capacity } },
    {
      ...(options.limits === undefined ? {} : { limits: options.limits }),
      ...(options.logger === undefined ? {} : { logger: options.logger }),
    },
  );
  const clients: ControlClient[] = [];
  return {
    url,
    secret,
    nodeId: NodeId.parse(config.nodeId),
    node,
    counts: () => node.objectCounts,
    connect: async () => {
      const client = await ControlClient.connect(url, {
        token: await nodeToken(secret, { nodeId: config.nodeId }),
      });
      clients.push(client);
      return client;
    },
    close: async () => {
      for (const client of clients) client.close();
      await close('test_over');
    },
  };
}
