// The control socket: signaling processes connect with a token, give commands and hear notices.
// Several may be connected; when none is, the node just goes on. Owned by startNode.
import { once } from 'node:events';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import { answer, type Handlers } from '@guruconnect/contract/base/conversation';
import { GcError } from '@guruconnect/contract/errors';
import { SIGNALING_TO_NODE } from '@guruconnect/contract/media-node/node-messages';
import type { Config } from '../config.ts';
import type { Logger } from '../logger.ts';
import type { MediaNode } from '../media-node.ts';
import { makeMetrics, type Metrics } from '../metrics.ts';
import { ControlAuth } from './control-auth.ts';
import { controlHandlers } from './control-handlers.ts';
import { httpRoutes } from './http-routes.ts';
import { sendNotices } from './notice-sender.ts';

/** Largest message, bytes: capabilities of a browser are about 10 KB, a full description 100 KB. */
const MAX_MESSAGE_BYTES = 256 * 1024;
/**
 * A stopped process or a cut cable is noticed at both ends within the sum of the two: media goes
 * on without the link, but a node that is gone has to be noticed within 3 s.
 */
const PING_INTERVAL_MS = 1000;
const PING_TIMEOUT_MS = 2000;
/** A connection that has not finished its handshake by then is closed. */
const HANDSHAKE_TIMEOUT_MS = 5000;
/** The same for whoever asks for health or metrics, and dawdles (slowloris). */
const SLOW_CONNECTIONS = {
  headersTimeout: HANDSHAKE_TIMEOUT_MS,
  requestTimeout: HANDSHAKE_TIMEOUT_MS,
  connectionsCheckingInterval: 1000,
  maxHeaderSize: 16 * 1024,
};

export type ControlServerOptions = {
  readonly node: MediaNode;
  readonly config: Config;
  readonly logger: Logger;
  /** Version of this package, told in `node.hello`. */
  readonly build: string;
};

type ControlHandlers = Handlers<typeof SIGNALING_TO_NODE>;

export class ControlServer {
  readonly #http: HttpServer;
  readonly #io: Server;
  readonly #stopNotices: () => void;
  #closing: Promise<void> | undefined;

  private constructor(http: HttpServer, io: Server, stopNotices: () => void) {
    this.#http = http;
    this.#io = io;
    this.#stopNotices = stopNotices;
  }

  /** Listens. @throws what the system says of the address (in use, not ours). */
  static async open(options: ControlServerOptions): Promise<ControlServer> {
    const { node, config, logger, build } = options;
    const metrics = makeMetrics(node, () => io.of('/').sockets.size);
    // socket.io answers what is under its own path and leaves the rest to these routes.
    const http = createServer(SLOW_CONNECTIONS, httpRoutes(node, metrics));
    const io = new Server(http, {
      transports: ['websocket'],
      perMessageDeflate: false,
      maxHttpBufferSize: MAX_MESSAGE_BYTES,
      pingInterval: PING_INTERVAL_MS,
      pingTimeout: PING_TIMEOUT_MS,
      connectTimeout: HANDSHAKE_TIMEOUT_MS,
      serveClient: false,
    });

    const auth = new ControlAuth(config.nodeId, config.clusterSecrets);
    io.use((socket, next) => {
      auth.admit(socket.handshake.auth).then(
        () => next(),
        (thrown: unknown) => {
          const error = GcError.from(thrown);
          logger.warn({ code: error.code }, 'control connection refused');
          next(Object.assign(new Error(error.code), { data: error.toWire() }));
        },
      );
    });

    const handlers = timed(controlHandlers(node, build), metrics);
    io.on('connection', (socket) => {
      const log = logger.child({ control_id: socket.id });
      log.info('signaling connected');
      answer(socket, SIGNALING_TO_NODE, handlers, {
        onRefused: (name, error) => {
          metrics.observeRefusal(Object.hasOwn(handlers, name) ? name : 'unknown', error.code);
          // Our own mistakes come with their stack; what was wrong with a command, with its code.
          if (error.code === 'internal') log.error({ command: name, err: error.cause }, 'mistake');
          else log.info({ command: name, code: error.code, detail: error.message }, 'refused');
        },
      });
      socket.on('disconnect', (reason) => log.info({ reason }, 'signaling disconnected'));
    });

    await listen(http, config);
    const stopNotices = sendNotices(node, () => io.of('/').sockets.values(), logger);
    return new ControlServer(http, io, stopNotices);
  }

  /** For signaling and for health checks; with the port that was really opened. */
  get url(): string {
    const { address, family, port } = this.#http.address() as AddressInfo;
    return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
  }

  /** Disconnects every signaling process after what was told to it has left; idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#stopNotices();
    const closed = this.#io.close();
    // Scrapers keep their connections open; nobody waits for them.
    this.#http.closeAllConnections();
    await closed;
  }
}

function timed(handlers: ControlHandlers, metrics: Metrics): ControlHandlers {
  const entries = Object.entries(handlers).map(([name, handle]) => [
    name,
    async (request: never) => {
      const startMs = performance.now();
      const reply = await handle(request);
      metrics.observeCommand(name, (performance.now() - startMs) / 1000);
      return reply;
    },
  ]);
  return Object.fromEntries(entries) as ControlHandlers;
}

async function listen(http: HttpServer, config: Config): Promise<void> {
  http.listen(config.controlPort, config.controlHost);
  await once(http, 'listening');
}
