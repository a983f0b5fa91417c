// A server that breaks one promise: it hands everything to the real one and changes one thing on the
// way in or out.
import { randomInt } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Passing = {
  readonly method: string;
  /** With its query. */
  url: string;
  headers: Record<string, string>;
  body: string;
};
export type Passed = {
  status: number;
  headers: Record<string, string>;
  body: string;
};
export type Flaw = {
  /** Changes what the real server is asked. */
  readonly request?: (request: Passing) => void;
  /** Changes what it answered. */
  readonly answer?: (answer: Passed, request: Readonly<Passing>) => void;
};

/** Set by whoever sends the changed body. */
const OWN = new Set(['connection', 'content-length', 'host', 'keep-alive', 'transfer-encoding']);

export class BreakingProxy {
  readonly url: string;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async start(target: string, flaw: Flaw): Promise<BreakingProxy> {
    // An address of its own, as somebody else's proxy has: rate limits go by it.
    const address = `10.${randomInt(256)}.${randomInt(256)}.${randomInt(256)}`;
    const server = createServer((incoming, outgoing) => {
      const pass = async (): Promise<void> => {
        const chunks: Buffer[] = [];
        for await (const chunk of incoming) chunks.push(chunk as Buffer);
        const request: Passing = {
          method: incoming.method ?? 'GET',
          url: incoming.url ?? '/',
          headers: {
            ...plain(Object.entries(incoming.headers)),
            'x-forwarded-for': address,
          },
          body: Buffer.concat(chunks).toString(),
        };
        flaw.request?.(request);
        const { method, url, headers, body } = request;
        const response = await fetch(target + url, {
          method,
          headers,
          redirect: 'manual',
          ...(body === '' ? {} : { body }),
        });
        const answer: Passed = {
          status: response.status,
          headers: plain([...response.headers]),
          body: await response.text(),
        };
        flaw.answer?.(answer, request);
        outgoing.writeHead(answer.status, answer.headers).end(answer.body);
      };
      pass().catch((error: unknown) => outgoing.destroy(error as Error));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new BreakingProxy(server);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

const plain = (headers: [string, string | string[] | undefined][]): Record<string, string> =>
  Object.fromEntries(
    headers.flatMap(([name, value]) =>
      value === undefined || OWN.has(name) ? [] : [[name, String(value)]],
    ),
  );
