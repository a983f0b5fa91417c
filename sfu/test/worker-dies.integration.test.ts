// A media worker is a process that can end at any time. What was on it is told as lost, the node
// goes on, and a new worker takes its place.
import { readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { workerBin } from 'mediasoup';
import { afterEach, describe, expect, it } from 'vitest';
import { ASession } from './a-session.ts';
import { eventually } from './eventually.ts';
import { codeOf, refusalOf } from './refusal-of.ts';
import { startTestNode, type TestNode } from './start-test-node.ts';

let testNode: TestNode;
afterEach(() => testNode.close());

const ready = async (): Promise<number> => (await fetch(`${testNode.url}/readyz`)).status;

describe('a media worker that is killed', () => {
  it('loses its sessions, is replaced, and the next session works', async () => {
    testNode = await startTestNode();
    const control = await testNode.connect();
    const session = await new ASession(control).openWithAgent();
    const viewer = await session.openViewer();
    await session.publish(1);
    await session.watch(viewer, 1);
    const [pid = 0] = testNode.node.workerPids;

    process.kill(pid, 'SIGKILL');
    expect(await control.notice('sessions.lost')).toEqual({ sessions: [session.fence] });

    expect(await refusalOf(session.describe())).toBe('session_not_found');
    expect(await refusalOf(session.openViewer())).toBe('session_not_found');
    // The epoch is spent: nobody can mistake an empty new router for the one that was lost.
    expect(await refusalOf(session.ask('session.open', {}))).toBe('stale_epoch');
    expect(testNode.node.workerDeaths).toBe(1);

    await eventually('another worker', () => testNode.node.workerPids.length === 1);
    expect(testNode.node.workerPids).not.toContain(pid);
    expect(testNode.counts()).toEqual({
      workers: 1,
      routers: 0,
      transports: 0,
      producers: 0,
      consumers: 0,
      data_producers: 0,
      data_consumers: 0,
      server_transports: 0,
    });
    const next = await session.next().openWithAgent();
    const again = await next.openViewer();
    await next.publish(1);
    await next.watch(again, 1);
  });

  it('takes only its own sessions with it', async () => {
    testNode = await startTestNode({ workers: 2 });
    const control = await testNode.connect();
    const sessions = await Promise.all(
      Array.from({ length: 4 }, () => new ASession(control).openWithAgent()),
    );
    const [pid = 0, survivor] = testNode.node.workerPids;
    process.kill(pid, 'SIGKILL');
    const { sessions: lost } = await control.notice('sessions.lost');
    expect(lost).toHaveLength(2); // spread evenly
    const isLost = (session: ASession): boolean =>
      lost.some(({ session_id }) => session_id === session.sessionId);
    for (const session of sessions) {
      if (isLost(session)) expect(await refusalOf(session.describe())).toBe('session_not_found');
      else expect((await session.describe()).endpoints).toHaveLength(1);
    }
    expect(testNode.node.workerPids).toContain(survivor);
  });

  it('while commands are on their way to it: each gets a code, none hangs', async () => {
    testNode = await startTestNode();
    const control = await testNode.connect();
    const session = await new ASession(control).openWithAgent();
    const [pid = 0] = testNode.node.workerPids;
    const commands = Array.from({ length: 30 }, () =>
      session.ask('endpoint.open', { endpoint_id: 'agent', may_send_input: false }),
    );
    const opens = Array.from({ length: 30 }, () => new ASession(control).ask('session.open', {}));
    process.kill(pid, 'SIGKILL');
    const codes = await Promise.all([...commands, ...opens].map((c) => c.then(() => 'ok', codeOf)));
    expect(codes).toContain('media_failed');
    for (const code of codes) expect(['ok', 'media_failed', 'session_not_found']).toContain(code);
    await eventually('another worker', () => testNode.node.workerPids.length === 1);
    await new ASession(control).openWithAgent();
  });
});

describe('signals to the process', () => {
  it('are not mediasoup’s to act on: stopping is the order of the node', async () => {
    const listeners = (): number[] =>
      (['SIGTERM', 'SIGINT'] as const).map((signal) => process.listenerCount(signal));
    const before = listeners();
    testNode = await startTestNode({ workers: 2 });
    expect(listeners()).toEqual(before);
  });
});

describe('a media worker that hangs', () => {
  it('is killed and replaced', async () => {
    testNode = await startTestNode();
    const control = await testNode.connect();
    const session = await new ASession(control).openWithAgent();
    const [pid = 0] = testNode.node.workerPids;
    process.kill(pid, 'SIGSTOP');
    const { sessions } = await control.notice('sessions.lost', undefined, 15_000);
    expect(sessions).toEqual([session.fence]);
    await eventually('another worker', () => testNode.node.workerPids.length === 1);
    await new ASession(control).openWithAgent();
  });
});

describe('a media worker that cannot be started again', () => {
  it('leaves the node up and not ready, until it can', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'gc-sfu-'));
    const link = join(folder, 'worker');
    symlinkSync(workerBin, link);
    try {
      testNode = await startTestNode({ workerBin: link });
      const control = await testNode.connect();
      expect(await ready()).toBe(200);
      expect(readlinkSync(link)).toBe(workerBin);
      rmSync(link);
      process.kill(testNode.node.workerPids[0] ?? 0, 'SIGKILL');
      await eventually('the node is not ready', async () => (await ready()) === 503);
      expect(await refusalOf(new ASession(control).ask('session.open', {}))).toBe('media_failed');
      symlinkSync(workerBin, link);
      await eventually('the node is ready again', async () => (await ready()) === 200, 10_000);
      await new ASession(control).openWithAgent();
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
