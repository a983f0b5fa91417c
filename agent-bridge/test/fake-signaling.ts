// Signaling as far as an agent can see: enrolment over HTTP, the /agent namespace, and a real media
// node behind it. It keeps no rules of its own; a test says what it orders and reads what it heard.
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { importJWK, jwtVerify } from 'jose';
import { Server, type Socket } from 'socket.io';
import {
  answer,
  ask,
  type Handlers,
  type Name,
  type ReplyOf,
  type RequestInput,
  type RequestOf,
} from '@guruconnect/contract/base/conversation';
import { GcError, type ErrorCode } from '@guruconnect/contract/errors';
import type { ConsentPolicy } from '@guruconnect/contract/consent-policy';
import type { Grant } from '@guruconnect/contract/grants';
import { API_BASE } from '@guruconnect/contract/http/v1/routes';
import { Enrol } from '@guruconnect/contract/http/v1/machines';
import { newId, type SessionId } from '@guruconnect/contract/ids';
import type { SessionMode } from '@guruconnect/contract/session';
import {
  AGENT_TO_SIGNALING,
  SIGNALING_TO_AGENT,
  type ResumeOutcome,
} from '@guruconnect/contract/signal/agent-messages';
import { TOKEN_TYPES, type MachineJwk } from '@guruconnect/contract/tokens';
import type { ControlClient } from '../../sfu/test/control-client.ts';
import { until } from './deadline.ts';
import { NodeSession } from './rtc/node-session.ts';

type FromAgent = typeof AGENT_TO_SIGNALING;
type ToAgent = typeof SIGNALING_TO_AGENT;
export type Heard = {
  readonly [N in Name<FromAgent>]: { readonly name: N; readonly request: RequestOf<FromAgent, N> };
}[Name<FromAgent>];

export class FakeSignaling {
  readonly token = 'gce_test-enrolment-token';
  readonly machineId = newId('mch');
  /** Everything the agent said, in order. */
  readonly heard: Heard[] = [];
  /** What it answers at the door, when it lets nobody in. */
  refusing: ErrorCode | undefined;
  /** Hellos are answered with what this says of each session the agent carries. */
  outcomeOf: (id: SessionId, epoch: number) => ResumeOutcome = (session_id, epoch) => ({
    outcome: 'resumed',
    session_id,
    epoch: Math.max(1, epoch),
  });
  publicKey: MachineJwk | undefined;
  readonly #control: ControlClient;
  readonly #sessions = new Map<SessionId, NodeSession>();
  #http: HttpServer | undefined;
  #io: Server | undefined;
  #agent: Socket | undefined;
  #port = 0;

  private constructor(control: ControlClient) {
    this.#control = control;
  }

  static async start(control: ControlClient): Promise<FakeSignaling> {
    const signaling = new FakeSignaling(control);
    await signaling.listen();
    return signaling;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get connected(): boolean {
    return this.#agent?.connected ?? false;
  }

  /** On the same port as before, as after a restart. */
  async listen(): Promise<void> {
    const http = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { status, body } =
          request.url === `${API_BASE}/agent/enrol`
            ? this.#enrol(Buffer.concat(chunks).toString())
            : { status: 404, body: new GcError('not_found').toProblem() };
        response.writeHead(status, { 'content-type': 'application/json' });
        response.end(JSON.stringify(body));
      });
    });
    const io = new Server(http, { transports: ['websocket'], perMessageDeflate: false });
    io.of('/agent').use((socket, next) => {
      this.#admit(socket.handshake.auth['token']).then(
        () => next(),
        (error: unknown) =>
          next(Object.assign(new Error('no'), { data: GcError.from(error).toWire() })),
      );
    });
    io.of('/agent').on('connection', (socket) => {
      this.#agent = socket;
      answer(socket, AGENT_TO_SIGNALING, this.#handlers());
    });
    await new Promise<void>((resolve) => http.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (http.address() as AddressInfo).port;
    this.#http = http;
    this.#io = io;
  }

  async stop(): Promise<void> {
    this.#io?.disconnectSockets(true);
    await this.#io?.close();
    this.#http?.closeAllConnections();
    this.#agent = undefined;
  }

  /** Cuts the socket; the agent may come back at once. */
  cut(): void {
    this.#agent?.disconnect(true);
    this.#agent = undefined;
  }

  /** @throws GcError the agent's refusal. */
  async order<N extends Name<ToAgent>>(
    name: N,
    request: RequestInput<ToAgent, N>,
  ): Promise<ReplyOf<ToAgent, N>> {
    if (!this.#agent) throw new Error('no agent is connected');
    return await ask(this.#agent, SIGNALING_TO_AGENT, name, request);
  }

  /** The first of that name after `from`, heard already or soon. */
  async said<N extends Name<FromAgent>>(
    name: N,
    matches: (request: RequestOf<FromAgent, N>) => boolean = () => true,
    from = 0,
  ): Promise<RequestOf<FromAgent, N>> {
    return await until(`the agent to say ${name}`, () => {
      for (const word of this.heard.slice(from))
        if (word.name === name && matches(word.request as RequestOf<FromAgent, N>))
          return word.request as RequestOf<FromAgent, N>;
      return undefined;
    });
  }

  /** A session on the node, not offered yet. */
  async newSession(): Promise<NodeSession> {
    const session = await NodeSession.open(this.#control);
    this.#sessions.set(session.sessionId, session);
    return session;
  }

  async offer(
    session: NodeSession,
    options: {
      mode?: SessionMode;
      grants?: Grant[];
      timeoutS?: number;
      policy?: ConsentPolicy;
    } = {},
  ): Promise<void> {
    await this.order('session.offer', {
      ...session.fence,
      mode: options.mode ?? 'unattended',
      technician: { id: 'tech-1', name: 'Ada Example' },
      grants: options.grants ?? ['control', 'view'],
      consent_timeout_s: options.timeoutS ?? 30,
      ...(options.policy ? { consent_policy: options.policy } : {}),
    });
  }

  /** As after consent. */
  async openMedia(session: NodeSession): Promise<void> {
    await this.order('media.open', await session.openEndpoint('agent'));
  }

  /** Offered, allowed by the agent's policy, its monitors published. */
  async liveSession(): Promise<NodeSession> {
    const session = await this.newSession();
    await this.offer(session);
    await this.said('consent.answer', ({ session_id }) => session_id === session.sessionId);
    await this.openMedia(session);
    await this.said('media.ready', ({ session_id }) => session_id === session.sessionId);
    return session;
  }

  async verifyConsent(proof: string): Promise<Record<string, unknown>> {
    if (!this.publicKey) throw new Error('nobody has enrolled');
    const key = await importJWK(this.publicKey, 'EdDSA');
    return (await jwtVerify(proof, key, { typ: TOKEN_TYPES.consent })).payload;
  }

  #enrol(body: string): { status: number; body: unknown } {
    const { token, device_id, public_key } = Enrol.parse(JSON.parse(body));
    const refusal = token !== this.token ? 'unauthenticated' : this.publicKey && 'device_enrolled';
    if (refusal) {
      const error = new GcError(refusal);
      return { status: error.status, body: error.toProblem() };
    }
    this.publicKey = public_key;
    return { status: 201, body: { machine_id: this.machineId, device_id, key_id: newId('mky') } };
  }

  async #admit(token: string): Promise<void> {
    if (this.refusing) throw new GcError(this.refusing);
    if (!this.publicKey) throw new GcError('unauthenticated');
    await jwtVerify(token, await importJWK(this.publicKey, 'EdDSA'), { typ: TOKEN_TYPES.agent });
  }

  #handlers(): Handlers<FromAgent> {
    const note = <N extends Name<FromAgent>>(name: N, request: RequestOf<FromAgent, N>): void => {
      this.heard.push({ name, request } as Heard);
    };
    const of = (id: SessionId) => {
      const session = this.#sessions.get(id);
      if (!session) throw new GcError('session_not_found');
      return session.agentSignaling();
    };
    return {
      'agent.hello': (request) => {
        note('agent.hello', request);
        return {
          machine_id: this.machineId,
          device_id: 'pc-1',
          sessions: request.sessions.map((one) => this.outcomeOf(one.session_id, one.epoch)),
        };
      },
      'topology.changed': (request) => {
        note('topology.changed', request);
        return {};
      },
      'consent.answer': (request) => {
        note('consent.answer', request);
        return {};
      },
      'transport.connect': async (request) => {
        note('transport.connect', request);
        await of(request.session_id).connectTransport(
          request.transport_id,
          request.dtls_parameters,
        );
        return {};
      },
      'transport.restart_ice': async (request) => {
        note('transport.restart_ice', request);
        return (await of(request.session_id).restartIce(request.transport_id)) as never;
      },
      'video.produce': async (request) => {
        note('video.produce', request);
        const { monitor_id, rendition, rtp_parameters } = request;
        const video = { monitor_id, rendition };
        return {
          producer_id: await of(request.session_id).produceVideo(video, rtp_parameters),
        };
      },
      'video.withdraw': async (request) => {
        note('video.withdraw', request);
        await of(request.session_id).withdrawVideo(request.monitor_id);
        return {};
      },
      'data.produce': async (request) => {
        note('data.produce', request);
        const session = this.#sessions.get(request.session_id);
        const id = await of(request.session_id).produceData(
          request.label,
          request.sctp_stream_parameters,
        );
        if (session) session.factsId = id;
        return { data_producer_id: id };
      },
      'media.ready': (request) => {
        note('media.ready', request);
        return {};
      },
      'media.lost': (request) => {
        note('media.lost', request);
        return {};
      },
      'session.end': (request) => {
        note('session.end', request);
        return {};
      },
    };
  }
}
