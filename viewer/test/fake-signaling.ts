// Signaling as the viewer sees it: the page under its strict policy, the exchange, the socket. The
// test decides what the session does. Everything that leaves or enters goes through the contract.
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { SignJWT, calculateJwkThumbprint, importJWK, jwtVerify, type JWK } from 'jose';
import { Server as SocketServer, type Socket } from 'socket.io';
import type { types } from 'mediasoup';
import { answer, ask, type Handlers } from '@guruconnect/contract/base/conversation';
import { GcError, parseOr, type ErrorCode } from '@guruconnect/contract/errors';
import type { Grant } from '@guruconnect/contract/grants';
import { ExchangeCode } from '@guruconnect/contract/http/v1/viewer';
import { DeviceId, newId, type SessionId, type ViewerId } from '@guruconnect/contract/ids';
import type { EventName, JournalEvent } from '@guruconnect/contract/journal';
import type { Monitor } from '@guruconnect/contract/monitor';
import type { Session } from '@guruconnect/contract/session';
import type {
  DtlsParameters,
  RtpCapabilities,
  RtpParameters,
  TransportOptions,
} from '@guruconnect/contract/signal/rtc-parameters';
import {
  SIGNALING_TO_VIEWER,
  VIEWER_TO_SIGNALING,
  type OfferedVideo,
} from '@guruconnect/contract/signal/viewer-messages';
import { TOKEN_TYPES, VIEWER_PROOF, VIEWER_TOKEN } from '@guruconnect/contract/tokens';
import { FakeMedia } from './fake-media.ts';

/** What signaling serves the viewer's page under. */
export const policy = (frameAncestors: readonly string[]): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "media-src 'self' blob:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    `frame-ancestors ${frameAncestors.join(' ') || "'none'"}`,
  ].join('; ');

type Connection = {
  readonly socket: Socket;
  readonly transports: Map<string, types.WebRtcTransport>;
  readonly consumers: Map<string, { consumer: types.Consumer; monitorId: number }>;
  recv?: types.WebRtcTransport;
  capabilities?: types.RtpCapabilities;
};

export class FakeSignaling {
  readonly media: FakeMedia;
  readonly session: Session;
  readonly events: JournalEvent[] = [];
  readonly connections = new Set<Connection>();
  /** Names of the messages that viewers sent, in order. */
  readonly heard: string[] = [];
  readonly viewerId: ViewerId = newId('vwr');
  grants: Grant[] = ['view', 'control'];
  tokenLifetimeS = 300;
  /** Refuses the next handshakes with this. */
  refuse: ErrorCode | undefined;
  readonly #ports: { min: number; max: number };
  readonly #codes = new Set<string>();
  readonly #proofs = new Set<string>();
  readonly #http: Server;
  readonly #io: SocketServer;
  #key: JWK | undefined;

  private constructor(
    media: FakeMedia,
    http: Server,
    dist: string,
    ports: { min: number; max: number },
  ) {
    this.media = media;
    this.#http = http;
    this.#ports = ports;
    this.session = {
      id: newId('ses'),
      state: 'waiting_agent',
      device_id: DeviceId.parse('FRONT-DESK-07'),
      mode: 'attended',
      technician: { id: 'tech-1', name: 'Ada Lovelace', organization: 'Northwind IT' },
      reason: 'Ticket 4711: the printer does not print',
      grants: ['view', 'control'],
      embed_origins: [],
      consent: { state: 'pending', timeout_s: 30 },
      agent_online: false,
      topology: { topology_epoch: 0, monitors: [] },
      viewers: [],
      metadata: {},
      epoch: 1,
      last_seq: 0,
      created_at: new Date().toISOString(),
    };
    const app = express();
    app.use('/viewer/assets', express.static(`${dist}/assets`));
    app.get('/viewer/:session', (_request, response) => {
      response.set('content-security-policy', policy(this.session.embed_origins));
      response.sendFile(`${dist}/index.html`);
    });
    app.post('/api/integration/v1/viewer/exchange', express.json(), (request, response, next) => {
      this.#exchange(request.body).then((body) => response.json(body), next);
    });
    app.use(
      (
        thrown: unknown,
        _request: express.Request,
        response: express.Response,
        _next: express.NextFunction,
      ) => {
        const error = GcError.from(thrown);
        response.status(error.status).json(error.toProblem());
      },
    );
    http.on('request', app);
    this.#io = new SocketServer(http, { transports: ['websocket'], serveClient: false });
    const viewers = this.#io.of('/viewer');
    viewers.use((socket, next) => {
      this.#admit(socket.handshake.auth).then(
        () => next(),
        (thrown: unknown) => {
          const error = GcError.from(thrown);
          next(Object.assign(new Error(error.code), { data: error.toWire() }));
        },
      );
    });
    viewers.on('connection', (socket) => this.#connected(socket));
  }

  /** @param dist folder of the built page. */
  static async start(dist: string, ports: { min: number; max: number }): Promise<FakeSignaling> {
    const media = await FakeMedia.start();
    const http = createServer();
    const fake = new FakeSignaling(media, http, dist, ports);
    http.listen(ports.min, '127.0.0.1');
    await once(http, 'listening');
    return fake;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  /** Connections that proved themselves, each with a proof of its own. */
  get handshakes(): number {
    return this.#proofs.size;
  }

  /** A link that works once. */
  link(sessionId: SessionId = this.session.id): string {
    const code = `gcv_${crypto.randomUUID()}`;
    this.#codes.add(code);
    return `${this.url}/viewer/${sessionId}#code=${code}`;
  }

  /** As `tell`, but the message to the viewers is lost. */
  tellNobody(...[type, data, change]: Parameters<FakeSignaling['tell']>): void {
    const connections = [...this.connections];
    this.connections.clear();
    this.tell(type, data, change);
    for (const connection of connections) this.connections.add(connection);
  }

  /** Journals an event and tells it, with the session as it is then. */
  tell(type: EventName, data: Record<string, unknown> = {}, change: Partial<Session> = {}): void {
    this.tellTogether([{ type, data }], change);
  }

  /** Events of one change: each is told with the session as it is after all of them. */
  tellTogether(
    told: readonly Pick<JournalEvent, 'type' | 'data'>[],
    change: Partial<Session> = {},
  ): void {
    const events = told.map(({ type, data }, index) => ({
      seq: this.session.last_seq + 1 + index,
      session_id: this.session.id,
      type,
      at: new Date().toISOString(),
      data,
    }));
    Object.assign(this.session, change, { last_seq: this.session.last_seq + events.length });
    this.events.push(...events);
    for (const { socket } of this.connections)
      for (const event of events)
        void ask(socket, SIGNALING_TO_VIEWER, 'journal.appended', {
          event,
          session: this.session,
        }).catch(() => undefined);
  }

  /** The whole way from offline to live, with these monitors. */
  async goLive(
    monitors: readonly Monitor[],
    colours: readonly (readonly [number, number, number])[],
  ): Promise<void> {
    for (const [i, monitor] of monitors.entries())
      await this.media.publish(monitor, colours[i] ?? [128, 128, 128]);
    this.tell(
      'session.live',
      {},
      {
        state: 'live',
        agent_online: true,
        live_at: new Date().toISOString(),
        topology: {
          topology_epoch: this.session.topology.topology_epoch + 1,
          monitors: [...monitors],
        },
      },
    );
  }

  async offer(monitorId: number): Promise<void> {
    for (const connection of this.connections) {
      const video = await this.#consumer(connection, monitorId);
      await ask(connection.socket, SIGNALING_TO_VIEWER, 'video.offered', {
        epoch: this.session.epoch,
        video,
      });
    }
  }

  async withdraw(monitorId: number): Promise<void> {
    for (const { socket, consumers } of this.connections)
      for (const [consumerId, { monitorId: of }] of consumers)
        if (of === monitorId) {
          consumers.delete(consumerId);
          await ask(socket, SIGNALING_TO_VIEWER, 'video.closed', {
            epoch: this.session.epoch,
            monitor_id: monitorId,
            consumer_id: consumerId,
          });
        }
    this.media.withdraw(monitorId);
  }

  /** The socket only; media goes on. */
  cutSockets(): void {
    for (const { socket } of this.connections) socket.conn.close();
  }

  /** The media node forgot the viewers' transports and nobody says so. */
  dropTransports(): void {
    for (const { transports } of this.connections)
      for (const transport of transports.values()) transport.close();
  }

  async setGrants(grants: Grant[]): Promise<void> {
    this.grants = grants;
    for (const { socket } of this.connections)
      await ask(socket, SIGNALING_TO_VIEWER, 'grants.changed', { grants });
  }

  async close(): Promise<void> {
    const closed = this.#io.close();
    // Browsers open connections ahead of need; those have no request yet and would be waited for.
    this.#http.closeAllConnections();
    await closed;
    await this.media.close();
  }

  async #exchange(body: unknown): Promise<unknown> {
    const { code, session_id, public_key } = parseOr(ExchangeCode, body, 'The body');
    if (session_id !== this.session.id) throw new GcError('code_invalid');
    if (!this.#codes.delete(code)) throw new GcError('code_used');
    this.#key = public_key;
    return {
      ...(await this.#token()),
      viewer_id: this.viewerId,
      session_id,
      grants: this.grants,
      embed_origins: this.session.embed_origins,
    };
  }

  async #token(): Promise<{ token: string; expires_at: string }> {
    const iat = Math.floor(Date.now() / 1000);
    const exp = iat + this.tokenLifetimeS;
    const token = await new SignJWT({
      sid: this.session.id,
      grants: this.grants,
      cnf: { jkt: await calculateJwkThumbprint(this.#key ?? {}) },
    })
      .setProtectedHeader({ alg: 'HS256', typ: TOKEN_TYPES.viewer })
      .setIssuer('gc-signaling')
      .setAudience(VIEWER_TOKEN.audience)
      .setSubject(this.viewerId)
      .setIssuedAt(iat)
      .setExpirationTime(exp)
      .sign(new Uint8Array(32));
    return { token, expires_at: new Date(exp * 1000).toISOString() };
  }

  async #admit(auth: unknown): Promise<void> {
    if (this.refuse) throw new GcError(this.refuse);
    const { proof } = auth as { token: string; proof: string };
    const { payload } = await jwtVerify(proof, await importJWK(this.#key ?? {}, 'ES256'), {
      typ: TOKEN_TYPES.viewerProof,
      audience: VIEWER_PROOF.audience,
      maxTokenAge: VIEWER_PROOF.lifetimeS,
    });
    if (this.#proofs.has(String(payload.jti))) throw new GcError('credential_replayed');
    this.#proofs.add(String(payload.jti));
  }

  #connected(socket: Socket): void {
    const connection: Connection = { socket, transports: new Map(), consumers: new Map() };
    const before = [...this.connections].at(-1);
    if (before) Object.assign(connection, before, { socket });
    for (const old of this.connections) this.connections.delete(old);
    this.connections.add(connection);
    socket.onAny((name: string) => this.heard.push(name));
    answer(socket, VIEWER_TO_SIGNALING, this.#handlers(connection));
  }

  #handlers(connection: Connection): Handlers<typeof VIEWER_TO_SIGNALING> {
    const { transports, consumers } = connection;
    const consumerOf = (id: string) => {
      const found = consumers.get(id);
      if (!found) throw new GcError('not_found', 'No such consumer');
      return found;
    };
    const watch = (): void => {
      for (const [monitorId, monitor] of this.media.monitors)
        monitor.watched = [...consumers.values()].some(
          (each) => each.monitorId === monitorId && !each.consumer.paused,
        );
    };
    return {
      'viewer.hello': ({ resume }) => ({
        viewer_id: this.viewerId,
        grants: this.grants,
        session: this.session,
        outcome:
          this.session.state === 'ended'
            ? 'ended'
            : !resume
              ? 'fresh'
              : resume.epoch === this.session.epoch
                ? 'resumed'
                : 'moved',
        events: this.events.filter(({ seq }) => seq > (resume?.last_seq ?? 0)),
      }),
      'journal.read': ({ after }) => ({ events: this.events.filter(({ seq }) => seq > after) }),
      'media.join': async () => {
        // As the media node does: new ones replace what was there.
        for (const old of transports.values()) old.close();
        transports.clear();
        consumers.clear();
        const send = await this.media.transport(this.#ports);
        const recv = await this.media.transport(this.#ports);
        transports.set(send.id, send).set(recv.id, recv);
        connection.recv = recv;
        return {
          epoch: this.session.epoch,
          router_rtp_capabilities: this.media.router.rtpCapabilities as RtpCapabilities,
          send_transport: wireTransport(send),
          recv_transport: wireTransport(recv),
          ice_servers: [],
        };
      },
      'transport.connect': async ({ transport_id, dtls_parameters }) => {
        await transports.get(transport_id)?.connect({
          dtlsParameters: dtls_parameters as types.DtlsParameters,
        });
        return {};
      },
      'transport.restart_ice': async ({ transport_id }) => {
        const transport = transports.get(transport_id);
        if (!transport || transport.closed) throw new GcError('not_found');
        return { ice_parameters: await transport.restartIce(), ice_servers: [] };
      },
      'media.consume': async ({ rtp_capabilities }) => {
        if (this.session.state !== 'live') throw new GcError('consent_required');
        connection.capabilities = rtp_capabilities as types.RtpCapabilities;
        const { recv } = connection;
        if (!recv) throw new GcError('illegal_transition');
        const facts = await recv.consumeData({ dataProducerId: this.media.facts.id });
        const videos: OfferedVideo[] = [];
        for (const monitorId of this.media.monitors.keys())
          videos.push(await this.#consumer(connection, monitorId));
        return {
          videos,
          facts: {
            data_consumer_id: facts.id,
            data_producer_id: facts.dataProducerId,
            sctp_stream_parameters: {
              ...facts.sctpStreamParameters,
              streamId: facts.sctpStreamParameters?.streamId ?? 0,
            },
            label: 'facts',
          },
        };
      },
      'video.resume': async ({ consumer_id }) => {
        const { consumer, monitorId } = consumerOf(consumer_id);
        await consumer.resume();
        watch();
        this.media.monitors.get(monitorId)?.keyframe();
        return {};
      },
      'video.pause': async ({ consumer_id }) => {
        await consumerOf(consumer_id).consumer.pause();
        watch();
        return {};
      },
      'video.keyframe': ({ consumer_id }) => {
        this.media.monitors.get(consumerOf(consumer_id).monitorId)?.keyframe();
        return {};
      },
      'path.report': () => ({}),
      'input.open': async ({ channel, sctp_stream_parameters }) => {
        if (!this.grants.includes('control')) throw new GcError('grant_missing');
        const send = [...transports.values()].find(
          ({ id }) => id !== connection.recv?.id && !transports.get(id)?.closed,
        );
        if (!send) throw new GcError('illegal_transition');
        const producer = await send.produceData({
          sctpStreamParameters: sctp_stream_parameters,
          label: channel,
        });
        await this.media.hear(producer.id);
        return { data_producer_id: producer.id };
      },
      'token.renew': () => this.#token(),
      'session.end': () => {
        this.tell(
          'session.ended',
          { end_reason: 'technician_ended' },
          {
            state: 'ended',
            end_reason: 'technician_ended',
            ended_at: new Date().toISOString(),
          },
        );
        return {};
      },
    };
  }

  async #consumer(connection: Connection, monitorId: number): Promise<OfferedVideo> {
    const known = [...connection.consumers.values()].find((each) => each.monitorId === monitorId);
    const monitor = this.media.monitors.get(monitorId);
    const { recv, capabilities } = connection;
    if (!monitor || !recv || !capabilities) throw new GcError('illegal_transition');
    const consumer =
      known?.consumer ??
      (await recv.consume({
        producerId: monitor.producer.id,
        rtpCapabilities: capabilities,
        paused: true,
      }));
    connection.consumers.set(consumer.id, { consumer, monitorId });
    return {
      monitor_id: monitorId,
      rendition: 'standard',
      consumer: {
        consumer_id: consumer.id,
        producer_id: consumer.producerId,
        rtp_parameters: consumer.rtpParameters as RtpParameters,
      },
    };
  }
}

const wireTransport = (transport: types.WebRtcTransport): TransportOptions => ({
  id: transport.id,
  iceParameters: transport.iceParameters,
  iceCandidates: transport.iceCandidates as TransportOptions['iceCandidates'],
  dtlsParameters: transport.dtlsParameters as DtlsParameters,
  ...(transport.sctpParameters
    ? { sctpParameters: transport.sctpParameters as TransportOptions['sctpParameters'] }
    : {}),
});
