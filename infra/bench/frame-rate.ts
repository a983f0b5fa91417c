// What reaches the viewer while the whole 1280x720 screen changes each 16 ms, and what that costs.
import type { Product } from '../e2e/product.ts';
import { openScene } from './scenes/open-scene.ts';
import { measureWatching } from './watching.ts';

export async function measureFrameRate(product: Product) {
  using _scene = await openScene(product.desktop.display, { width: 1280, height: 720 }, 'churn');
  return await measureWatching(product, 3000);
}
