// What a check asks a server with: requests as they are, without the client's kindness, and words for
// what is expected. Everything a run creates is named after it and ended when it is over.
import type { z } from 'zod';
import { retryAfterMsOf, type Fetch } from '../client/http-exchange.ts';
import { openAnswer } from '../client/open-answer.ts';
import { ERRORS, GcError, type ErrorCode } from '../errors.ts';
import { API_BASE } from '../http/v1/routes.ts';
import { Capabilities } from '../http/v1/capabilities.ts';
import { CreatedSession, type CreateSession } from '../http/v1/sessions.ts';

/** The server breaks a promise; the message says which and how. */
export class BrokenPromise extends Error {
  override readonly name = 'BrokenPromise';
}

/** The check does not apply to this server (a feature it says it does not have). */
export class NotApplicable extends Error {
  override readonly name = 'NotApplicable';
}

export function demand(condition: boolean, otherwise: string): asserts condition {
  if (!condition) throw new BrokenPromise(otherwise);
}

export type Answer = {
  /** The request, for messages. */
  readonly what: string;
  readonly status: number;
  readonly text: string;
  /** Undefined when the body is no JSON. */
  readonly json: unknown;
  readonly header: (name: string) => string | undefined;
};

export type AskOptions = {
  /** Sent as JSON; a string is sent as it is. */
  readonly body?: unknown;
  /** `null` sends no key. */
  readonly key?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
};

export type ProbeOptions = {
  /** Of the server, without the path of the API. */
  readonly url: string;
  /** An integrator key with all scopes. */
  readonly key: string;
  readonly fetch?: Fetch;
};

/** Longer than any answer may take, long polls of these checks included, milliseconds. */
const ANSWER_WITHIN_MS = 15_000;
const LONGEST_PAUSE_MS = 5_000;
const ATTEMPTS = 6;

export class Probe {
  /** Part of every name this run gives to something. */
  readonly runId = Array.from(crypto.getRandomValues(new Uint8Array(5)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');
  readonly #base: string;
  readonly #key: string;
  readonly #fetch: Fetch;
  readonly #sessions: string[] = [];
  #capabilities: Capabilities | undefined;

  constructor({ url, key, fetch: own }: ProbeOptions) {
    this.#base = url.replace(/\/+$/, '');
    this.#key = key;
    this.#fetch = own ?? ((address, init) => fetch(address, init));
  }

  /**
   * A server that is busy and says when to come back is asked again then: being busy breaks nothing.
   * @param path below the API; one that starts with `//` is below the server instead.
   */
  async ask(method: string, path: string, options: AskOptions = {}): Promise<Answer> {
    for (let attempt = 1; ; attempt += 1) {
      const answer = await this.#askOnce(method, path, options);
      const afterMs = retryAfterMsOf(answer.header('retry-after'));
      const isBusy = (answer.status === 503 || answer.status === 429) && afterMs !== undefined;
      if (!isBusy || afterMs > LONGEST_PAUSE_MS || attempt >= ATTEMPTS) return answer;
      await new Promise<void>((resolve) => {
        setTimeout(resolve, afterMs);
      });
    }
  }

  async #askOnce(method: string, path: string, options: AskOptions): Promise<Answer> {
    const { body, key = this.#key, headers } = options;
    const url = this.#base + (path.startsWith('//') ? path.slice(1) : API_BASE + path);
    const what = `${method} ${path}`;
    try {
      const response = await this.#fetch(url, {
        method,
        headers: {
          ...(key === null ? {} : { authorization: `Bearer ${key}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined
          ? {}
          : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
        signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      });
      const text = await response.text();
      return {
        what,
        status: response.status,
        text,
        json: parsed(text),
        header: (name) => response.headers.get(name) ?? undefined,
      };
    } catch (cause) {
      throw new BrokenPromise(`${what} got no whole answer: ${(cause as Error).message}`);
    }
  }

  /** What the server says it can do; read once. */
  async capabilities(): Promise<Capabilities> {
    this.#capabilities ??= answered(
      Capabilities,
      200,
      await this.ask('GET', '/capabilities', { key: null }),
    );
    return this.#capabilities;
  }

  /** @throws NotApplicable when the server says that it does not have it here. */
  async needs(...features: readonly string[]): Promise<void> {
    const known = (await this.capabilities()).features;
    for (const feature of features)
      if (known[feature] !== true) throw new NotApplicable(`the feature ${feature} is off here`);
  }

  /** A device that nobody else has: no agent will come for it. */
  device(name = 'device'): string {
    return `conformance-${this.runId}-${name}`;
  }

  /** The smallest request, with changes. */
  async sessionRequest(change: Partial<z.input<typeof CreateSession>> = {}) {
    const { features } = await this.capabilities();
    return {
      device_id: this.device(),
      mode: features['unattended_access'] === true ? 'unattended' : 'attended',
      technician: { id: 'conformance', name: 'Conformance Runner' },
      grants: features['view_only'] === true ? ['view'] : ['view', 'control'],
      ...change,
    } as const;
  }

  /** A session of this run; `close` ends it if nobody did. */
  async createSession(
    change: Partial<z.input<typeof CreateSession>> = {},
    headers: Readonly<Record<string, string>> = {},
  ): Promise<CreatedSession> {
    const body = await this.sessionRequest(change);
    return this.created(await this.ask('POST', '/sessions', { body, headers }));
  }

  /** The session an answer tells of, remembered so that it is ended. */
  created(answer: Answer): CreatedSession {
    const created = answered(CreatedSession, 201, answer);
    this.#sessions.push(created.id);
    return created;
  }

  end(sessionId: string): Promise<Answer> {
    return this.ask('POST', `/sessions/${sessionId}/end`, { body: {} });
  }

  /** Ends what this run created. */
  async close(): Promise<void> {
    for (const id of this.#sessions.splice(0))
      await this.end(id).catch(() => {
        // a server that does not answer is told of by the checks
      });
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** The answer as the contract shapes it; fields and values beyond that are fine. */
export function answered<T extends z.ZodType>(
  schema: T,
  status: number,
  answer: Answer,
): z.output<T> {
  demand(
    answer.status === status,
    `${answer.what} answered ${answer.status} instead of ${status}: ${answer.text.slice(0, 200)}`,
  );
  try {
    return openAnswer(schema, answer.json, `the answer to ${answer.what}`);
  } catch (error) {
    throw new BrokenPromise(GcError.from(error).message);
  }
}

/** The answer is the refusal with this code, and with the status of the table. */
export function refused(answer: Answer, code: ErrorCode, why: string): void {
  const told = (answer.json as { code?: unknown } | undefined)?.code;
  const { status } = ERRORS[code];
  demand(
    told === code && answer.status === status,
    `${why}: ${answer.what} has to be refused with ${status} ${code}, not ${answer.status} ${String(told ?? 'without a code')}`,
  );
}
