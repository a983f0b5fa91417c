// What reaches the viewer while the whole 1280x720 screen changes each 16 ms, and what that costs.
import type { Product } from '../e2e/product.ts';
import { openFlipWindow } from './flip.ts';
import { measureWatching } from './watching.ts';

export async function measureFrameRate(product: Product) {
  const place = { x: 0, y: 0, width: 1280, height: 720 };
  using _window = await openFlipWindow(product.desktop.display, place, ['animate', 16]);
  return await measureWatching(product, 3000);
}
