// The HTTP door of signaling: every route with bodies, paths, queries and headers that are nearly
// right; and below it bytes that are no HTTP at all.
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { API_BASE, ROUTES, type Route } from '@guruconnect/contract/http/v1/routes';
import type { World } from '../../trust/world.ts';
import type { Boundary } from '../boundary.ts';
import type { Random } from '../random.ts';
import { spoilText, spoilValue } from '../spoil.ts';
import { WellFormed, type Known } from '../well-formed.ts';

/** Events are waited for by some routes: who asks gives up. */
const GIVE_UP_MS = 3_000;
const AT_ONCE = 24;
const QUERY_VALUES = ['0', '1', '-1', '', '1e9', 'NaN', 'true', 'x'.repeat(300), '%', '\u0000'];
const HEADERS: readonly (readonly [string, readonly string[]])[] = [
  ['content-type', ['text/plain', 'application/json; charset=utf-7', 'application/json;', '']],
  ['content-encoding', ['gzip', 'br', 'x']],
  ['transfer-encoding', ['chunked']],
  ['authorization', ['Bearer ', 'Bearer gci_x', 'Basic eDp4', 'Bearer '.repeat(900)]],
  ['idempotency-key', ['', 'a', 'x'.repeat(4000)]],
  ['origin', ['null', 'https://evil.example', 'x']],
  ['x-forwarded-for', ['', '::1', '10.0.0.1, 10.0.0.2', 'x,'.repeat(500)]],
  ['if-none-match', ['*', '"', '"x", W/"y"']],
  ['range', ['bytes=0-', 'bytes=5-1', 'bytes=-0', 'lines=1-2', 'bytes=0-0,1-1,2-2']],
  ['accept', ['text/event-stream', '*/*;q=x']],
  ['last-event-id', ['x', '-1', '99999999999']],
  ['cookie', ['a=b; '.repeat(200)]],
];

type Made = {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: Buffer | undefined;
};

export const HTTP: Boundary = {
  name: 'HTTP',
  perThousand: 90,
  atOnce: AT_ONCE,
  open: async (world) => {
    const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
    const routes = (Object.values(ROUTES) as Route[])
      // Ending the session that others are fuzzed on is no malformed request.
      .filter(({ path }) => !path.endsWith('/end') && !path.endsWith('/remove'))
      .map((route) => ({ route, body: route.body && new WellFormed(route.body) }));
    const known: Known = {
      session_id: [world.viewer.sessionId, world.otherViewer.sessionId],
      device_id: ['device-1', 'device-2', 'device-7'],
      wait_for_agent_s: [5],
      viewer_id: [world.viewer.viewerId],
      platform: ['linux-x64'],
      version: ['1.0.0'],
      url: ['https://127.0.0.1/hook', 'http://169.254.169.254/'],
    };
    return {
      send: (random) =>
        random.chance(0.03)
          ? raw(world, random)
          : exchange(world, agent, make(world, routes, known, random)),
      close: () => agent.destroy(),
    };
  },
};

function make(
  world: World,
  routes: readonly { route: Route; body: WellFormed | undefined }[],
  known: Known,
  random: Random,
): Made {
  const { route, body } = random.pick(routes);
  let path =
    API_BASE +
    route.path.replaceAll(/\{(\w+)\}/g, (_all, name: string) => {
      const good = String(random.pick(known[name] ?? ['x']));
      return random.chance(0.3) ? encodeURIComponent(spoilText(good, random).toWellFormed()) : good;
    });
  if (random.chance(0.05)) path = spoilText(path, random).replaceAll(/[^\x21-\x7e]/g, '') || '/';
  if (random.chance(0.3)) {
    const name = random.pick([
      'after',
      'limit',
      'wait_s',
      'cursor',
      'state',
      'online',
      '__proto__',
    ]);
    path += `?${name}=${encodeURIComponent(random.pick(QUERY_VALUES))}`;
  }
  const headers: Record<string, string> = {
    ...world.address(),
    authorization: `Bearer ${world.keys[0]}`,
    ...(random.chance(0.3) ? { origin: world.stack.baseUrl } : {}),
  };
  let text: Buffer | undefined;
  if (route.method === 'POST') {
    headers['content-type'] = 'application/json';
    const value = body?.make(random, known) ?? {};
    text = Buffer.from(
      JSON.stringify(random.chance(0.8) ? spoilValue(value, random) : value) ?? '',
    );
    if (random.chance(0.1)) text = Buffer.from(spoilText(text.toString(), random));
    if (random.chance(0.01)) text = Buffer.alloc(80_000, 0x5b);
  }
  if (random.chance(0.25)) {
    const [name, values] = random.pick(HEADERS);
    headers[name] = random.pick(values);
  }
  const method = random.chance(0.05)
    ? random.pick(['PUT', 'PATCH', 'OPTIONS', 'HEAD', 'DELETE', 'TRACE'])
    : route.method;
  return { method, path: path.startsWith('/') ? path : `/${path}`, headers, body: text };
}

/** 500 says "GuruConnect made a mistake": whatever was sent, that is the finding. */
function exchange(world: World, agent: Agent, made: Made): Promise<string | undefined> {
  const { method, path, headers, body } = made;
  return new Promise((resolve) => {
    const outgoing = request(world.stack.baseUrl + path, { method, headers, agent }, (response) => {
      response.resume();
      response.on('close', () => {
        resolve(response.statusCode === 500 ? `${method} ${path} was answered 500` : undefined);
      });
    });
    outgoing.setTimeout(GIVE_UP_MS, () => outgoing.destroy());
    // Refused before it was read whole, or given up.
    outgoing.on('error', () => {
      resolve(undefined);
    });
    outgoing.on('close', () => {
      resolve(undefined);
    });
    outgoing.end(body);
  });
}

const RAW = [
  'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
  'GET /livez HTTP/9.9\r\n\r\n',
  'POST /api/integration/v1/sessions HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13\r\n\r\n',
  'GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET /viewer/ses_x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  '\u0016\u0003\u0001\u0002\u0000\u0001\u0000',
] as const;

/** Bytes straight onto the socket. */
function raw(world: World, random: Random): Promise<string | undefined> {
  const text = random.pick(RAW);
  const bytes = random.chance(0.3) ? text : spoilText(text, random);
  return new Promise((resolve) => {
    const { hostname, port } = new URL(world.stack.baseUrl);
    const socket = connect({ host: hostname, port: Number(port) });
    let heard = '';
    socket.setTimeout(300, () => socket.destroy());
    socket.on('data', (chunk) => (heard += chunk.toString('latin1')));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      resolve(heard.startsWith('HTTP/1.1 500') ? 'raw bytes were answered 500' : undefined);
    });
    socket.end(bytes, 'latin1');
  });
}
