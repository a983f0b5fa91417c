// The agent as a process: what it tells whoever starts it, and how it ends.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestNode, type TestNode } from '../../sfu/test/start-test-node.ts';
import { EXIT_CODES } from '../src/exit-codes.ts';
import { until } from './deadline.ts';
import { FakeSignaling } from './fake-signaling.ts';

const ENTRY = new URL('../src/main.ts', import.meta.url).pathname;
const SECRET_TOKEN = 'gce_a-canary-that-is-never-logged';

let node: TestNode;
let signaling: FakeSignaling;
let stateDir: string;
let child: ChildProcess | undefined;
let output = '';

beforeAll(async () => {
  node = await startTestNode({ ports: { from: 16_950, to: 16_999 } });
});
afterAll(() => node?.close());
beforeEach(async () => {
  stateDir = mkdtempSync(join(tmpdir(), 'gc-agent-'));
  signaling = await FakeSignaling.start(await node.connect());
  output = '';
});
afterEach(async () => {
  if (child && child.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  await signaling.stop();
  rmSync(stateDir, { recursive: true, force: true });
});

function start(env: Record<string, string> = {}): ChildProcess {
  const started = spawn(process.execPath, [ENTRY], {
    env: {
      PATH: process.env['PATH'] ?? '',
      GC_SIGNALING_URL: signaling.url,
      GC_DEVICE_ID: 'pc-1',
      GC_ENROLMENT_TOKEN: signaling.token,
      GC_STATE_DIR: stateDir,
      GC_PLATFORM: 'recording',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  for (const stream of [started.stdout, started.stderr])
    stream?.on('data', (text: Buffer) => (output += text.toString()));
  child = started;
  return started;
}

const exitOf = async (started: ChildProcess): Promise<number | null> => {
  if (started.exitCode === null) await once(started, 'exit');
  return started.exitCode;
};

describe('the process', () => {
  it('says when it is ready, connects, and ends in order when asked to', async () => {
    const started = start();
    const [message] = (await once(started, 'message')) as [unknown];
    expect(message).toEqual({ ready: true });
    await until('the link', () => signaling.connected);
    started.kill('SIGTERM');
    await expect(exitOf(started)).resolves.toBe(EXIT_CODES.stopped);
    for (const line of output.trim().split('\n'))
      expect(JSON.parse(line)).toMatchObject({ app: 'agent', time: expect.any(String) });
  });

  it('does not outlive whoever started it', async () => {
    const started = start();
    await once(started, 'message');
    started.disconnect();
    await expect(exitOf(started)).resolves.toBe(EXIT_CODES.stopped);
  });

  it('ends with a code of its own when its key was revoked', async () => {
    signaling.refusing = 'credential_revoked';
    await expect(exitOf(start())).resolves.toBe(EXIT_CODES.revoked);
  });

  it('ends with a code of its own without enrolment, and tells no token', async () => {
    const started = start({ GC_ENROLMENT_TOKEN: SECRET_TOKEN });
    await expect(exitOf(started)).resolves.toBe(EXIT_CODES.enrolment_refused);
    expect(output).toContain('mint a new enrolment token');
    expect(output).not.toContain(SECRET_TOKEN);
  });

  it('refuses an environment that does not fit before it does anything', async () => {
    const started = start({ GC_DEVICE_ID: 'not an id', GC_UNATTENDED: 'perhaps' });
    await expect(exitOf(started)).resolves.toBe(EXIT_CODES.bad_environment);
    expect(output).toMatch(/GC_DEVICE_ID[^]*GC_UNATTENDED/);
  });
});
