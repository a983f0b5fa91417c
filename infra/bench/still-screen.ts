// What a watched but still monitor costs: processor, and frames a second.
import type { Product } from '../e2e/product.ts';
import { useOver } from './cpu-meter.ts';

const SETTLE_MS = 4000;
const WINDOW_S = 15;

export async function measureStillScreen(product: Product) {
  const session = await product.session();
  const viewer = await product.view(session.viewer);
  await viewer.picture();
  await viewer.frames(SETTLE_MS);
  const [use, frames] = await Promise.all([
    useOver(
      { agent: product.stack.process('agent').pid, sfu: product.stack.process('sfu').pid },
      WINDOW_S,
    ),
    viewer.frames(WINDOW_S * 1000),
  ]);
  await viewer.close();
  await product.stack.contract.sessions.end({ session_id: session.id });
  return { framesPerSecond: Number((frames / WINDOW_S).toFixed(2)), ...use };
}
