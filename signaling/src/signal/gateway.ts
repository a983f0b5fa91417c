// The socket door: who knocks at /agent or /viewer proves itself in the handshake, before it is
// heard; then it is an AgentConnection or a ViewerConnection. A refused handshake carries the coded
// error in `connect_error`'s `data`. Owned by main.ts.
import type { IncomingMessage } from 'node:http';
import type { Server, Socket } from 'socket.io';
import { GcError, type ErrorCode } from '@guruconnect/contract/errors';
import type { SessionId } from '@guruconnect/contract/ids';
import type { FeatureGate } from '../features.ts';
import type { MachineKeys, ProvenMachine } from '../keys/machine-keys.ts';
import type { ViewerClaims } from '@guruconnect/contract/tokens';
import type { Bus } from '../store/bus.ts';
import { AgentConnection, type AgentConnectionParts } from './agent-connection.ts';
import type { AgentPresence } from './agent-presence.ts';
import { ViewerConnection, type ViewerConnectionParts } from './viewer-connection.ts';

export type GatewayParts = AgentConnectionParts &
  ViewerConnectionParts & {
    readonly bus: Bus;
    readonly machineKeys: MachineKeys;
    readonly presence: AgentPresence;
    readonly perMachineKeys: FeatureGate;
    readonly publicUrl: string;
    /** A handshake was refused, for whoever counts wrong credentials. */
    readonly onRefused: (
      door: 'agent' | 'viewer',
      code: ErrorCode,
      request: IncomingMessage,
    ) => void;
    /** @throws GcError `rate_limited`, by the address of the request. */
    readonly admitHandshake: (request: IncomingMessage) => Promise<void>;
  };

type Proven<T> = { proven?: T };

export class Gateway {
  readonly #parts: GatewayParts;
  readonly #viewers = new Map<SessionId, Set<ViewerConnection>>();
  readonly #unsubscribe: () => void;

  constructor(io: Server, parts: GatewayParts) {
    this.#parts = parts;
    // The default namespace is nobody's: only the two below are doors.
    io.use((_socket, next) => {
      next(refusal(new GcError('not_found', 'Connect to /agent or /viewer')));
    });
    const agents = io.of('/agent');
    agents.use((socket, next) => {
      this.#check('agent', socket, next, () => this.#proveAgent(socket));
    });
    agents.on('connection', (socket: Socket) => {
      this.#run(this.#agentConnected(socket));
    });
    const viewers = io.of('/viewer');
    viewers.use((socket, next) => {
      this.#check('viewer', socket, next, () => this.#proveViewer(socket));
    });
    viewers.on('connection', (socket: Socket) => {
      this.#viewerConnected(socket);
    });
    this.#unsubscribe = parts.bus.subscribe('journal.appended', (fact) => {
      for (const viewer of this.#viewers.get(fact.session_id) ?? []) viewer.journalAppended(fact);
    });
  }

  stop(): void {
    this.#unsubscribe();
  }

  #check(
    door: 'agent' | 'viewer',
    socket: Socket,
    next: (error?: Error) => void,
    prove: () => Promise<void>,
  ): void {
    const { admitHandshake, onRefused, metrics, logger } = this.#parts;
    admitHandshake(socket.request)
      .then(prove)
      .then(
        () => {
          next();
        },
        (thrown: unknown) => {
          const error = GcError.from(thrown);
          metrics.refusals.inc({ door, code: error.code });
          onRefused(door, error.code, socket.request);
          if (error.code === 'internal') logger.error({ err: thrown }, 'a handshake failed');
          else logger.info({ door, code: error.code }, 'handshake refused');
          next(refusal(error));
        },
      );
  }

  async #proveAgent(socket: Socket): Promise<void> {
    const { perMachineKeys, machineKeys, presence } = this.#parts;
    perMachineKeys.require();
    const proven = await machineKeys.verifyConnection(auth(socket, 'token'), Date.now());
    await presence.admit(proven);
    (socket.data as Proven<ProvenMachine>).proven = proven;
  }

  async #agentConnected(socket: Socket): Promise<void> {
    const { proven } = socket.data as Proven<ProvenMachine>;
    if (!proven) throw new Error('an agent connected without its handshake');
    const { presence } = this.#parts;
    const connection = new AgentConnection(socket, proven, this.#parts);
    socket.once('disconnect', (reason) => {
      this.#run(Promise.all([presence.disconnected(connection), connection.disconnected(reason)]));
    });
    connection.open();
    await presence.connected(connection);
  }

  async #proveViewer(socket: Socket): Promise<void> {
    const { publicUrl, tokens, sessions } = this.#parts;
    if (socket.handshake.headers.origin !== publicUrl) throw new GcError('origin_not_allowed');
    const token = auth(socket, 'token');
    const claims = await tokens.verify(token);
    const viewer = await sessions.viewer(claims.sid, claims.sub);
    await tokens.verifyProof(auth(socket, 'proof'), String(token), claims, viewer);
    (socket.data as Proven<ViewerClaims>).proven = claims;
  }

  #viewerConnected(socket: Socket): void {
    const { proven } = socket.data as Proven<ViewerClaims>;
    if (!proven) throw new Error('a viewer connected without its handshake');
    const connection = new ViewerConnection(socket, proven, this.#parts);
    const { sessionId } = connection;
    const ofSession = this.#viewers.get(sessionId) ?? new Set();
    ofSession.add(connection);
    this.#viewers.set(sessionId, ofSession);
    socket.once('disconnect', (reason) => {
      ofSession.delete(connection);
      if (ofSession.size === 0 && this.#viewers.get(sessionId) === ofSession)
        this.#viewers.delete(sessionId);
      this.#run(connection.disconnected(reason));
    });
    connection.open();
  }

  #run(work: Promise<unknown>): void {
    work.catch((err: unknown) => {
      this.#parts.logger.error({ err }, 'a socket could not be handled');
    });
  }
}

/** One field of the handshake's `auth`, which is whatever the other end sent. */
function auth(socket: Socket, name: string): unknown {
  const given: unknown = socket.handshake.auth;
  return typeof given === 'object' && given !== null && Object.hasOwn(given, name)
    ? (given as Record<string, unknown>)[name]
    : undefined;
}

/** socket.io sends `data` of a middleware's error to the other end. */
function refusal(error: GcError): Error {
  return Object.assign(new Error(error.code), { data: error.toWire() });
}
