// Processes die; a running session goes on. Nobody reloads anything.
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openScene, type OpenScene } from '../bench/scenes/open-scene.ts';
import { until } from '../stack/until.ts';
import { Product } from './product.ts';
import type { ViewerPage } from './viewer-page.ts';

let product: Product;
let viewer: ViewerPage;
let sessionId: string;
let moving: OpenScene;

beforeAll(async () => {
  product = await Product.start({ apps: false });
  moving = await openScene(product.desktop.display, { width: 1280, height: 720 }, 'video');
  const session = await product.session();
  sessionId = session.id;
  viewer = await product.view(session.viewer);
  await viewer.picture();
});
afterAll(async () => {
  moving.close();
  await product.close();
});

const clickLands = async (at: { x: number; y: number }): Promise<void> => {
  await until(`a click at ${at.x},${at.y}`, async () => {
    await viewer.click(at);
    const { x, y } = await product.x.pointer();
    return x === at.x && y === at.y;
  });
};

const live = () =>
  until(
    'the session to be live',
    async () =>
      (await product.stack.contract.sessions.read({ session_id: sessionId })).state === 'live',
    30_000,
  );

describe('a running session', () => {
  it('keeps picture and input while signaling is killed and comes back', async () => {
    const signaling = product.stack.process('signaling');
    signaling.kill('SIGKILL');
    await signaling.exited;
    expect(await viewer.frames(1000)).toBeGreaterThan(5);
    await clickLands({ x: 640, y: 600 });
    await product.stack.startProcess('signaling');
    await product.stack.agentOnline();
    await live();
    expect(await viewer.frames(1000)).toBeGreaterThan(5);
    await clickLands({ x: 600, y: 610 });
    expect((await product.stack.contract.sessions.read({ session_id: sessionId })).epoch).toBe(1);
  });

  it('comes back by itself when the media worker dies', async () => {
    const worker = childOf(product.stack.process('sfu').pid);
    process.kill(worker, 'SIGKILL');
    await until(
      'a new placement',
      async () => (await product.stack.contract.sessions.read({ session_id: sessionId })).epoch > 1,
    );
    await live();
    await until('a moving picture', async () => (await viewer.frames(500)) > 2, 30_000);
    await clickLands({ x: 620, y: 630 });
  });

  it('comes back by itself when the agent is killed and restarted', async () => {
    const agent = product.stack.process('agent');
    agent.kill('SIGKILL');
    await agent.exited;
    await product.stack.startProcess('agent');
    await live();
    await until('a moving picture', async () => (await viewer.frames(500)) > 2, 30_000);
    await clickLands({ x: 580, y: 640 });
  });
});

function childOf(pid: number): number {
  const child = readdirSync(`/proc/${pid}/task`)
    .flatMap((task) => readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim().split(' '))
    .map(Number)
    .find(
      (candidate) =>
        candidate > 0 && readFileSync(`/proc/${candidate}/comm`, 'utf8').startsWith('mediasoup'),
    );
  if (child === undefined) throw new Error(`process ${pid} has no media worker`);
  return child;
}
