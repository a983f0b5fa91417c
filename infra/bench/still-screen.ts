// What a watched but still monitor costs.
import type { Product } from '../e2e/product.ts';
import { measureWatching } from './watching.ts';

export const measureStillScreen = (product: Product) => measureWatching(product, 4000);
