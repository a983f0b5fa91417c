// Whatever is sent to any door: a coded error, and the process lives. Table-driven over the routes
// and the conversations, so what is added to them is covered by being added.
import fc from 'fast-check';
import { io, type Socket } from 'socket.io-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ErrorCode, Problem, WireError } from '@guruconnect/contract/errors';
import { errorsOf } from '@guruconnect/contract/http/v1/route-errors';
import { ROUTES, type Route, type RouteName } from '@guruconnect/contract/http/v1/routes';
import { newId } from '@guruconnect/contract/ids';
import { AGENT_TO_SIGNALING } from '@guruconnect/contract/signal/agent-messages';
import { VIEWER_TO_SIGNALING } from '@guruconnect/contract/signal/viewer-messages';
import type { FakeAgent } from './fake-agent.ts';
import type { FakeViewer } from './fake-viewer.ts';
import { Harness } from './harness.ts';
import { until } from './until.ts';

let gc: Harness;
let agent: FakeAgent;
let viewer: FakeViewer;
let sessionId: string;
const faults: unknown[] = [];
const onFault = (fault: unknown): void => {
  faults.push(fault);
};

beforeAll(async () => {
  process.on('uncaughtException', onFault);
  process.on('unhandledRejection', onFault);
  gc = await Harness.start();
  const live = await gc.liveSession();
  agent = live.agent;
  sessionId = live.created.id;
  viewer = await gc.viewer(live.created);
  await viewer.watch();
});
afterAll(async () => {
  // The session that all of this was thrown at is as it was, and so is the server.
  expect((await gc.session(sessionId)).state).toBe('live');
  expect((await fetch(`${gc.url}/readyz`)).status).toBe(200);
  expect(faults).toEqual([]);
  expect(gc.badAnswers).toEqual([]);
  const failed = gc.log.filter((line) => line.includes('"level":"error"'));
  expect(failed).toEqual([]);
  await gc.close();
  process.off('uncaughtException', onFault);
  process.off('unhandledRejection', onFault);
});

const anything = fc.oneof(
  fc.anything({ maxDepth: 3, withNullPrototype: false }),
  fc.jsonValue({ maxDepth: 4 }),
  fc.constantFrom(
    null,
    {},
    [],
    '',
    { __proto__: null },
    { constructor: 1, toString: 2 },
    'x'.repeat(100_000),
    Number.MAX_VALUE,
    -0,
  ),
);

/** What can be sent as JSON at all. */
const jsonable = anything.filter((value) => {
  try {
    return JSON.stringify(value) !== undefined;
  } catch {
    return false;
  }
});

/** Nothing and dots are no part of a path: URLs with them are other URLs. */
const pathPart = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 60 })
  .filter((part) => part !== '.' && part !== '..');

describe('HTTP', () => {
  const paramOf: Record<string, () => string> = {
    session_id: () => sessionId,
    device_id: () => 'device-1',
    key_id: () => newId('mky'),
  };
  const routes = Object.entries(ROUTES) as [RouteName, Route][];

  it.each(routes)(
    '%s answers anything with a problem document or as its schema says',
    async (_, route) => {
      await fc.assert(
        fc.asyncProperty(
          jsonable,
          fc.option(pathPart, { freq: 2 }),
          fc.dictionary(fc.string({ maxLength: 8 }), fc.string({ maxLength: 8 }), { maxKeys: 3 }),
          async (body, parameter, query) => {
            // Ending the session or revoking its key is no malformed message.
            const path = route.path.replaceAll(/\{(\w+)\}/g, (_all, name: string) =>
              encodeURIComponent((parameter ?? paramOf[name]?.() ?? 'x').toWellFormed()),
            );
            if (route.path.endsWith('/end') && parameter === null) return;
            const search = new URLSearchParams(query).toString();
            const answer = await gc.api(
              route.method,
              `${path}${search ? `?${search}` : ''}`,
              route.method === 'GET' ? undefined : JSON.stringify(body),
            );
            if (answer.status === route.status) return;
            const problem = Problem.parse(answer.body);
            expect(errorsOf(route)).toContain(problem.code);
            expect(problem.code).not.toBe('internal');
            expect(answer.headers.get('content-type')).toContain('application/problem+json');
          },
        ),
        { numRuns: 60 },
      );
    },
    30_000,
  );
});

const CONVERSATIONS = [
  ['agent', AGENT_TO_SIGNALING, () => agent.socket],
  ['viewer', VIEWER_TO_SIGNALING, () => viewer.socket],
] as const;

/** Sends as a socket.io client does, with an acknowledgement; slowly enough for the rate limit. */
async function say(socket: Socket, name: string, args: unknown[]): Promise<unknown> {
  for (;;) {
    const ack: unknown = await socket.timeout(5_000).emitWithAck(name, ...args);
    const error = (ack as { error?: unknown }).error;
    const parsed = WireError.safeParse(error);
    if (!parsed.success || parsed.data.code !== 'rate_limited') return ack;
    await new Promise((resolve) => setTimeout(resolve, parsed.data.retry_after_ms ?? 20));
  }
}

function expectCodedOrDone(ack: unknown): void {
  const { ok, error } = ack as { ok: boolean; error?: unknown };
  if (ok) return;
  const { code } = WireError.parse(error);
  expect(ErrorCode.safeParse(code).success).toBe(true);
  expect(code).not.toBe('internal');
}

describe.each(CONVERSATIONS)('the %s socket', (_, conversation, socket) => {
  // These mean something when they are well-formed: the rest of the tests wants to live.
  const deeds = new Set(['session.end', 'media.lost']);
  const names = Object.keys(conversation).filter((name) => !deeds.has(name));

  it.each(names)(
    '%s takes anything',
    async (name) => {
      await fc.assert(
        fc.asyncProperty(jsonable, async (message) => {
          expectCodedOrDone(await say(socket(), name, [JSON.parse(JSON.stringify(message))]));
        }),
        { numRuns: 25 },
      );
    },
    60_000,
  );

  it('tells names outside the conversation that they are unknown', async () => {
    const strange = [
      'nope',
      'error',
      'message',
      'constructor',
      '__proto__',
      'toString',
      '',
      ' ',
      'x'.repeat(5000),
    ];
    for (const name of strange) {
      const ack = await say(socket(), name, [{}]);
      expect(ack).toMatchObject({ ok: false, error: { code: 'unknown_message' } });
    }
    expect(socket().connected).toBe(true);
  }, 20_000);

  it('takes no arguments, too many, binary ones, and none that could be acknowledged', async () => {
    for (const name of names) {
      expectCodedOrDone(await say(socket(), name, []));
      expectCodedOrDone(await say(socket(), name, [1, 2, 3]));
      expectCodedOrDone(await say(socket(), name, [Buffer.from([1, 2, 3])]));
      socket().emit(name);
      socket().emit(name, null, undefined, Buffer.alloc(3));
    }
    expect(socket().connected).toBe(true);
  }, 20_000);
});

describe('below the conversations', () => {
  const raw = (path = '/socket.io/?EIO=4&transport=websocket'): Promise<WebSocket> =>
    new Promise((resolve, reject) => {
      const socket = new WebSocket(gc.url.replace('http', 'ws') + path);
      socket.onopen = () => {
        resolve(socket);
      };
      socket.onerror = () => {
        reject(new Error('refused'));
      };
    });
  const closed = (socket: WebSocket): Promise<unknown> =>
    until(
      'the socket to be closed',
      () => socket.readyState === WebSocket.CLOSED || undefined,
      8_000,
    );

  it.each([
    ['nonsense', 'nonsense'],
    ['an event without a namespace', '42["x"]'],
    ['a broken packet', '4{{{{'],
    ['an event that is no array', '42{"a":1}'],
    ['a reserved name', '42/agent,["disconnect"]'],
    ['too many attachments', '45999999-/agent,["x",{"_placeholder":true,"num":0}]'],
    ['an unknown namespace', '40/admin,'],
    ['auth that is no object', '40/agent,"x"'],
    ['auth with nothing in it', '40/viewer,{}'],
    ['auth with objects for tokens', '40/agent,{"token":{"a":1}}'],
    ['auth with a very long token', `40/agent,{"token":"${'a.'.repeat(50_000)}"}`],
    ['auth that names a prototype', '40/agent,{"__proto__":{"token":"x"}}'],
  ])('%s leaves the server up', async (_, packet) => {
    const socket = await raw();
    socket.send(packet);
    socket.send(packet);
    socket.close();
    await closed(socket);
  });

  it('a message above the limit closes its socket and no other', async () => {
    const socket = await raw();
    socket.send('x'.repeat(300 * 1024));
    await closed(socket);
    expect(agent.connected).toBe(true);
  });

  it('a socket that joins no namespace is closed', async () => {
    const socket = await raw();
    await closed(socket);
  });

  it('a socket that says no hello is closed; before it only hello is heard', async () => {
    const mute = gc.agent(await gc.enrol('mute'));
    const socket = await mute.open();
    await expect(
      mute.ask('media.ready', { session_id: sessionId as never, epoch: 1 }),
    ).rejects.toMatchObject({ code: 'illegal_transition' });
    await until('it to be closed', () => !socket.connected);
  });

  it('a refused hello may be said again, a good one only once', async () => {
    const careless = gc.agent(await gc.enrol('careless'));
    const socket = await careless.open();
    expect(await say(socket, 'agent.hello', [{ wire_version: 'x' }])).toMatchObject({
      error: { code: 'invalid_request' },
    });
    await careless.sayHello();
    await expect(careless.sayHello()).rejects.toMatchObject({ code: 'illegal_transition' });
  });

  it('the default namespace is nobody’s', async () => {
    const socket = io(gc.url, { transports: ['websocket'], reconnection: false, forceNew: true });
    const error = await new Promise<Error & { data?: unknown }>((resolve) =>
      socket.once('connect_error', resolve),
    );
    expect(error.data).toMatchObject({ code: 'not_found' });
    socket.disconnect();
  });

  it('a flood is told to slow down, and then no longer listened to', async () => {
    const flooder = gc.agent(await gc.enrol('flooder'));
    await flooder.connect();
    const { socket } = flooder;
    const first = Array.from({ length: 300 }, () =>
      socket
        .timeout(5_000)
        .emitWithAck('nope')
        .catch(() => undefined),
    );
    const codes = (await Promise.all(first)).map(
      (ack) => (ack as { error: { code: string } }).error.code,
    );
    expect(codes).toContain('unknown_message');
    expect(codes).toContain('rate_limited');
    for (let i = 0; i < 1500; i += 1) socket.emit('nope');
    await until('it to be closed', () => !socket.connected);
  });

  it('polling is not spoken', async () => {
    const response = await fetch(`${gc.url}/socket.io/?EIO=4&transport=polling`);
    expect(response.status).toBe(400);
  });
});
