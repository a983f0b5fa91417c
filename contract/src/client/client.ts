// The integration contract as a typed object, for an integrator's server: Node, Deno, a worker (and
// browsers, though an integrator key has no business in one). No code is generated: names, requests
// and answers are read from the route table by the compiler.
//
//   const gc = createClient({ baseUrl: 'https://gc.example', key });
//   const session = await gc.sessions.create({ device_id, mode: 'attended', technician });
//   for await (const event of gc.follow({ session_id: session.id })) …
import { IDEMPOTENCY_KEY_HEADER } from '../http/v1/headers.ts';
import { Capabilities } from '../http/v1/capabilities.ts';
import { takesIdempotencyKey } from '../http/v1/route-errors.ts';
import { ROUTES, type Route, type RouteName } from '../http/v1/routes.ts';
import type { JournalEvent } from '../journal.ts';
import { CapabilitiesView } from './capabilities-view.ts';
import { exchange, type Answer, type Fetch } from './http-exchange.ts';
import { openAnswer } from './open-answer.ts';
import { RETRY, retryDelayMs, type RetryPolicy } from './retry-policy.ts';
import { httpRequestOf, type RouteAnswer, type RouteRequest } from './route-request.ts';

export type ClientOptions = {
  /** Public URL of the GuruConnect server, without the API's path. */
  readonly baseUrl: string;
  /** Integrator key. */
  readonly key: string;
  readonly fetch?: Fetch;
  /** For one try, milliseconds. */
  readonly timeoutMs?: number;
  readonly retry?: Partial<RetryPolicy>;
};

export type CallOptions = {
  /** Stops waiting and repeating; the call then throws the signal's reason. */
  readonly signal?: AbortSignal;
  /** Only where the route takes one. Made by the client when absent, one for all tries of a call. */
  readonly idempotencyKey?: string;
};

export type FollowOptions = CallOptions & {
  /** How long one question waits at the server for the next event, seconds (0-30). */
  readonly waitS?: number;
  /** Least time between two questions that found nothing, milliseconds: for a server whose wait was
   * cut short (it stops, or a proxy before it does). */
  readonly pauseMs?: number;
};

type IntegratorRoute = {
  [N in RouteName]: (typeof ROUTES)[N]['auth'] extends 'integrator' ? N : never;
}[RouteName];
type NounOf<N extends string> = N extends `${infer Noun}.${string}` ? Noun : never;
type VerbOf<N extends string> = N extends `${string}.${infer Verb}` ? Verb : never;
type Camel<S extends string> = S extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<Camel<Tail>>}`
  : S;
type Call<N extends RouteName> =
  Record<never, never> extends RouteRequest<N>
    ? (request?: RouteRequest<N>, options?: CallOptions) => Promise<RouteAnswer<N>>
    : (request: RouteRequest<N>, options?: CallOptions) => Promise<RouteAnswer<N>>;

/** Each call throws GcError with the code of the problem document (or `timeout` without one). */
export type Client = {
  readonly [Noun in NounOf<IntegratorRoute> as Camel<Noun>]: {
    readonly [N in Extract<IntegratorRoute, `${Noun}.${string}`> as Camel<VerbOf<N>>]: Call<N>;
  };
} & {
  /** What this GuruConnect can do; asked again with ETag, so often is fine. */
  capabilities(options?: CallOptions): Promise<CapabilitiesView>;
  /** The journal of a session, event by event as they happen, until the session has ended. */
  follow(
    request: { readonly session_id: string; readonly after?: number },
    options?: FollowOptions,
  ): AsyncGenerator<JournalEvent, void, void>;
};

const DEFAULT_TIMEOUT_MS = 30_000;
/** Beyond what a question waits at the server, milliseconds. */
const WAIT_SLACK_MS = 10_000;
const DEFAULT_WAIT_S = 20;
const DEFAULT_PAUSE_MS = 1000;

export function createClient(options: ClientOptions): Client {
  const caller = new Caller(options);
  const nouns: Record<string, Record<string, unknown>> = {};
  for (const [name, route] of Object.entries(ROUTES) as [RouteName, Route][]) {
    if (route.auth !== 'integrator') continue;
    const [noun = '', verb = ''] = name.split('.');
    const methods = (nouns[camel(noun)] ??= {});
    methods[camel(verb)] = (request: Record<string, unknown> = {}, callOptions: CallOptions = {}) =>
      caller.call(name, request, callOptions);
  }
  return {
    ...nouns,
    capabilities: (callOptions = {}) => caller.capabilities(callOptions),
    follow: (request, followOptions = {}) => follow(caller, request, followOptions),
  } as Client;
}

const camel = (noun: string): string =>
  noun.replaceAll(/_([a-z])/g, (_whole, letter: string) => letter.toUpperCase());

/** Sends, repeats, reads. */
class Caller {
  readonly #baseUrl: string;
  readonly #key: string;
  readonly #fetch: Fetch;
  readonly #timeoutMs: number;
  readonly #retry: RetryPolicy;
  #capabilities: { readonly etag: string; readonly view: CapabilitiesView } | undefined;

  constructor(options: ClientOptions) {
    this.#baseUrl = options.baseUrl;
    this.#key = options.key;
    // Browsers refuse a fetch that is called as a method of something else.
    this.#fetch = options.fetch ?? ((url, init) => fetch(url, init));
    this.#timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    this.#retry = { ...RETRY, ...options.retry };
  }

  async call<N extends RouteName>(
    name: N,
    request: Readonly<Record<string, unknown>>,
    options: CallOptions,
  ): Promise<RouteAnswer<N>> {
    const { json } = await this.#send(name, request, options, {});
    return openAnswer(ROUTES[name].response, json, `The answer to ${name}`) as RouteAnswer<N>;
  }

  async capabilities(options: CallOptions): Promise<CapabilitiesView> {
    const known = this.#capabilities;
    const answer = await this.#send(
      'capabilities.read',
      {},
      options,
      known ? { 'if-none-match': known.etag } : {},
    );
    if (answer.status === 304 && known) return known.view;
    const view = new CapabilitiesView(
      openAnswer(Capabilities, answer.json, 'The capabilities document'),
    );
    const etag = answer.header('etag');
    this.#capabilities = etag === undefined ? undefined : { etag, view };
    return view;
  }

  async #send(
    name: RouteName,
    request: Readonly<Record<string, unknown>>,
    options: CallOptions,
    extraHeaders: Record<string, string>,
  ): Promise<Answer> {
    const http = httpRequestOf(this.#baseUrl, name, request);
    const waitMs = Number(request['wait_s'] ?? 0) * 1000;
    const timeoutMs = Math.max(this.#timeoutMs, waitMs + WAIT_SLACK_MS * Math.sign(waitMs));
    const headers = {
      authorization: `Bearer ${this.#key}`,
      accept: 'application/json, application/problem+json',
      ...(http.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(takesIdempotencyKey(ROUTES[name])
        ? { [IDEMPOTENCY_KEY_HEADER]: options.idempotencyKey ?? newIdempotencyKey() }
        : {}),
      ...extraHeaders,
    };
    for (let attempt = 0; ; attempt += 1) {
      const outcome = await exchange(this.#fetch, http, headers, timeoutMs, options.signal);
      if ('answer' in outcome) return outcome.answer;
      const delayMs = retryDelayMs(name, attempt, outcome.failure, this.#retry);
      if (delayMs === undefined) throw outcome.failure.error;
      await pause(delayMs, options.signal);
    }
  }
}

async function* follow(
  caller: Caller,
  { session_id, after = 0 }: { readonly session_id: string; readonly after?: number },
  options: FollowOptions,
): AsyncGenerator<JournalEvent, void, void> {
  const { waitS: wait_s = DEFAULT_WAIT_S, pauseMs = DEFAULT_PAUSE_MS } = options;
  let seen = after;
  let mayHaveEnded = after > 0;
  for (;;) {
    const askedAtMs = Date.now();
    const question = { session_id, after: seen, wait_s };
    const { events } = await caller.call('sessions.events', question, options);
    for (const event of events) {
      seen = event.seq;
      yield event;
      if (event.type === 'session.ended') return;
    }
    if (events.length > 0) continue;
    // Followed from its last event on: nothing will come, so the session itself is asked, once.
    if (mayHaveEnded) {
      const session = await caller.call('sessions.read', { session_id }, options);
      if (session.state === 'ended' && session.last_seq <= seen) return;
      mayHaveEnded = false;
    }
    await pause(Math.max(0, askedAtMs + pauseMs - Date.now()), options.signal);
  }
}

/** 128 random bits; `randomUUID` is missing on pages without TLS. */
const newIdempotencyKey = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');

/** @throws the signal's reason as soon as it is aborted. */
function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
