// A media node without media: a real socket.io server that keeps the contract of media-node/ —
// fences, gate, grants, idempotence — and remembers every order. What it carries outlives the links
// of signaling, as in the real one.
import { randomUUID } from 'node:crypto';
import { createServer, type Server as HttpServer } from 'node:http';
import { jwtVerify } from 'jose';
import { Server, type Socket } from 'socket.io';
import { answer, ask, type Handlers } from '@guruconnect/contract/base/conversation';
import { GcError } from '@guruconnect/contract/errors';
import { NodeId, type SessionId } from '@guruconnect/contract/ids';
import {
  NODE_TO_SIGNALING,
  SIGNALING_TO_NODE,
  type EndpointDescription,
  type EndpointId,
} from '@guruconnect/contract/media-node/node-messages';
import { NODE_TOKEN, NodeClaims, TOKEN_TYPES } from '@guruconnect/contract/tokens';
import { rtpCapabilities, rtpParameters, sctpStream, transportOptions } from './rtc-samples.ts';

type Endpoint = EndpointDescription;
type Router = { epoch: number; gateOpen: boolean; endpoints: Map<EndpointId, Endpoint> };
type Orders = Handlers<typeof SIGNALING_TO_NODE>;

const IDLE = { cpu: 0, egress: 0, ingress: 0, packets: 0, consumers: 0, sessions: 0 };

export class FakeNode {
  readonly nodeId: NodeId;
  readonly routers = new Map<SessionId, Router>();
  /** Names of all orders, as they came. */
  readonly orders: string[] = [];
  /** Throws from inside the order of that name, once for each entry. */
  readonly refuse: { name: string; error: GcError }[] = [];
  /** Newest epoch ever of a session, also of one that ended. */
  readonly #fence = new Map<SessionId, number>();
  readonly #secret: string;
  readonly #port: number;
  #http: HttpServer | undefined;
  #io: Server | undefined;

  constructor(nodeId: string, port: number, clusterSecret: string) {
    this.nodeId = NodeId.parse(nodeId);
    this.#port = port;
    this.#secret = clusterSecret;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async start(): Promise<this> {
    const http = createServer();
    const io = new Server(http, { transports: ['websocket'], serveClient: false });
    io.use((socket, next) => {
      this.#verify(socket).then(
        () => {
          next();
        },
        () => {
          next(Object.assign(new Error('unauthenticated'), { data: { code: 'unauthenticated' } }));
        },
      );
    });
    io.on('connection', (socket) => {
      answer(socket, SIGNALING_TO_NODE, this.#handlers(), {
        admit: (name) => {
          this.orders.push(name);
          const index = this.refuse.findIndex((entry) => entry.name === name);
          const refused = index < 0 ? undefined : this.refuse.splice(index, 1)[0];
          if (refused) throw refused.error;
        },
      });
    });
    await new Promise<void>((resolve) => http.listen(this.#port, '127.0.0.1', resolve));
    this.#http = http;
    this.#io = io;
    return this;
  }

  /** The control server goes away; what it carries runs on. */
  async cutLink(): Promise<void> {
    const io = this.#io;
    this.#io = undefined;
    await io?.close();
    await new Promise<void>((resolve) => {
      if (this.#http?.listening)
        this.#http.close(() => {
          resolve();
        });
      else resolve();
    });
  }

  close(): Promise<void> {
    return this.cutLink();
  }

  /** One worker dies: everything is gone, and signaling is told. */
  async killWorker(): Promise<void> {
    const sessions = [...this.routers].map(([session_id, { epoch }]) => ({ session_id, epoch }));
    this.routers.clear();
    await this.#tell('sessions.lost', { sessions });
  }

  /** The whole node was restarted: nothing is left and nobody is told. */
  forgetEverything(): void {
    this.routers.clear();
    this.#fence.clear();
  }

  async tellConnection(
    session_id: SessionId,
    endpoint_id: EndpointId,
    state: 'connected' | 'disconnected' | 'failed',
  ): Promise<void> {
    const router = this.router(session_id);
    const endpoint = router.endpoints.get(endpoint_id);
    for (const transport of endpoint?.transports ?? []) transport.connected = state === 'connected';
    await this.#tell('endpoint.connection', {
      session_id,
      epoch: router.epoch,
      endpoint_id,
      state,
    });
  }

  router(session_id: SessionId): Router {
    const router = this.routers.get(session_id);
    if (!router) throw new Error(`the fake node has no router of ${session_id}`);
    return router;
  }

  async #tell<N extends keyof typeof NODE_TO_SIGNALING & string>(
    name: N,
    notice: Parameters<Handlers<typeof NODE_TO_SIGNALING>[N]>[0],
  ): Promise<void> {
    for (const socket of this.#io?.sockets.sockets.values() ?? [])
      await ask(socket, NODE_TO_SIGNALING, name, notice as never);
  }

  async #verify(socket: Socket): Promise<void> {
    const { payload } = await jwtVerify(
      String(socket.handshake.auth['token']),
      new TextEncoder().encode(this.#secret),
      { typ: TOKEN_TYPES.node, audience: NODE_TOKEN.audience, algorithms: ['HS256'] },
    );
    NodeClaims.parse(payload);
  }

  #at({ session_id, epoch }: { session_id: SessionId; epoch: number }): Router {
    const router = this.routers.get(session_id);
    if (epoch < (this.#fence.get(session_id) ?? 0)) throw new GcError('stale_epoch');
    if (router?.epoch !== epoch) throw new GcError('session_not_found');
    return router;
  }

  #endpoint(router: Router, id: EndpointId): Endpoint {
    const endpoint = router.endpoints.get(id);
    if (!endpoint) throw new GcError('not_found', `no endpoint ${id}`);
    return endpoint;
  }

  #handlers(): Orders {
    return {
      'node.hello': () => ({
        node_id: this.nodeId,
        wire_version: 1,
        build: 'fake',
        load: { ...IDLE, sessions: this.routers.size },
        draining: false,
      }),
      'session.open': ({ session_id, epoch }) => {
        const newest = this.#fence.get(session_id) ?? 0;
        const running = this.routers.get(session_id)?.epoch === epoch;
        if (epoch < newest || (epoch === newest && !running)) throw new GcError('stale_epoch');
        if (!running)
          this.routers.set(session_id, { epoch, gateOpen: false, endpoints: new Map() });
        this.#fence.set(session_id, epoch);
        return { router_rtp_capabilities: rtpCapabilities };
      },
      'session.close': (fence) => {
        const newest = this.#fence.get(fence.session_id) ?? 0;
        if (fence.epoch < newest) throw new GcError('stale_epoch');
        this.#fence.set(fence.session_id, fence.epoch);
        this.routers.delete(fence.session_id);
        return {};
      },
      'session.gate': ({ open, ...fence }) => {
        this.#at(fence).gateOpen = open;
        return {};
      },
      'session.describe': ({ session_id }) => {
        const router = this.routers.get(session_id);
        if (!router) throw new GcError('session_not_found');
        return {
          epoch: router.epoch,
          gate_open: router.gateOpen,
          router_rtp_capabilities: rtpCapabilities,
          endpoints: [...router.endpoints.values()],
        };
      },
      'session.stats': (fence) => ({
        at_ms: Date.now(),
        endpoints: [...this.#at(fence).endpoints.values()].map(({ endpoint_id, transports }) => ({
          endpoint_id,
          connected: transports.every(({ connected }) => connected),
          bitrate_bps: 0,
        })),
      }),
      'endpoint.open': ({ endpoint_id, may_send_input, ...fence }) => {
        const router = this.#at(fence);
        const send = transportOptions();
        const recv = transportOptions();
        router.endpoints.set(endpoint_id, {
          endpoint_id,
          may_send_input,
          transports: [
            { transport_id: send.id, direction: 'send', connected: false },
            { transport_id: recv.id, direction: 'recv', connected: false },
          ],
          videos: [],
          consumers: [],
          data_producers: [],
          data_consumers: [],
        });
        return { send_transport: send, recv_transport: recv };
      },
      'endpoint.close': ({ endpoint_id, reason: _, ...fence }) => {
        this.#at(fence).endpoints.delete(endpoint_id);
        return {};
      },
      'endpoint.allow_input': ({ endpoint_id, allowed, ...fence }) => {
        this.#endpoint(this.#at(fence), endpoint_id).may_send_input = allowed;
        return {};
      },
      'transport.connect': ({ endpoint_id, transport_id, dtls_parameters: _, ...fence }) => {
        const { transports } = this.#endpoint(this.#at(fence), endpoint_id);
        const transport = transports.find((candidate) => candidate.transport_id === transport_id);
        if (!transport) throw new GcError('not_found', 'no such transport of this endpoint');
        transport.connected = true;
        if (transports.every(({ connected }) => connected))
          void this.tellConnection(fence.session_id, endpoint_id, 'connected');
        return {};
      },
      'transport.restart_ice': ({ endpoint_id, transport_id: _, ...fence }) => {
        this.#endpoint(this.#at(fence), endpoint_id);
        return { ice_parameters: transportOptions().iceParameters };
      },
      'video.produce': ({ monitor_id, rendition, rtp_parameters: _, ...fence }) => {
        const agent = this.#endpoint(this.#at(fence), 'agent');
        const producer_id = randomUUID();
        agent.videos = [
          ...agent.videos.filter(
            (video) => video.monitor_id !== monitor_id || video.rendition !== rendition,
          ),
          { monitor_id, rendition, producer_id },
        ];
        return { producer_id };
      },
      'video.withdraw': ({ monitor_id, ...fence }) => {
        const router = this.#at(fence);
        const agent = this.#endpoint(router, 'agent');
        agent.videos = agent.videos.filter((video) => video.monitor_id !== monitor_id);
        for (const [endpoint_id, endpoint] of router.endpoints)
          for (const { consumer, rendition, monitor_id: of } of endpoint.consumers)
            if (of === monitor_id)
              void this.#tell('video.closed', {
                ...fence,
                endpoint_id,
                monitor_id,
                rendition,
                consumer_id: consumer.consumer_id,
              });
        for (const endpoint of router.endpoints.values())
          endpoint.consumers = endpoint.consumers.filter(
            (entry) => entry.monitor_id !== monitor_id,
          );
        return {};
      },
      'video.consume': ({ endpoint_id, monitor_id, rendition, rtp_capabilities: _, ...fence }) => {
        const isIt = (one: { monitor_id: number; rendition: string }): boolean =>
          one.monitor_id === monitor_id && one.rendition === rendition;
        const router = this.#at(fence);
        if (!router.gateOpen) throw new GcError('consent_required');
        const endpoint = this.#endpoint(router, endpoint_id);
        const video = this.#endpoint(router, 'agent').videos.find(isIt);
        if (!video) throw new GcError('not_found', 'no such monitor');
        const known = endpoint.consumers.find(isIt);
        if (known) return known.consumer;
        const consumer = {
          consumer_id: randomUUID(),
          producer_id: video.producer_id,
          rtp_parameters: rtpParameters,
        };
        endpoint.consumers.push({ monitor_id, rendition, consumer, paused: true });
        return consumer;
      },
      'video.set_paused': ({ endpoint_id, consumer_id, paused, ...fence }) => {
        const { consumers } = this.#endpoint(this.#at(fence), endpoint_id);
        const entry = consumers.find(({ consumer }) => consumer.consumer_id === consumer_id);
        if (!entry) throw new GcError('not_found', 'no such consumer');
        entry.paused = paused;
        return {};
      },
      'video.restart': ({ endpoint_id, consumer_id: _, ...fence }) => {
        this.#endpoint(this.#at(fence), endpoint_id);
        return {};
      },
      'video.keyframe': ({ endpoint_id, consumer_id: _, ...fence }) => {
        this.#endpoint(this.#at(fence), endpoint_id);
        return {};
      },
      'data.produce': ({ endpoint_id, label, sctp_stream_parameters: _, ...fence }) => {
        const router = this.#at(fence);
        const endpoint = this.#endpoint(router, endpoint_id);
        if (label !== 'facts') {
          if (!router.gateOpen) throw new GcError('consent_required');
          if (!endpoint.may_send_input) throw new GcError('grant_missing');
        }
        const data_producer_id = randomUUID();
        endpoint.data_producers.push({ data_producer_id, label });
        return { data_producer_id };
      },
      'data.consume': ({ endpoint_id, data_producer_id, ...fence }) => {
        const router = this.#at(fence);
        this.#endpoint(router, endpoint_id);
        const producer = [...router.endpoints.values()]
          .flatMap((endpoint) => endpoint.data_producers)
          .find((candidate) => candidate.data_producer_id === data_producer_id);
        if (!producer) throw new GcError('not_found', 'no such data producer');
        return {
          data_consumer_id: randomUUID(),
          data_producer_id,
          sctp_stream_parameters: sctpStream(3),
          label: producer.label,
        };
      },
    };
  }
}
