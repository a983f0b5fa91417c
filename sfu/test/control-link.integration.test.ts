// Who may connect to the control socket, how many, and what a lost link does (nothing).
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ASession } from './a-session.ts';
import { ControlClient, nodeToken } from './control-client.ts';
import { refusalOf } from './refusal-of.ts';
import { startTestNode, type TestNode } from './start-test-node.ts';

const CURRENT = 'the-current-cluster-secret-of-this-test';
const PREVIOUS = 'the-previous-cluster-secret-of-this-test';
let testNode: TestNode;

beforeAll(async () => {
  testNode = await startTestNode({ secret: `${CURRENT},${PREVIOUS}` });
});
afterAll(() => testNode.close());

const connectWith = (auth: object): Promise<ControlClient> =>
  ControlClient.connect(testNode.url, auth);
const refused = (auth: object): Promise<string> => refusalOf(connectWith(auth));

describe('the control socket', () => {
  it('takes a token of the current secret, and of the one before while rotating', async () => {
    for (const secret of [CURRENT, PREVIOUS]) {
      const client = await connectWith({ token: await nodeToken(secret) });
      expect((await client.ask('node.hello', { wire_version: 1 })).node_id).toBe(testNode.nodeId);
      client.close();
    }
  });

  it('refuses whatever is not a fresh token of this cluster for a media node', async () => {
    const nowS = Math.floor(Date.now() / 1000);
    const unsigned = [
      { alg: 'none', typ: 'gc-node+jwt' },
      { iss: 'x', aud: 'gc-media-node' },
    ]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
    const wrong = [
      {},
      { token: 1 },
      { token: '' },
      { token: 'x'.repeat(5000) },
      { token: `${unsigned}.` },
      { token: await nodeToken('another-secret-of-another-cluster') },
      { token: await nodeToken(CURRENT, { audience: 'gc-viewer' }) },
      { token: await nodeToken(CURRENT, { type: 'gc-viewer+jwt' }) },
      { token: await nodeToken(CURRENT, { nodeId: 'another-node' }) },
      { token: await nodeToken(CURRENT, { jti: 'short' }) },
      { token: await nodeToken(CURRENT, { issuedAtS: nowS + 3600 }) },
    ];
    for (const auth of wrong) expect(await refused(auth)).toBe('unauthenticated');
  });

  it('refuses an old token, also one that claims to live longer', async () => {
    const issuedAtS = Math.floor(Date.now() / 1000) - 200;
    for (const lifetimeS of [60, 86_400])
      expect(await refused({ token: await nodeToken(CURRENT, { issuedAtS, lifetimeS }) })).toBe(
        'credential_expired',
      );
  });

  it('takes each token once', async () => {
    const token = await nodeToken(CURRENT);
    const client = await connectWith({ token });
    expect(await refused({ token })).toBe('credential_replayed');
    client.close();
  });

  it('serves several signaling processes: each commands, all hear the notices', async () => {
    const [first, second] = [await testNode.connect(), await testNode.connect()];
    const session = await new ASession(first).openWithAgent();
    const same = new ASession(second, session.sessionId);
    const viewer = await same.openViewer();
    await session.publish(1);
    const { consumer_id } = await same.watch(viewer, 1);
    await session.ask('video.withdraw', { monitor_id: 1 });
    for (const client of [first, second])
      await client.notice('video.closed', (fact) => fact.consumer_id === consumer_id);
    await same.ask('session.close', { reason: 'test' });
  });

  it('a message above the limit ends that connection and nothing else', async () => {
    const [rude, polite] = [await testNode.connect(), await testNode.connect()];
    const session = await new ASession(polite).openWithAgent();
    rude.tell('session.close', { ...session.fence, reason: 'x'.repeat(300_000) });
    await rude.disconnected();
    expect(polite.connected).toBe(true);
    expect((await session.describe()).endpoints).toHaveLength(1);
    await session.ask('session.close', { reason: 'test' });
  });

  it('coming back, signaling finds everything as it left it', async () => {
    const before = await testNode.connect();
    const session = await new ASession(before).openWithAgent();
    const viewer = await session.openViewer();
    await session.publish(1);
    await session.watch(viewer, 1);
    await session.openActions(viewer);
    const described = await session.describe();
    before.close();
    await before.disconnected();

    const after = new ASession(await testNode.connect(), session.sessionId);
    expect(await after.describe()).toEqual(described);
    await after.ask('session.close', { reason: 'test' });
  });
});

describe('plain HTTP on the control port', () => {
  it('answers health and metrics, and nothing else', async () => {
    const get = (path: string, method = 'GET'): Promise<Response> =>
      fetch(`${testNode.url}${path}`, { method });
    expect(await (await get('/livez')).json()).toEqual({ status: 'live' });
    expect(await (await get('/readyz')).json()).toEqual({ status: 'ready' });
    const metrics = await (await get('/metrics')).text();
    expect(metrics).toContain('gc_media_node_objects{kind="workers"');
    expect(metrics).toContain('gc_media_node_load_ratio{dimension="egress"');
    expect(metrics).toContain('gc_media_node_command_seconds_count{');
    expect(await (await get('/nothing')).json()).toMatchObject({ code: 'not_found', status: 404 });
    expect(await (await get('/livez', 'POST')).json()).toMatchObject({ status: 405 });
    expect((await get('/__proto__')).status).toBe(404);
    expect((await get('/socket.io/?EIO=4&transport=polling')).status).toBe(400);
  });
});
