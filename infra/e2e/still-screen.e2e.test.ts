// Nothing changes, (almost) nothing is sent: one tiny frame a second keeps Chromium from asking
// for a key frame, and a monitor nobody watches costs nothing.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Product } from './product.ts';
import type { ViewerPage } from './viewer-page.ts';

let product: Product;
let viewer: ViewerPage;
beforeAll(async () => {
  product = await Product.start({ apps: false });
  const session = await product.session();
  viewer = await product.view(session.viewer);
  await viewer.picture();
});
afterAll(() => product.close());

it('sends at most one frame a second of a still screen', async () => {
  await viewer.frames(3000); // refinement after the first picture
  expect(await viewer.frames(5000)).toBeLessThanOrEqual(6);
  expect(await viewer.frames(3000)).toBeGreaterThanOrEqual(2);
});

it('writes no secret into any log', () => {
  for (const name of ['sfu', 'signaling', 'agent'] as const) {
    const log = readFileSync(product.stack.logFile(name), 'utf8');
    expect(log).not.toContain(product.stack.integratorKey);
    expect(log).not.toMatch(/eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\./); // any JWT
    expect(log).not.toMatch(/ice-pwd|a=fingerprint/);
  }
});
