// The example RMM's web server: its dashboard, the dashboard's own API and the door for webhooks. It
// has no sign-in, so it listens on loopback only and answers only its own pages; a real RMM decides
// here who may open which device.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GcError } from '@guruconnect/contract/errors';
import { HelpDesk, type DeskConfig } from './help-desk.ts';
import { loadPage, type PageFile } from './page-files.ts';
import { problemPage } from './problem-page.ts';

export type RmmConfig = DeskConfig & {
  /** 0: any free one. */
  readonly port: number;
};

export type RunningRmm = {
  /** The dashboard; it starts a session by itself. */
  readonly url: string;
  /** Opens the viewer on its own: every visit pre-creates a fresh session. */
  readonly openUrl: string;
  close(): Promise<void>;
};

const HOOK_PATH = '/hooks/guruconnect';
/** A delivery holds one event; the largest tells of monitors. */
const MAX_BODY_BYTES = 64 * 1024;

export async function startRmm(config: RmmConfig): Promise<RunningRmm> {
  const server = createServer();
  server.listen(config.port, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const desk = new HelpDesk(config);
  const guruConnect = new URL(config.apiUrl).origin;
  const rmm = new Rmm(desk, origin, guruConnect, await loadPage(guruConnect));
  server.on('request', (request, response) => void rmm.answer(request, response));
  await desk.webhooks.subscribe(`${origin}${HOOK_PATH}`);
  return {
    url: `${origin}/?autostart=1`,
    openUrl: `${origin}/open`,
    close: async () => {
      if (!server.listening) return;
      server.close();
      await desk.webhooks.close();
      server.closeAllConnections();
      if (server.listening) await once(server, 'close');
    },
  };
}

class Rmm {
  readonly #desk: HelpDesk;
  readonly #origin: string;
  readonly #policy: string;
  readonly #page: ReadonlyMap<string, PageFile>;

  constructor(
    desk: HelpDesk,
    origin: string,
    guruConnect: string,
    page: ReadonlyMap<string, PageFile>,
  ) {
    this.#desk = desk;
    this.#origin = origin;
    this.#page = page;
    // Of GuruConnect a page needs two things: to load the element, and to frame the viewer.
    this.#policy = `default-src 'self'; script-src 'self' ${guruConnect}; frame-src ${guruConnect}; frame-ancestors 'none'; base-uri 'none'`;
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
      if (request.method === 'POST' || url.pathname.startsWith('/api/'))
        send(response, error.status, 'application/problem+json', JSON.stringify(error.toProblem()));
      else send(response, error.status, 'text/html; charset=utf-8', problemPage(error));
    }
  }

  async #route(request: IncomingMessage, url: URL, response: ServerResponse): Promise<void> {
    const { method = '', headers } = request;
    const route = `${method} ${url.pathname.replace(/\/ses_[^/]+/, '/{id}')}`;
    const sessionId = /\/(ses_[^/]+)/.exec(url.pathname)?.[1] ?? '';

    // GuruConnect, not one of our pages: its signature is its proof.
    if (route === `POST ${HOOK_PATH}`) {
      this.#desk.webhooks.take(headers, await read(request));
      response.writeHead(204).end();
      return;
    }
    // Another name for this address would be another origin, which GuruConnect does not let frame.
    if (headers.host !== new URL(this.#origin).host) {
      response.writeHead(307, { location: `${this.#origin}${url.pathname}${url.search}` }).end();
      return;
    }
    if (method === 'POST' && headers.origin !== this.#origin)
      throw new GcError('origin_not_allowed', 'Only the pages of this RMM may do that');

    switch (route) {
      case 'GET /open': {
        // The code rides in the fragment: no server ever sees it in a URL.
        const { viewer } = await this.#desk.begin(Object.fromEntries(url.searchParams), []);
        response.writeHead(302, { location: `${viewer.url}#code=${viewer.code}` }).end();
        return;
      }
      case 'GET /api/machines':
        return json(response, 200, await this.#desk.machines());
      case 'POST /api/sessions': {
        const { id, viewer } = await this.#desk.begin(await readJson(request), [this.#origin]);
        return json(response, 201, { id, viewer });
      }
      case 'GET /api/sessions/{id}':
        return json(response, 200, await this.#desk.story(sessionId));
      case 'POST /api/sessions/{id}/end':
        await this.#desk.end(sessionId);
        return json(response, 200, {});
    }
    const file = method === 'GET' ? this.#page.get(url.pathname) : undefined;
    if (!file) throw new GcError('not_found');
    response.setHeader('content-security-policy', this.#policy);
    send(response, 200, file.type, file.body);
  }
}

const json = (response: ServerResponse, status: number, value: unknown): void =>
  send(response, status, 'application/json', JSON.stringify(value));

function send(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, { 'content-type': type }).end(text);
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw new GcError('payload_too_large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  try {
    return JSON.parse(await read(request)) as unknown;
  } catch (cause) {
    if (cause instanceof GcError) throw cause;
    throw new GcError('invalid_json', undefined, { cause });
  }
}
