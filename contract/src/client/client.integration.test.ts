import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBrowser } from '../../../infra/e2e/browser.ts';
import { moduleBundle } from '../../test/bundle.ts';
import { EXAMPLE_KEY, ExampleServer } from '../../test/example-server.ts';
import { GcError } from '../errors.ts';
import { ROUTE_EXAMPLES } from '../openapi/route-examples.ts';
import { ROUTES, type RouteName } from '../http/v1/routes.ts';
import { createClient, type Client } from './client.ts';

describe('the client over a real connection', () => {
  let server: ExampleServer;
  let gc: Client;
  beforeAll(async () => {
    server = await ExampleServer.start();
    gc = createClient({
      baseUrl: server.url,
      key: EXAMPLE_KEY,
      retry: { backoff: { firstMs: 1, maxMs: 1, factor: 1, jitter: 0 } },
    });
  });
  afterAll(() => server.close());

  const integratorRoutes = (Object.keys(ROUTES) as RouteName[]).filter(
    (name) => ROUTES[name].auth === 'integrator',
  );

  it.each(integratorRoutes)('%s is understood by a server that checks everything', async (name) => {
    server.play();
    const { params, query, body, response } = ROUTE_EXAMPLES[name];
    const [noun = '', verb = ''] = name
      .replace(/_(\w)/g, (_all, letter: string) => letter.toUpperCase())
      .split('.');
    const method = (
      gc as unknown as Record<string, Record<string, (r: object) => Promise<unknown>>>
    )[noun]?.[verb];
    await expect(method?.({ ...params, ...query, ...(body as object) })).resolves.toEqual(response);
    expect(server.seen).toHaveLength(1);
    expect(server.seen[0]).toMatchObject({ name, params: params ?? {} });
  });

  it('asks for capabilities a second time without getting them a second time', async () => {
    expect(await gc.capabilities()).toBe(await gc.capabilities());
  });

  it('repeats with the same key after an answer was lost', async () => {
    server.play((_seen, count) => {
      if (count < 3) throw new GcError('no_media_node', 'full', { retryAfterMs: 0 });
      return undefined;
    });
    await gc.sessions.create(ROUTE_EXAMPLES['sessions.create'].body as never);
    expect(server.seen).toHaveLength(3);
    expect(new Set(server.seen.map((seen) => seen.idempotencyKey)).size).toBe(1);
  });

  it('tells a wrong key as it is', async () => {
    const stranger = createClient({ baseUrl: server.url, key: 'wrong' });
    await expect(stranger.machines.list()).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  it('works in a browser as it is', async () => {
    server.play();
    const { browser, close } = await startBrowser();
    try {
      const page = await browser.newPage();
      await page.goto(`${server.url}/api/integration/v1/capabilities`);
      const code = await moduleBundle('src/client/client.ts');
      const state = await page.evaluate(
        `(async () => {
          const { createClient } = await import(URL.createObjectURL(new Blob([${JSON.stringify(code)}], { type: 'text/javascript' })));
          const gc = createClient({ baseUrl: location.origin, key: '${EXAMPLE_KEY}' });
          return (await gc.sessions.create(${JSON.stringify(ROUTE_EXAMPLES['sessions.create'].body)})).state;
        })()`,
      );
      expect(state).toBe('waiting_agent');
      expect(server.seen.at(-1)?.idempotencyKey).toBeTypeOf('string');
    } finally {
      await close();
    }
  });

  it('gives up on a server that accepts and never answers', async () => {
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    const client = createClient({
      baseUrl: `http://127.0.0.1:${port}`,
      key: EXAMPLE_KEY,
      timeoutMs: 50,
      retry: { retries: 0 },
    });
    await expect(client.machines.list()).rejects.toMatchObject({
      code: 'timeout',
      message: 'no answer from GuruConnect: none within 50 ms',
    });
    silent.closeAllConnections();
    await new Promise((resolve) => silent.close(resolve));
  });
});
