// What it costs to show the first monitor for a while: frames a second painted by the viewer, and
// processor and memory of agent and media node.
import type { Product } from '../e2e/product.ts';
import { useOver } from './cpu-meter.ts';

const WINDOW_S = 15;

/** @param settleMs before the measurement begins: key frame, refinement, the first estimates. */
export async function measureWatching(product: Product, settleMs: number) {
  const session = await product.session();
  const viewer = await product.view(session.viewer);
  await viewer.picture();
  await viewer.frames(settleMs);
  const pids = { agent: product.stack.process('agent').pid, sfu: product.stack.process('sfu').pid };
  const [use, frames] = await Promise.all([
    useOver(pids, WINDOW_S),
    viewer.frames(WINDOW_S * 1000),
  ]);
  await viewer.close();
  await product.stack.contract.sessions.end({ session_id: session.id });
  return { framesPerSecond: Number((frames / WINDOW_S).toFixed(1)), ...use };
}
