// A closed loop of requests over a few kept connections, as a process of its own, so that what is
// measured shares no event loop with what measures. It writes HTTP/1.1 by hand: a client library
// costs more per request than the server that is to be measured. Started by load-process.ts.
import { connect, type Socket } from 'node:net';
import { z } from 'zod';
import { figures } from '../figures.ts';

export const Load = z.object({
  url: z.url(),
  method: z.enum(['GET', 'POST']),
  headers: z.record(z.string(), z.string()),
  /** `{n}` in path, headers and body becomes the number of the request. */
  body: z.string().optional(),
  /** Number of the first request. */
  from: z.number().int(),
  requests: z.number().int().positive(),
  connections: z.number().int().positive(),
  status: z.number().int(),
});
export type Load = z.output<typeof Load>;

export const LoadResult = z.object({
  requests_per_s: z.number(),
  /** Milliseconds of one request. */
  ms: z.object({
    n: z.number(),
    p50: z.number(),
    p95: z.number(),
    min: z.number(),
    max: z.number(),
  }),
});
export type LoadResult = z.output<typeof LoadResult>;

const END_OF_HEAD = '\r\n\r\n';

/** @throws Error for the first answer of another status, with its head. */
export async function run(load: Load): Promise<LoadResult> {
  const latencies: number[] = [];
  let next = load.from;
  const end = load.from + load.requests;
  const takeNumber = (): number | undefined => (next < end ? next++ : undefined);
  const startedMs = performance.now();
  await Promise.all(
    Array.from({ length: load.connections }, () => oneConnection(load, takeNumber, latencies)),
  );
  const seconds = (performance.now() - startedMs) / 1000;
  return { requests_per_s: Math.round(latencies.length / seconds), ms: figures(latencies) };
}

function oneConnection(
  load: Load,
  takeNumber: () => number | undefined,
  latencies: number[],
): Promise<void> {
  const { hostname, port } = new URL(load.url);
  const socket = connect(Number(port), hostname);
  socket.setNoDelay(true);
  return new Promise((resolve, reject) => {
    let sentMs = 0;
    let received = '';
    const send = (): void => {
      const number = takeNumber();
      if (number === undefined) {
        socket.end();
        resolve();
        return;
      }
      received = '';
      sentMs = performance.now();
      writeRequest(socket, load, number);
    };
    socket.setEncoding('latin1').on('data', (chunk) => {
      received += String(chunk);
      if (!isWhole(received)) return;
      latencies.push(performance.now() - sentMs);
      if (received.startsWith(`HTTP/1.1 ${load.status} `)) send();
      else reject(new Error(`expected ${load.status}, got ${received.slice(0, 800)}`));
    });
    socket.once('error', reject);
    socket.once('close', () => {
      reject(new Error('the server closed the connection'));
    });
    socket.once('connect', send);
  });
}

function writeRequest(socket: Socket, load: Load, number: number): void {
  const filled = (text: string): string => text.replaceAll('{n}', String(number));
  const { host, pathname, search } = new URL(load.url);
  const body = load.body === undefined ? '' : filled(load.body);
  const headers = {
    host,
    ...load.headers,
    ...(body === ''
      ? {}
      : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) }),
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${filled(value)}\r\n`);
  socket.write(`${load.method} ${pathname}${search} HTTP/1.1\r\n${lines.join('')}\r\n${body}`);
}

/** Our servers send a Content-Length with everything that is asked for here. */
function isWhole(received: string): boolean {
  const head = received.indexOf(END_OF_HEAD);
  if (head < 0) return false;
  const length = /\r\ncontent-length: (\d+)/i.exec(received.slice(0, head + 2))?.[1];
  return received.length >= head + END_OF_HEAD.length + Number(length ?? 0);
}

if (import.meta.main)
  process.on('message', (message) => {
    run(Load.parse(message)).then(
      (result) => process.send?.({ result }),
      (error: unknown) => process.send?.({ error: String(error) }),
    );
  });
if (import.meta.main) process.send?.({ ready: true });
