// Frames a second painted by the viewer while the whole 1280x720 screen changes each 16 ms, and
// what agent and media node use meanwhile.
import type { Product } from '../e2e/product.ts';
import { useOver } from './cpu-meter.ts';
import { openFlipWindow } from './flip.ts';

const SETTLE_MS = 3000;
const WINDOW_S = 15;

export async function measureFrameRate(product: Product) {
  using _window = await openFlipWindow(
    product.desktop.display,
    { x: 0, y: 0, width: 1280, height: 720 },
    ['animate', 16],
  );
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
  return { framesPerSecond: Number((frames / WINDOW_S).toFixed(1)), ...use };
}
