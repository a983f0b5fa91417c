// Against real sockets: a reader that stops reading must not make us hold what it does not take.
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import express from 'express';
import { afterEach, expect, it } from 'vitest';
import { until } from '../../test/until.ts';
import { EventStream, type EventStreamTimings } from './event-stream.ts';

let server: Server | undefined;
let socket: Socket | undefined;
afterEach(async () => {
  socket?.destroy();
  server?.closeAllConnections();
  await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
});

async function streaming(
  timings: EventStreamTimings,
  work: (stream: EventStream) => Promise<void>,
): Promise<{ gone: () => boolean; socket: Socket }> {
  let isGone = false;
  const app = express();
  app.get('/', async (_request, response) => {
    await work(
      new EventStream(
        response,
        () => {
          isGone = true;
        },
        timings,
      ),
    );
  });
  const http = createServer(app);
  server = http;
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  socket = connect((http.address() as AddressInfo).port, '127.0.0.1');
  socket.on('error', () => {
    // cut by the other end
  });
  socket.write('GET / HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n');
  return { gone: () => isGone, socket };
}

const LARGE = 'x'.repeat(64 * 1024);

it('writes no more than the other end takes, and cuts one that takes nothing', async () => {
  let sent = 0;
  const { gone, socket: reader } = await streaming(
    { keepAliveMs: 60_000, stalledMs: 300 },
    async (stream) => {
      while (stream.isOpen && sent < 2_000) {
        await stream.send(sent, LARGE);
        sent += 1;
      }
    },
  );
  reader.pause();
  await until('the stalled reader to be cut', gone);
  // The kernel's buffers take some megabytes; 2000 of these would be 128 MiB.
  expect(sent).toBeLessThan(500);
});

it('shows that it lives while nothing happens, and ends when it is told to', async () => {
  let stream: EventStream | undefined;
  const { gone, socket: reader } = await streaming(
    { keepAliveMs: 20, stalledMs: 1_000 },
    async (opened) => {
      stream = opened;
    },
  );
  let text = '';
  reader.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  await until('two comments', () => text.split(': still here').length > 2);
  expect(text).toContain('retry: ');
  stream?.end();
  await until('the end', gone);
  stream?.end();
  await stream?.send(1, 'nobody hears this');
});
