// The process as infra starts it: ready line, orderly end, faults told at once, nothing left over.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ASession } from './a-session.ts';
import { ControlClient, nodeToken } from './control-client.ts';
import { eventually } from './eventually.ts';
import { freePorts } from './free-ports.ts';
import { SFU_TEST_PORTS } from './start-test-node.ts';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const SECRET = 'the-cluster-secret-of-the-process-test';
const READY_TIMEOUT_MS = 15_000;

let child: ChildProcess | undefined;
let output = '';

afterEach(() => {
  if (child?.exitCode === null) child.kill('SIGKILL');
});

function start(environment: Record<string, string>): ChildProcess {
  output = '';
  const started = spawn(process.execPath, [MAIN], {
    env: {
      PATH: process.env['PATH'],
      MEDIASOUP_WORKER_BIN: process.env['MEDIASOUP_WORKER_BIN'],
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  for (const stream of [started.stdout, started.stderr])
    stream?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  child = started;
  return started;
}

async function startReady(): Promise<{ process: ChildProcess; url: string }> {
  const first = await freePorts(SFU_TEST_PORTS, 3);
  const started = start({
    GC_NODE_ID: 'node-under-test',
    GC_CLUSTER_SECRET: SECRET,
    GC_CONTROL_PORT: String(first + 2),
    GC_RTC_PORT: String(first),
    GC_WORKERS: '2',
  });
  const signal = AbortSignal.timeout(READY_TIMEOUT_MS);
  const [message] = await once(started, 'message', { signal });
  const { url } = z.object({ ready: z.literal(true), url: z.url() }).parse(message);
  return { process: started, url };
}

const workerPidsIn = (log: string): number[] =>
  [...log.matchAll(/"worker_pid":(\d+)/g)].map(([, pid]) => Number(pid));

/** Ended ones that nobody has waited for yet (state Z) hold nothing any more. */
function isRunning(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

describe('the media node process', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'on %s it tells what is lost, ends within 2 s with 0, and leaves no worker',
    async (signal) => {
      const { process: node, url } = await startReady();
      const control = await ControlClient.connect(url, { token: await nodeToken(SECRET) });
      const session = await new ASession(control).openWithAgent();
      const metrics = await (await fetch(`${url}/metrics`)).text();
      expect(metrics).toContain('process_resident_memory_bytes');
      expect(metrics).toContain('gc_media_node_sessions{node_id="node-under-test"} 1');
      const exited = once(node, 'exit');
      const startMs = performance.now();
      node.kill(signal);
      expect(await control.notice('sessions.lost')).toEqual({ sessions: [session.fence] });
      expect(await exited).toEqual([0, null]);
      expect(performance.now() - startMs).toBeLessThan(2000);
      await control.disconnected();
      const pids = workerPidsIn(output);
      expect(pids).toHaveLength(2);
      expect(pids.filter(isRunning)).toEqual([]);
    },
  );

  it('killed itself, its workers end too: none is left to hold the ports', async () => {
    const { process: node } = await startReady();
    const pids = workerPidsIn(output);
    const exited = once(node, 'exit');
    node.kill('SIGKILL');
    await exited;
    await eventually('the workers are gone', () => !pids.some(isRunning));
  });

  it('does not start on nonsense, names every fault at once, and prints no value', async () => {
    const node = start({
      GC_NODE_ID: 'Not A Name',
      GC_CLUSTER_SECRET: 'too-short-but-secret',
      GC_CONTROL_PORT: 'eighty',
      GC_RTC_HOST: '0.0.0.0',
    });
    expect(await once(node, 'exit')).toEqual([2, null]);
    for (const name of ['GC_NODE_ID', 'GC_CLUSTER_SECRET', 'GC_CONTROL_PORT'])
      expect(output).toContain(name);
    expect(output).not.toContain('too-short-but-secret');
  });

  it('without a media worker it says which one it looked for and ends with 1', async () => {
    const first = await freePorts(SFU_TEST_PORTS, 2);
    const node = start({
      GC_NODE_ID: 'node-under-test',
      GC_CLUSTER_SECRET: SECRET,
      GC_CONTROL_PORT: String(first + 1),
      GC_RTC_PORT: String(first),
      GC_WORKERS: '1',
      MEDIASOUP_WORKER_BIN: '/nowhere/mediasoup-worker',
    });
    expect(await once(node, 'exit')).toEqual([1, null]);
    expect(output).toContain('/nowhere/mediasoup-worker');
    expect(output).not.toContain(SECRET);
  });
});
