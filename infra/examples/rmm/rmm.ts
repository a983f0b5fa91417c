// A sample RMM: what an integrator builds, in as few lines as it takes. It knows the integration
// contract and nothing else of GuruConnect. It has no sign-in of its own, so it listens on loopback
// only and answers only its own pages.
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import { createClient, type Client } from '@guruconnect/contract/client/client';
import { GcError, parseOr } from '@guruconnect/contract/errors';
import { Grant, Grants } from '@guruconnect/contract/grants';
import type { CreatedSession } from '@guruconnect/contract/http/v1/sessions';
import { SessionId } from '@guruconnect/contract/ids';
import { SessionMode } from '@guruconnect/contract/session';
import { loadPage, type PageFile } from './page-files.ts';
import { problemPage } from './problem-page.ts';

export type RmmConfig = {
  /** Public URL of the GuruConnect server. */
  readonly apiUrl: string;
  readonly integratorKey: string;
  readonly deviceId: string;
  /** 0: any free one. */
  readonly port: number;
  /** Of sessions that do not say. */
  readonly mode?: SessionMode;
};

export type RunningRmm = {
  /** The dashboard; it starts a session by itself. */
  readonly url: string;
  /** Opens the viewer on its own: every visit pre-creates a fresh session. */
  readonly openUrl: string;
  close(): Promise<void>;
};

/** How a page asks for a session: `?mode=attended&grants=view`. */
const Wish = z.object({
  mode: SessionMode.optional(),
  grants: z
    .union([z.string().transform((text) => text.split(',')), z.array(z.string())])
    .pipe(z.array(Grant))
    .pipe(Grants)
    .default(['control', 'view']),
});

const TECHNICIAN = { id: 'sam.rivera', name: 'Sam Rivera', organization: 'Northwind IT' };
const REASON = 'Ticket 4711: the printer does not print';
const MAX_BODY_BYTES = 4_096;

export async function startRmm(config: RmmConfig): Promise<RunningRmm> {
  const server = createServer();
  server.listen(config.port, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const rmm = new Rmm(config, origin, await loadPage());
  server.on('request', (request, response) => void rmm.answer(request, response));
  return {
    url: `${origin}/?autostart=1`,
    openUrl: `${origin}/open`,
    close: async () => {
      if (!server.listening) return;
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

class Rmm {
  readonly #config: RmmConfig;
  readonly #origin: string;
  readonly #page: ReadonlyMap<string, PageFile>;
  readonly #gc: Client;

  constructor(config: RmmConfig, origin: string, page: ReadonlyMap<string, PageFile>) {
    this.#config = config;
    this.#origin = origin;
    this.#page = page;
    this.#gc = createClient({ baseUrl: config.apiUrl, key: config.integratorKey });
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader('x-content-type-options', 'nosniff');
    response.setHeader('referrer-policy', 'no-referrer');
    response.setHeader('cache-control', 'no-store');
    const url = new URL(request.url ?? '/', this.#origin);
    try {
      await this.#route(request, url, response);
    } catch (thrown) {
      const error = GcError.from(thrown);
      if (url.pathname.startsWith('/api/'))
        send(response, error.status, 'application/problem+json', JSON.stringify(error.toProblem()));
      else send(response, error.status, 'text/html; charset=utf-8', problemPage(error));
    }
  }

  async #route(request: IncomingMessage, url: URL, response: ServerResponse): Promise<void> {
    // Another name for this address would be another origin, which GuruConnect does not let frame.
    if (request.headers.host !== new URL(this.#origin).host) {
      response.writeHead(307, { location: `${this.#origin}${url.pathname}${url.search}` }).end();
      return;
    }
    const { method } = request;
    if (method === 'POST' && request.headers.origin !== this.#origin)
      throw new GcError('origin_not_allowed', 'Only the pages of this RMM may do that');

    const file = this.#page.get(url.pathname);
    if (method === 'GET' && file) {
      response.setHeader('content-security-policy', this.#policy());
      return send(response, 200, file.type, file.body);
    }
    if (method === 'GET' && url.pathname === '/open') return this.#open(url, response);
    if (method === 'GET' && url.pathname === '/api/device') {
      const { deviceId } = this.#config;
      return json(response, 200, await this.#gc.machines.read({ device_id: deviceId }));
    }
    if (method === 'POST' && url.pathname === '/api/sessions') {
      const { id, viewer } = await this.#create(await body(request), [this.#origin]);
      return json(response, 201, { id, viewer });
    }
    const ended = /^\/api\/sessions\/([^/]+)\/end$/.exec(url.pathname)?.[1];
    if (method === 'POST' && ended !== undefined) {
      const session_id = parseOr(SessionId, ended, 'The session id');
      return json(response, 200, await this.#gc.sessions.end({ session_id, reason: 'RMM: end' }));
    }
    throw new GcError('not_found');
  }

  /** The viewer on its own. The code rides in the fragment: no server ever sees it in a URL. */
  async #open(url: URL, response: ServerResponse): Promise<void> {
    const { viewer } = await this.#create(Object.fromEntries(url.searchParams), []);
    response.writeHead(302, { location: `${viewer.url}#code=${viewer.code}` }).end();
  }

  #create(wish: unknown, embedOrigins: string[]): Promise<CreatedSession> {
    const { mode, grants } = parseOr(Wish, wish, 'The wish for a session');
    return this.#gc.sessions.create({
      device_id: this.#config.deviceId,
      mode: mode ?? this.#config.mode ?? 'unattended',
      technician: TECHNICIAN,
      grants,
      embed_origins: embedOrigins,
      reason: REASON,
      // Each visit is a session of its own: a device has one open session with a reference.
      client_ref: `ticket-4711/${randomUUID()}`,
    });
  }

  #policy(): string {
    const gc = new URL(this.#config.apiUrl).origin;
    return `default-src 'self'; frame-src ${gc}; frame-ancestors 'none'; base-uri 'none'`;
  }
}

const json = (response: ServerResponse, status: number, value: unknown): void =>
  send(response, status, 'application/json', JSON.stringify(value));

function send(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, { 'content-type': type }).end(text);
}

async function body(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > MAX_BODY_BYTES) throw new GcError('payload_too_large');
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new GcError('invalid_json', undefined, { cause });
  }
}
