// The media nodes there are: the embedded version takes their URLs from the environment. Chooses
// one for a session and finds one by name. Owned by main.ts.
import type { NodeId } from '@guruconnect/contract/ids';
import type { Logger } from '../logger.ts';
import { NodeClient, type NodeNotices } from './node-client.ts';
import { selectNode } from './node-selector.ts';
import { Reservations } from './reservations.ts';

export type NodeDirectoryOptions = {
  readonly urls: readonly string[];
  readonly clusterSecrets: readonly string[];
  readonly askTimeoutMs: number;
  readonly logger: Logger;
};

/** Who hears of nodes. */
export type NodeListeners = {
  readonly notices: NodeNotices;
  /** A node's link came up: what it carries has to be compared with what the store says. */
  readonly onReady: (nodeId: NodeId) => void;
  readonly onCount: (ready: number) => void;
};

export class NodeDirectory {
  readonly #options: NodeDirectoryOptions;
  readonly #byId = new Map<NodeId, NodeClient>();
  readonly #reservations = new Map<NodeId, Reservations>();
  #clients: readonly NodeClient[] = [];

  constructor(options: NodeDirectoryOptions) {
    this.#options = options;
  }

  start(listeners: NodeListeners): void {
    const { urls, ...options } = this.#options;
    this.#clients = urls.map(
      (url) =>
        new NodeClient({
          ...options,
          url,
          notices: listeners.notices,
          onReady: (client) => {
            this.#ready(client);
            listeners.onCount(this.ready.length);
            const nodeId = client.status?.nodeId;
            if (nodeId !== undefined) listeners.onReady(nodeId);
          },
          onAway: () => {
            listeners.onCount(this.ready.length);
          },
        }),
    );
    for (const client of this.#clients) client.start();
  }

  /** Nodes whose link is up. */
  get ready(): NodeClient[] {
    return this.#clients.filter((client) => client.status !== undefined);
  }

  /** Undefined while its link is down. */
  find(nodeId: NodeId): NodeClient | undefined {
    const client = this.#byId.get(nodeId);
    return client?.status?.nodeId === nodeId ? client : undefined;
  }

  /**
   * A node for one more session; it is counted as placed.
   * @param except nodes that just refused.
   */
  choose(except: ReadonlySet<NodeId>): NodeClient | undefined {
    const nowMs = performance.now();
    const candidates = this.ready.flatMap((client) =>
      client.status && !except.has(client.status.nodeId)
        ? [{ ...client.status, reserved: this.#reserved(client.status.nodeId).share(nowMs) }]
        : [],
    );
    const nodeId = selectNode(candidates);
    if (nodeId === undefined) return undefined;
    this.#reserved(nodeId).add(nowMs);
    return this.find(nodeId);
  }

  close(): void {
    for (const client of this.#clients) client.close();
  }

  #reserved(nodeId: NodeId): Reservations {
    const known = this.#reservations.get(nodeId) ?? new Reservations();
    this.#reservations.set(nodeId, known);
    return known;
  }

  #ready(client: NodeClient): void {
    const nodeId = client.status?.nodeId;
    if (nodeId === undefined) return;
    const other = this.#byId.get(nodeId);
    if (other && other !== client && other.status?.nodeId === nodeId)
      this.#options.logger.error(
        { node_id: nodeId, urls: [other.url, client.url] },
        'two media nodes have one name: only the first is used',
      );
    else this.#byId.set(nodeId, client);
  }
}
