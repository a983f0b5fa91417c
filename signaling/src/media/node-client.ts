// One media node's control socket: connects, proves the cluster secret, says hello, asks, and keeps
// coming back. Media does not depend on it: when the link is down, pictures run on and only orders
// are refused. Owned by NodeDirectory.
import { randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import { io, type Socket } from 'socket.io-client';
import { backoffMs, type BackoffPolicy } from '@guruconnect/contract/base/backoff';
import {
  answer,
  ask,
  type Handlers,
  type Name,
  type ReplyOf,
  type RequestInput,
} from '@guruconnect/contract/base/conversation';
import { GcError } from '@guruconnect/contract/errors';
import {
  NODE_TO_SIGNALING,
  SIGNALING_TO_NODE,
  type NodeLoad,
} from '@guruconnect/contract/media-node/node-messages';
import type { NodeId } from '@guruconnect/contract/ids';
import { NODE_TOKEN, TOKEN_TYPES } from '@guruconnect/contract/tokens';
import { WIRE_VERSION } from '@guruconnect/contract/version';
import type { Logger } from '../logger.ts';

export type NodeOrders = typeof SIGNALING_TO_NODE;
export type NodeNotices = Handlers<typeof NODE_TO_SIGNALING>;

/** What is known of a node while its link is up. */
export type NodeStatus = {
  readonly nodeId: NodeId;
  readonly load: NodeLoad;
  readonly draining: boolean;
};

export type NodeClientOptions = {
  readonly url: string;
  /** The first is tried first; the second for a node that was not restarted since the rotation. */
  readonly clusterSecrets: readonly string[];
  readonly askTimeoutMs: number;
  readonly logger: Logger;
  readonly notices: NodeNotices;
  /** Each time the link is up and greeted. */
  readonly onReady: (client: NodeClient) => void;
  readonly onAway: (client: NodeClient) => void;
};

/** Sessions wait for a node that comes back: it is asked again soon, and there are few of them. */
const RECONNECT_NODE: BackoffPolicy = { firstMs: 100, maxMs: 2_000, factor: 1.8, jitter: 0.3 };
/** A node that takes longer than this to accept a connection is tried again. */
const CONNECT_TIMEOUT_MS = 5_000;

export class NodeClient {
  readonly url: string;
  readonly #options: NodeClientOptions;
  readonly #socket: Socket;
  readonly #logger: Logger;
  #status: NodeStatus | undefined;
  #attempt = 0;
  #again: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: NodeClientOptions) {
    this.url = options.url;
    this.#options = options;
    this.#logger = options.logger;
    this.#socket = io(options.url, {
      transports: ['websocket'],
      autoConnect: false,
      // Our own loop: socket.io's does not come back after a refused handshake.
      reconnection: false,
      forceNew: true,
      timeout: CONNECT_TIMEOUT_MS,
      auth: (give) => {
        void this.#token().then((token) => {
          give({ token });
        });
      },
    });
    this.#socket.on('connect', () => void this.#greet());
    this.#socket.on('connect_error', (error) => {
      this.#retry(error.message);
    });
    this.#socket.on('disconnect', (reason) => {
      this.#lost();
      this.#retry(reason);
    });
    answer(this.#socket, NODE_TO_SIGNALING, {
      ...options.notices,
      'node.load': (load) => {
        if (this.#status?.nodeId === load.node_id)
          this.#status = { nodeId: load.node_id, load: load.load, draining: load.draining };
        return options.notices['node.load'](load);
      },
    });
  }

  /** Undefined while the link is down. */
  get status(): NodeStatus | undefined {
    return this.#status;
  }

  start(): void {
    this.#socket.connect();
  }

  /**
   * One order. An order that got no answer may have been carried out: epochs make that harmless.
   * @throws GcError with the node's code; `media_node_unreachable` without a link or an answer.
   */
  async ask<N extends Name<NodeOrders>>(
    name: N,
    request: RequestInput<NodeOrders, N>,
  ): Promise<ReplyOf<NodeOrders, N>> {
    if (!this.#status) throw this.#unreachable();
    try {
      return await ask(this.#socket, SIGNALING_TO_NODE, name, request, this.#options.askTimeoutMs);
    } catch (cause) {
      if (cause instanceof GcError && cause.code === 'timeout') throw this.#unreachable(cause);
      throw cause;
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#again);
    this.#socket.offAny();
    this.#socket.removeAllListeners();
    this.#socket.disconnect();
    this.#status = undefined;
  }

  async #greet(): Promise<void> {
    try {
      const hello = await ask(this.#socket, SIGNALING_TO_NODE, 'node.hello', {
        wire_version: WIRE_VERSION,
      });
      if (!this.#socket.connected) return;
      this.#status = { nodeId: hello.node_id, load: hello.load, draining: hello.draining };
      this.#attempt = 0;
      this.#logger.info(
        { node_id: hello.node_id, build: hello.build, draining: hello.draining },
        'media node ready',
      );
      this.#options.onReady(this);
    } catch (err) {
      this.#logger.warn({ err, url: this.url }, 'media node did not answer hello');
      this.#socket.disconnect();
      this.#retry('no hello');
    }
  }

  #lost(): void {
    const was = this.#status;
    this.#status = undefined;
    if (!was || this.#closed) return;
    this.#logger.warn({ node_id: was.nodeId }, 'link to media node lost');
    this.#options.onAway(this);
  }

  #retry(why: string): void {
    if (this.#closed) return;
    clearTimeout(this.#again);
    const delayMs = backoffMs(this.#attempt, RECONNECT_NODE);
    this.#attempt += 1;
    this.#logger.debug({ url: this.url, why, delay_ms: delayMs }, 'media node is tried again');
    this.#again = setTimeout(() => {
      this.#socket.connect();
    }, delayMs);
  }

  async #token(): Promise<string> {
    const secrets = this.#options.clusterSecrets;
    const secret = secrets[this.#attempt % secrets.length] ?? '';
    return new SignJWT({ iss: 'signaling', jti: randomUUID() })
      .setProtectedHeader({ alg: 'HS256', typ: TOKEN_TYPES.node })
      .setAudience(NODE_TOKEN.audience)
      .setIssuedAt()
      .setExpirationTime(`${NODE_TOKEN.lifetimeS}s`)
      .sign(new TextEncoder().encode(secret));
  }

  #unreachable(cause?: unknown): GcError {
    return new GcError('media_node_unreachable', undefined, { cause });
  }
}
