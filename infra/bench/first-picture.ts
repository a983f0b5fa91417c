// From opening the link to the first frame painted, the session being pre-created just before.
import type { Product } from '../e2e/product.ts';
import { figures, type Figures } from './figures.ts';

/** Page clock at the first painted frame: 0 is the start of the navigation. */
export async function measureFirstPicture(product: Product, trials: number): Promise<Figures> {
  const samples: number[] = [];
  for (let trial = 0; trial < trials; trial += 1) {
    const session = await product.session();
    const viewer = await product.view(session.viewer);
    await viewer.picture();
    samples.push(
      await viewer.page.evaluate(
        () => (window as unknown as { gcProbe: { firstFrameAt: number } }).gcProbe.firstFrameAt,
      ),
    );
    await viewer.close();
    await product.stack.contract.sessions.end({ session_id: session.id });
  }
  return figures(samples);
}
