// A signaling process as far as a media node can see: connects with a fresh token, asks, hears
// notices. For tests of this package and of whoever drives a real node.
import { SignJWT } from 'jose';
import { io, type Socket } from 'socket.io-client';
import {
  answer,
  ask,
  type ReplyOf,
  type RequestInput,
  type RequestOf,
} from '@guruconnect/contract/base/conversation';
import { GcError, WireError } from '@guruconnect/contract/errors';
import {
  NODE_TO_SIGNALING,
  SIGNALING_TO_NODE,
} from '@guruconnect/contract/media-node/node-messages';
import { NODE_TOKEN, TOKEN_TYPES } from '@guruconnect/contract/tokens';

type Commands = typeof SIGNALING_TO_NODE;
type Notices = typeof NODE_TO_SIGNALING;
export type CommandName = keyof Commands;
export type Notice = {
  [Name in keyof Notices]: { readonly name: Name; readonly fact: RequestOf<Notices, Name> };
}[keyof Notices];

const CONNECT_TIMEOUT_MS = 5000;
const NOTICE_TIMEOUT_MS = 10_000;

/** What may be wrong with a token, for tests of refusals. */
export type TokenOptions = {
  readonly type?: string;
  readonly audience?: string;
  readonly nodeId?: string;
  readonly jti?: string;
  /** Now, by the clock of the one who signs; seconds since 1970. */
  readonly issuedAtS?: number;
  readonly lifetimeS?: number;
};

/** As signaling makes one for each connection. */
export async function nodeToken(secret: string, options: TokenOptions = {}): Promise<string> {
  const issuedAtS = options.issuedAtS ?? Math.floor(Date.now() / 1000);
  const claims = options.nodeId === undefined ? {} : { sub: options.nodeId };
  return await new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256', typ: options.type ?? TOKEN_TYPES.node })
    .setIssuer('test-signaling')
    .setAudience(options.audience ?? NODE_TOKEN.audience)
    .setIssuedAt(issuedAtS)
    .setExpirationTime(issuedAtS + (options.lifetimeS ?? NODE_TOKEN.lifetimeS))
    .setJti(options.jti ?? crypto.randomUUID())
    .sign(new TextEncoder().encode(secret));
}

export class ControlClient {
  /** Everything the node has told, in order. */
  readonly notices: Notice[] = [];

  readonly #socket: Socket;
  readonly #waiting = new Set<() => void>();

  private constructor(socket: Socket) {
    this.#socket = socket;
    const note = (notice: Notice): Record<string, never> => {
      this.notices.push(notice);
      for (const check of this.#waiting) check();
      return {};
    };
    answer(socket, NODE_TO_SIGNALING, {
      'sessions.lost': (fact) => note({ name: 'sessions.lost', fact }),
      'endpoint.connection': (fact) => note({ name: 'endpoint.connection', fact }),
      'video.closed': (fact) => note({ name: 'video.closed', fact }),
      'node.load': (fact) => note({ name: 'node.load', fact }),
    });
  }

  /** @throws GcError with the node's code when it refuses the token. */
  static async connect(url: string, auth: { token: string } | object): Promise<ControlClient> {
    const socket = io(url, {
      transports: ['websocket'],
      auth,
      reconnection: false,
      forceNew: true,
    });
    const client = new ControlClient(socket);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => reject(new Error(`no answer from ${url}`)), CONNECT_TIMEOUT_MS);
    socket.once('connect', resolve);
    socket.once('connect_error', (error: Error & { data?: unknown }) => {
      const refused = WireError.safeParse(error.data);
      reject(refused.success ? GcError.fromWire(refused.data) : error);
    });
    try {
      await promise;
      return client;
    } catch (error) {
      socket.disconnect();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  get connected(): boolean {
    return this.#socket.connected;
  }

  async ask<Name extends CommandName>(
    name: Name,
    request: RequestInput<Commands, Name>,
  ): Promise<ReplyOf<Commands, Name>> {
    return await ask(this.#socket, SIGNALING_TO_NODE, name, request);
  }

  /** Sends whatever it is given, unchecked, and returns the acknowledgement as it came. */
  async askRaw(name: string, ...args: unknown[]): Promise<unknown> {
    return await this.#socket.timeout(NOTICE_TIMEOUT_MS).emitWithAck(name, ...args);
  }

  /** Sends without asking for an acknowledgement. */
  tell(name: string, ...args: unknown[]): void {
    this.#socket.emit(name, ...args);
  }

  /** The first notice of that name, told already or within the time, that `matches`. */
  async notice<Name extends keyof Notices>(
    name: Name,
    matches: (fact: RequestOf<Notices, Name>) => boolean = () => true,
    withinMs = NOTICE_TIMEOUT_MS,
  ): Promise<RequestOf<Notices, Name>> {
    const find = (): RequestOf<Notices, Name> | undefined => {
      for (const notice of this.notices)
        if (notice.name === name && matches(notice.fact as RequestOf<Notices, Name>))
          return notice.fact as RequestOf<Notices, Name>;
      return undefined;
    };
    const { promise, resolve, reject } = Promise.withResolvers<RequestOf<Notices, Name>>();
    const check = (): void => {
      const found = find();
      if (found) resolve(found);
    };
    const timer = setTimeout(
      () => reject(new Error(`no notice ${name} within ${withinMs} ms`)),
      withinMs,
    );
    this.#waiting.add(check);
    check();
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(check);
    }
  }

  /** The socket is gone, whoever ended it. */
  async disconnected(): Promise<void> {
    if (!this.#socket.connected) return;
    await new Promise<void>((resolve) => this.#socket.once('disconnect', () => resolve()));
  }

  close(): void {
    this.#socket.disconnect();
  }
}
