// A receiver of webhooks as an integrator has one: a real HTTP server that remembers what came,
// checks both signatures, and answers as it is told to.
import { createPublicKey, verify } from 'node:crypto';
import {
  createServer,
  type IncomingHttpHeaders,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook as StandardWebhook } from 'standardwebhooks';
import type { WebhookBody } from '@guruconnect/contract/http/v1/webhooks';
import { JournalEvent } from '@guruconnect/contract/journal';

export type Received = {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly body: WebhookBody;
};

/** Answers one request; 204 when it does nothing. May take its time. */
export type Answering = (received: Received, response: ServerResponse) => void | Promise<void>;

const FIRST_PORT = 17_100;
const PORTS = 100;
let nextPort = Math.floor(Math.random() * PORTS);

export class WebhookReceiver {
  readonly received: Received[] = [];
  answering: Answering = () => undefined;
  #server: Server | undefined;
  #port = 0;

  static async start(answering?: Answering): Promise<WebhookReceiver> {
    const receiver = new WebhookReceiver();
    if (answering) receiver.answering = answering;
    for (let tries = 0; ; tries += 1) {
      receiver.#port = FIRST_PORT + (nextPort++ % PORTS);
      try {
        await receiver.up();
        return receiver;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || tries > PORTS) throw error;
      }
    }
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/hook`;
  }

  get port(): number {
    return this.#port;
  }

  /** What came about a session, as seqs in their order. */
  seqs(sessionId: string): number[] {
    return this.events.filter(({ session_id }) => session_id === sessionId).map(({ seq }) => seq);
  }

  get events(): JournalEvent[] {
    return this.received
      .filter(({ body }) => body.type !== 'webhook.test')
      .map(({ body }) => JournalEvent.parse(body.data));
  }

  /** Listens, again on the same port after `down`. */
  async up(): Promise<void> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        const received: Received = {
          id: String(request.headers['webhook-id']),
          method: request.method ?? '',
          path: request.url ?? '',
          headers: request.headers,
          text,
          body: JSON.parse(text) as WebhookBody,
        };
        this.received.push(received);
        const answer = (status: number): void => {
          if (!response.headersSent && !response.destroyed) response.writeHead(status).end();
        };
        // A handler that fails (the server it asks is just being stopped) has not taken it.
        void Promise.resolve(this.answering(received, response)).then(
          () => {
            answer(204);
          },
          () => {
            answer(500);
          },
        );
      });
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#port, '127.0.0.1', resolve);
    });
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  async down(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (!server) return;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

const signatureHeaders = ({ headers }: Received): Record<string, string> => ({
  'webhook-id': String(headers['webhook-id']),
  'webhook-timestamp': String(headers['webhook-timestamp']),
  'webhook-signature': String(headers['webhook-signature']),
});

/** By somebody else's code. */
export function isSignedWith(received: Received, whsec: string): boolean {
  try {
    new StandardWebhook(whsec).verify(received.text, signatureHeaders(received));
    return true;
  } catch {
    // its one error for everything that does not fit
    return false;
  }
}

/** As RFC 8410 writes an Ed25519 public key, before its 32 bytes. */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

/** With the public key alone. */
export function isSignedBy(received: Received, whpk: string): boolean {
  const raw = Buffer.from(whpk.replace('whpk_', ''), 'base64');
  const key = createPublicKey({
    key: Buffer.concat([SPKI_PREFIX, raw]),
    format: 'der',
    type: 'spki',
  });
  const headers = signatureHeaders(received);
  const content = Buffer.from(
    `${headers['webhook-id']}.${headers['webhook-timestamp']}.${received.text}`,
  );
  return String(headers['webhook-signature'])
    .split(' ')
    .filter((part) => part.startsWith('v1a,'))
    .some((part) => verify(null, content, key, Buffer.from(part.slice(4), 'base64')));
}
