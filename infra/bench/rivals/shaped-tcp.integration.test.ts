// The line measured over real sockets: it may not be kinder to a rival than to us, nor harder.
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { bothWays } from '../../shaper/link.ts';
import { ShapedTcp } from './shaped-tcp.ts';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0).reverse()) close();
});

it('answers after one round trip, and then carries its rate, every byte in order', async () => {
  const payload = Buffer.from(Uint32Array.from({ length: 100_000 }, (_, i) => i).buffer);
  const server = createServer((socket) => {
    socket.once('data', () => socket.end(payload));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => server.close());
  const shaped = new ShapedTcp(bothWays({ bps: 8e6, delayMs: 20 }));
  closers.push(() => shaped.close());

  const port = await shaped.reach((server.address() as AddressInfo).port);
  const client = connect({ port, host: '127.0.0.1' });
  closers.push(() => client.destroy());
  await once(client, 'connect');
  const askedAtMs = performance.now();
  client.write('?');
  const parts: Buffer[] = [];
  let firstAtMs = 0;
  client.on('data', (part: Buffer) => {
    firstAtMs ||= performance.now();
    parts.push(part);
  });
  await once(client, 'end');
  const tookMs = performance.now() - askedAtMs;

  expect(Buffer.concat(parts).equals(payload)).toBe(true);
  expect(firstAtMs - askedAtMs).toBeGreaterThanOrEqual(40);
  // 400 000 bytes at 8 Mbit/s
  expect(tookMs).toBeGreaterThanOrEqual(440);
  expect(tookMs).toBeLessThan(900);
});
