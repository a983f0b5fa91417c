// Whoever holds a connection without using it loses it, and whoever guesses is no longer heard.
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EnrolmentToken } from '@guruconnect/contract/http/v1/machines';
import { LIMITS } from '../src/limits.ts';
import { newMachineKey } from './fake-agent.ts';
import { Harness } from './harness.ts';
import { until } from './until.ts';

const HEADERS_MS = 400;
const REQUEST_MS = 800;
const IDLE_MS = 300;
const LOOK_MS = 50;
/** Beyond the limit itself: node:http looks in intervals, and adds a second to an idle connection. */
const SLACK_MS = 2_500;

let gc: Harness;
beforeAll(async () => {
  gc = await Harness.start({
    nodes: 0,
    timings: {
      headersMs: HEADERS_MS,
      requestMs: REQUEST_MS,
      idleMs: IDLE_MS,
      connectionsLookMs: LOOK_MS,
      helloMs: 5_000,
      pingIntervalMs: 200,
      pingTimeoutMs: 200,
    },
  });
});
afterAll(async () => {
  expect((await fetch(`${gc.url}/livez`)).status).toBe(200);
  await gc.close();
});

type Held = { readonly socket: Socket; heard: () => string; closed: () => boolean };

function hold(): Held {
  const { hostname, port } = new URL(gc.url);
  const socket = connect({ host: hostname, port: Number(port) });
  let heard = '';
  let closed = false;
  socket.on('data', (chunk) => (heard += chunk.toString('latin1')));
  socket.on('error', () => undefined);
  socket.on('close', () => (closed = true));
  return { socket, heard: () => heard, closed: () => closed };
}

/** One more byte every 50 ms, for ever. */
async function drip(held: Held, bytes: string): Promise<void> {
  for (const byte of bytes) {
    if (held.closed()) return;
    held.socket.write(byte);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe('a connection', () => {
  it('on which nothing is said is closed', async () => {
    const held = hold();
    await until('it to be closed', held.closed, HEADERS_MS + SLACK_MS);
  });

  it('whose headers come byte by byte is closed', async () => {
    const held = hold();
    void drip(held, `GET /livez HTTP/1.1\r\nHost: x\r\nX-Slow: ${'x'.repeat(200)}`);
    await until('it to be closed', held.closed, HEADERS_MS + SLACK_MS);
    expect(held.heard()).toContain('408');
  });

  it('whose body comes byte by byte is closed', async () => {
    const held = hold();
    held.socket.write(
      'POST /api/integration/v1/viewer/exchange HTTP/1.1\r\nHost: x\r\n' +
        'Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n',
    );
    void drip(held, 'x'.repeat(200));
    await until('it to be closed', held.closed, REQUEST_MS + SLACK_MS);
  });

  it('that is kept open after its answer is closed when no request follows', async () => {
    const held = hold();
    held.socket.write('GET /livez HTTP/1.1\r\nHost: x\r\n\r\n');
    await until('the answer', () => held.heard().includes('200 OK'));
    await until('it to be closed', held.closed, IDLE_MS + SLACK_MS);
  });

  it('whose headers are too large is refused', async () => {
    const held = hold();
    held.socket.write(`GET /livez HTTP/1.1\r\nHost: x\r\nX-Large: ${'x'.repeat(20_000)}\r\n\r\n`);
    await until('it to be closed', held.closed);
    expect(held.heard()).toContain('431');
  });

  it('that became a socket and answers no heartbeat is closed', async () => {
    const socket = new WebSocket(
      `${gc.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`,
    );
    const startMs = performance.now();
    await until('it to be closed', () => socket.readyState === WebSocket.CLOSED, 4_000);
    // By the heartbeat, not for want of a hello.
    expect(performance.now() - startMs).toBeLessThan(4_000);
  });
});

describe('guessing', () => {
  const from = (address: string) => ({
    key: null,
    headers: { 'x-forwarded-for': address, origin: gc.url },
  });
  const enrolFrom = async (address: string, token: string) =>
    gc.api(
      'POST',
      '/agent/enrol',
      { token, device_id: 'device-1', public_key: (await newMachineKey()).publicKey },
      from(address),
    );

  it('of enrolment tokens ends after a few tries, for that address only', async () => {
    const { body } = await gc.api<EnrolmentToken>('POST', '/enrolment-tokens', {
      device_id: 'device-1',
    });
    const guess = (i: number) => `gce_${'x'.repeat(40)}${i}`;
    for (let i = 0; i < LIMITS.failedCredentialsPerMinute; i += 1)
      expect((await enrolFrom('192.0.2.1', guess(i))).status).toBe(401);
    const refused = await enrolFrom('192.0.2.1', body.token);
    expect(refused).toMatchObject({ status: 429, body: { code: 'rate_limited' } });
    expect(refused.headers.get('retry-after')).not.toBeNull();
    expect((await enrolFrom('192.0.2.2', body.token)).status).toBe(201);
  });

  it('of integrator keys ends after a few tries, and never holds up a valid key', async () => {
    const ask = (key: string) =>
      gc.api('GET', '/sessions', undefined, {
        key,
        headers: { 'x-forwarded-for': '192.0.2.3' },
      });
    for (let i = 0; i < LIMITS.failedCredentialsPerMinute; i += 1)
      expect((await ask(`gci_${i}`)).status).toBe(401);
    expect((await ask('gci_x')).status).toBe(429);
    expect((await ask(gc.key)).status).toBe(200);
  });

  it('at the socket door ends after so many handshakes, for that address only', async () => {
    const knock = (address: string) =>
      new Promise<string>((resolve) => {
        const headers = { 'x-forwarded-for': address };
        // Node's WebSocket takes headers; the browser's type does not know that.
        const options = { headers } as unknown as string[];
        const url = `${gc.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`;
        const socket = new WebSocket(url, options);
        socket.onmessage = ({ data }) => {
          if (String(data).startsWith('0')) socket.send('40/agent,{"token":"x"}');
          const code = /"code":"(\w+)"/.exec(String(data))?.[1];
          if (code === undefined) return;
          socket.close();
          resolve(code);
        };
        socket.onerror = () => {
          resolve('closed');
        };
      });
    for (let i = 0; i < LIMITS.handshakesPerMinute; i += 20) {
      const codes = await Promise.all(Array.from({ length: 20 }, () => knock('192.0.2.4')));
      expect(new Set(codes)).toEqual(new Set(['unauthenticated']));
    }
    expect(await knock('192.0.2.4')).toBe('rate_limited');
    expect(await knock('192.0.2.5')).toBe('unauthenticated');
  }, 40_000);
});
