// The viewer's socket to signaling: validated messages in and out, a fresh proof of the key for
// every attempt, the token renewed while the socket lives. Knows nothing of media or pictures.
import { io, type Socket } from 'socket.io-client';
import {
  answer,
  ask,
  type Handlers,
  type Name,
  type ReplyOf,
  type RequestInput,
} from '@guruconnect/contract/base/conversation';
import { ERRORS, GcError, WireError, type ErrorCode } from '@guruconnect/contract/errors';
import {
  SIGNALING_TO_VIEWER,
  VIEWER_TO_SIGNALING,
} from '@guruconnect/contract/signal/viewer-messages';
import { ReconnectLoop } from './reconnect-loop.ts';
import type { ViewerKey } from './viewer-key.ts';
import {
  RENEW_RETRY_MS,
  readToken,
  renewInMs,
  serverNowS,
  type ViewerToken,
} from './viewer-token.ts';

type Commands = typeof VIEWER_TO_SIGNALING;

export type SignalLinkOptions = {
  /** Origin of the GuruConnect server. */
  readonly serverUrl: string;
  readonly key: ViewerKey;
  readonly token: string;
  readonly handlers: Handlers<typeof SIGNALING_TO_VIEWER>;
  /** First on every connection: says hello and acts on the answer. A throw ends the connection. */
  readonly onConnected: () => Promise<void>;
  readonly onLost: (attempt: number, error: GcError | undefined) => void;
  /** A message of the server did not fit the contract (it got the coded error too). */
  readonly onRefused: (name: string, error: GcError) => void;
};

/** How long one attempt to connect may take, milliseconds. */
const CONNECT_TIMEOUT_MS = 8_000;

export class SignalLink {
  readonly #options: SignalLinkOptions;
  readonly #socket: Socket;
  readonly #loop: ReconnectLoop;
  readonly #stopAnswering: () => void;
  readonly #closed = Promise.withResolvers<void>();
  #token: ViewerToken;
  #renewTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: SignalLinkOptions) {
    this.#options = options;
    this.#token = readToken(options.token, Date.now());
    this.#socket = io(new URL('/viewer', options.serverUrl).href, {
      transports: ['websocket'],
      autoConnect: false,
      // One loop with our own policy, not two (reconnect-loop.ts).
      reconnection: false,
      forceNew: true,
      timeout: CONNECT_TIMEOUT_MS,
      auth: (give) => {
        void this.#credentials().then(give);
      },
    });
    this.#stopAnswering = answer(this.#socket, SIGNALING_TO_VIEWER, options.handlers, {
      onRefused: options.onRefused,
    });
    this.#loop = new ReconnectLoop({ connect: () => this.#connect(), onLost: options.onLost });
  }

  get connected(): boolean {
    return this.#socket.connected;
  }

  /** Add to this machine's clock to get the server's, milliseconds. */
  get serverOffsetMs(): number {
    return this.#token.serverOffsetMs;
  }

  /** Runs until `close` (resolves) or a permanent error (rejects with it). Call once. */
  run(): Promise<void> {
    return this.#loop.run();
  }

  /** @throws GcError with the server's code; `timeout` at once while the socket is down. */
  ask<N extends Name<Commands>>(
    name: N,
    request: RequestInput<Commands, N>,
    timeoutMs?: number,
  ): Promise<ReplyOf<Commands, N>> {
    // socket.io would keep the message for later; a late command is a wrong one.
    if (!this.#socket.connected)
      return Promise.reject(new GcError('timeout', 'The connection to the server is down'));
    return ask(this.#socket, VIEWER_TO_SIGNALING, name, request, timeoutMs);
  }

  tryNow(): void {
    this.#loop.tryNow();
  }

  /** Idempotent. Nothing is asked or answered any more when it returns. */
  close(): void {
    clearTimeout(this.#renewTimer);
    this.#loop.close();
    this.#closed.resolve();
    this.#stopAnswering();
    this.#socket.disconnect();
  }

  async #connect(): Promise<{ lost: Promise<void> }> {
    const socket = this.#socket;
    let onDisconnect = (): void => {};
    const lost = new Promise<void>((resolve) => {
      onDisconnect = resolve;
    });
    socket.once('disconnect', onDisconnect);
    try {
      await new Promise<void>((resolve, reject) => {
        const settle = (): void => {
          socket.off('connect', connected);
          socket.off('connect_error', failed);
        };
        const connected = (): void => {
          settle();
          resolve();
        };
        const failed = (error: Error & { data?: unknown }): void => {
          settle();
          reject(connectError(error));
        };
        socket.on('connect', connected);
        socket.on('connect_error', failed);
        // close() while connecting: socket.io would call neither of them.
        void this.#closed.promise.then(() => failed(new Error('closed')));
        socket.connect();
      });
      await this.#options.onConnected();
    } catch (error) {
      socket.off('disconnect', onDisconnect);
      socket.disconnect();
      throw error;
    }
    this.#renewLater(renewInMs(this.#token, Date.now()));
    return { lost: lost.then(() => clearTimeout(this.#renewTimer)) };
  }

  async #credentials(): Promise<{ token: string; proof: string }> {
    const { token } = this.#token;
    return {
      token,
      proof: await this.#options.key.prove(token, serverNowS(this.#token, Date.now())),
    };
  }

  #renewLater(ms: number): void {
    clearTimeout(this.#renewTimer);
    this.#renewTimer = setTimeout(() => void this.#renew(), ms);
  }

  async #renew(): Promise<void> {
    try {
      const { token } = await this.ask('token.renew', {});
      this.#token = readToken(token, Date.now());
      this.#renewLater(renewInMs(this.#token, Date.now()));
    } catch (thrown) {
      // A lost socket renews after its next hello; a refusal is repeated until the token is over,
      // and then the server's own answer to the next connection says why.
      const error = GcError.from(thrown);
      this.#options.onRefused('token.renew', error);
      if (this.#socket.connected) this.#renewLater(RENEW_RETRY_MS);
    }
  }
}

/** socket.io's connect_error -> our codes: the handshake's refusal rides in `data`. */
export function connectError(error: Error & { data?: unknown }): GcError {
  const wire = WireError.safeParse(error.data);
  if (wire.success) return GcError.fromWire(wire.data);
  if (Object.hasOwn(ERRORS, error.message)) return new GcError(error.message as ErrorCode);
  return new GcError('timeout', 'The GuruConnect server could not be reached', { cause: error });
}
