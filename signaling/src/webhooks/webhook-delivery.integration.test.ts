// One attempt over real sockets: where the connection goes, what TLS it asks for.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createHttpServer, type IncomingMessage } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterEach, expect, it } from 'vitest';
import type { Resolve } from './address-guard.ts';
import type { Attempt } from './retry-schedule.ts';
import { attemptDelivery, type DeliveryOptions } from './webhook-delivery.ts';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0).reverse()) close();
});

const listening = async (server: Server): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => server.close());
  return (server.address() as AddressInfo).port;
};
const attempt = (url: string, options: Partial<DeliveryOptions> = {}): Promise<Attempt> =>
  attemptDelivery(
    {
      url,
      body: '{}',
      headers: { 'webhook-id': 'dlv_1', 'webhook-timestamp': '1', 'webhook-signature': 'v1,x' },
    },
    { allowPrivate: true, timeoutMs: 3_000, signal: new AbortController().signal, ...options },
  );
/** A name server of our own: each answer only once, the last one for ever. */
const answering = (...answers: string[]): { resolve: Resolve; asked: string[] } => {
  const asked: string[] = [];
  const resolve: Resolve = async (hostname) => {
    const address = answers[Math.min(asked.length, answers.length - 1)] ?? '';
    asked.push(hostname);
    return [{ address, family: 4 }];
  };
  return { resolve, asked };
};

it('connects to the address that was judged, under the name it was given', async () => {
  const hosts: (string | undefined)[] = [];
  const port = await listening(
    createHttpServer((request: IncomingMessage, response) => {
      hosts.push(request.headers.host);
      response.writeHead(204).end();
    }),
  );
  // Whoever resolved it a second time would be sent elsewhere.
  const names = answering('127.0.0.1', '169.254.169.254');
  const url = `http://rmm.test:${port}/hook`;
  expect(await attempt(url, { resolve: names.resolve })).toMatchObject({ status: 204 });
  expect(names.asked).toEqual(['rmm.test']);
  expect(hosts).toEqual([`rmm.test:${port}`]);
  expect(await attempt(url, { resolve: names.resolve })).toEqual({ error: 'address_refused' });
});

it('sends nothing over TLS that nobody vouches for, and nothing under another name', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'gc-tls-'));
  closers.push(() => {
    rmSync(directory, { recursive: true });
  });
  const file = (name: string): string => join(directory, name);
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
      ...['-days', '2', '-subj', '/CN=rmm.test', '-addext', 'subjectAltName=DNS:rmm.test'],
      ...['-keyout', file('key.pem'), '-out', file('cert.pem')],
    ],
    { stdio: 'ignore' },
  );
  const cert = readFileSync(file('cert.pem'), 'utf8');
  let requests = 0;
  const server = createHttpsServer({ key: readFileSync(file('key.pem')), cert }, (_, response) => {
    requests += 1;
    response.writeHead(204).end();
  });
  const port = await listening(server);
  const { resolve } = answering('127.0.0.1');
  const url = `https://rmm.test:${port}/`;
  expect(await attempt(url, { resolve })).toEqual({ error: 'connection' });
  expect(requests).toBe(0);

  const trusted = getCACertificates('default');
  setDefaultCACertificates([...trusted, cert]);
  closers.push(() => {
    setDefaultCACertificates(trusted);
  });
  expect(await attempt(url, { resolve })).toMatchObject({ status: 204 });
  expect(await attempt(`https://other.test:${port}/`, { resolve })).toEqual({
    error: 'connection',
  });
  expect(requests).toBe(1);
});

it('takes a name that does not resolve, and one that takes for ever, for what they are', async () => {
  const never: Resolve = () => new Promise(() => undefined);
  const unknown: Resolve = async () => Promise.reject(new Error('ENOTFOUND'));
  const none: Resolve = async () => [];
  const url = 'http://rmm.test/';
  expect(await attempt(url, { resolve: never, timeoutMs: 50 })).toEqual({ error: 'timeout' });
  expect(await attempt(url, { resolve: unknown })).toEqual({ error: 'connection' });
  expect(await attempt(url, { resolve: none })).toEqual({ error: 'connection' });
});

it('that is broken off says so, and nothing of how it went', async () => {
  const stop = new AbortController();
  const port = await listening(
    createHttpServer(() => {
      stop.abort(new Error('stopping'));
    }),
  );
  await expect(attempt(`http://127.0.0.1:${port}/`, { signal: stop.signal })).rejects.toThrow(
    'stopping',
  );
});
