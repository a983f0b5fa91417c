// The agent's socket to signaling: keeps it up, proves the machine key at each connection, says
// hello, carries commands both ways. Owned by Agent. Media never depends on it: while it is away
// running sessions go on, and hello tells afterwards what became of them.
import { io, type Socket } from 'socket.io-client';
import {
  answer,
  ask,
  type Handlers,
  type Name,
  type ReplyOf,
  type RequestInput,
} from '@guruconnect/contract/base/conversation';
import { GcError, WireError, type ErrorCode } from '@guruconnect/contract/errors';
import type { BootId } from '@guruconnect/contract/ids';
import {
  AGENT_TO_SIGNALING,
  SIGNALING_TO_AGENT,
} from '@guruconnect/contract/signal/agent-messages';
import type { Clock } from '../clock.ts';
import type { Logger } from '../logger.ts';
import type { MachineKey } from './machine-key.ts';
import { keepConnected } from './reconnect-loop.ts';

type ToSignaling = typeof AGENT_TO_SIGNALING;
type Hello = RequestInput<ToSignaling, 'agent.hello'>;
export type Welcome = ReplyOf<ToSignaling, 'agent.hello'>;

/**
 * No further attempt can cure these: somebody decided so. Everything else may pass, also a refused
 * credential: clocks are set right, stores come back.
 */
const PERMANENT: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'credential_revoked',
  'machine_quarantined',
]);

/** Trying again is said once in so many attempts. */
const LOG_EVERY = 20;

const CONNECT_TIMEOUT_MS = 10_000;

export type SignalLinkOptions = {
  readonly url: string;
  readonly key: MachineKey;
  readonly bootId: BootId;
  readonly handlers: Handlers<typeof SIGNALING_TO_AGENT>;
  /** What the agent is and carries, asked at each connection. */
  readonly hello: () => Hello;
  /** Told in full before anything else of this connection is handled. */
  readonly onWelcome: (welcome: Welcome) => void;
  readonly clock: Clock;
  readonly logger: Logger;
};

export class SignalLink {
  readonly #options: SignalLinkOptions;
  #socket: Socket | undefined;
  #welcomed = false;
  readonly #closing = new AbortController();

  constructor(options: SignalLinkOptions) {
    this.#options = options;
  }

  get connected(): boolean {
    return this.#welcomed;
  }

  /** Runs until closed. @throws GcError that is permanent; the agent then ends. */
  async run(): Promise<void> {
    const { clock, logger } = this.#options;
    await keepConnected({
      connect: () => this.#connect(),
      drop: () => {
        if (this.#welcomed && !this.#closing.signal.aborted)
          logger.info('signaling lost; running sessions go on');
        this.#drop();
      },
      isPermanent: ({ code }) => PERMANENT.has(code),
      onFailed: (err, attempt) => {
        const level = attempt % LOG_EVERY === 0 ? 'warn' : 'debug';
        logger[level]({ err, attempt }, 'signaling not reached; trying again');
      },
      clock,
      signal: this.#closing.signal,
    });
  }

  /** @throws GcError; `timeout` at once while there is no connection. */
  ask<N extends Name<ToSignaling>>(
    name: N,
    request: RequestInput<ToSignaling, N>,
  ): Promise<ReplyOf<ToSignaling, N>> {
    if (!this.#socket || !this.#welcomed) {
      return Promise.reject(new GcError('timeout', 'signaling is not connected'));
    }
    return ask(this.#socket, AGENT_TO_SIGNALING, name, request);
  }

  /** Idempotent. */
  close(): void {
    this.#closing.abort();
    this.#drop();
  }

  /** Resolves once welcomed, with a promise that settles when the connection is lost. */
  async #connect(): Promise<{ readonly lost: Promise<void> }> {
    const { url, key, bootId, hello, onWelcome, handlers, logger } = this.#options;
    const token = await key.connectionToken(bootId);
    if (this.#closing.signal.aborted) throw new GcError('timeout', 'the link was closed');
    const socket = io(`${url}/agent`, {
      transports: ['websocket'],
      reconnection: false, // the loop above is the only one
      forceNew: true,
      timeout: CONNECT_TIMEOUT_MS,
      auth: { token },
    });
    this.#socket = socket;
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('connect_error', (error) => {
        const told = WireError.safeParse((error as { data?: unknown }).data);
        reject(
          told.success
            ? GcError.fromWire(told.data)
            : new GcError('timeout', 'signaling refused the connection', { cause: error }),
        );
      });
      socket.once('disconnect', () => {
        reject(new GcError('timeout', 'the connection closed'));
      });
    });
    const lost = new Promise<void>((resolve) => {
      socket.once('disconnect', () => {
        resolve();
      });
    });
    // Orders may come right behind the welcome: they wait until the agent has acted on it.
    const ready = Promise.withResolvers<void>();
    const stop = answer(socket, SIGNALING_TO_AGENT, afterReady(handlers, ready.promise), {
      onRefused: (name, error) => {
        logger.warn(
          { message: name, code: error.code, detail: error.message },
          'refused an order of signaling',
        );
      },
    });
    void lost.then(stop);
    const welcome = await ask(socket, AGENT_TO_SIGNALING, 'agent.hello', hello());
    this.#welcomed = true;
    onWelcome(welcome);
    ready.resolve();
    return { lost };
  }

  #drop(): void {
    this.#welcomed = false;
    this.#socket?.disconnect();
    this.#socket = undefined;
  }
}

type AgentHandlers = Handlers<typeof SIGNALING_TO_AGENT>;

function afterReady(handlers: AgentHandlers, ready: Promise<void>): AgentHandlers {
  const wrapped = Object.entries(handlers).map(([name, handle]) => [
    name,
    async (request: never) => {
      await ready;
      return (handle as (request: never) => unknown)(request);
    },
  ]);
  return Object.fromEntries(wrapped) as AgentHandlers;
}
