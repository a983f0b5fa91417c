// What the technician sees is what is on the screen: text to the eye's last detail when it has stood
// still for a moment, colours to the last few of 255, and then nothing more is sent.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { likeness, VISUALLY_LOSSLESS_SSIM } from '../bench/sharpness/likeness.ts';
import { openTextPage, PATCHES, type TextPage } from '../bench/sharpness/open-text-page.ts';
import { Screen } from '../bench/sharpness/screen.ts';
import { recordPictures } from '../bench/sharpness/watched-pictures.ts';
import { until } from '../stack/until.ts';
import { Product } from './product.ts';
import type { ViewerPage } from './viewer-page.ts';

const AREA = { x: 0, y: 0, widthPx: 1280, heightPx: 720 };
/** Of 255, each of red, green and blue: rounding on the way, there and back. */
const COLOUR_TOLERANCE = 3;

let product: Product;
let page: TextPage;
let screen: Screen;
let viewer: ViewerPage;
beforeAll(async () => {
  product = await Product.start({ apps: false });
  page = await openTextPage(product.desktop.display, AREA);
  screen = new Screen(product.desktop.display, AREA);
  const session = await product.session();
  viewer = await product.view(session.viewer);
  await viewer.picture();
});
afterAll(async () => {
  page.close();
  screen[Symbol.dispose]();
  await product.close();
});

/** What the viewer shows now, beside what the screen shows. */
async function now() {
  const [shown] = await recordPictures(viewer.page, () => Promise.resolve());
  if (!shown) throw new Error('no picture');
  return likeness(screen.read(), shown.rgb);
}

it.each([
  ['the first picture', () => Promise.resolve()],
  ['a new page, capped', () => page.order('page 7')],
  [
    'a scroll that went on for a while',
    async () => {
      for (let n = 0; n < 30; n += 1) await page.order('scroll');
    },
  ],
  ['a typed character', () => page.order('type')],
])(
  '9-point text, also coloured and light on dark, becomes visually lossless: %s',
  async (_, act) => {
    await act();
    await until('a sharp picture', async () => {
      const { ssimLuma, ssimRgb } = await now();
      return ssimLuma >= VISUALLY_LOSSLESS_SSIM && ssimRgb >= VISUALLY_LOSSLESS_SSIM;
    });
  },
);

it('and then costs one small frame a second', async () => {
  await viewer.frames(1000);
  expect(await viewer.frames(3000)).toBeLessThanOrEqual(4);
});

it('black is black, white is white and no colour is shifted', async () => {
  await page.order('patches');
  const width = AREA.widthPx / PATCHES.length;
  for (const [n, colour] of PATCHES.entries()) {
    const wanted = [colour >> 16, (colour >> 8) & 0xff, colour & 0xff] as const;
    await viewer.showsColour({ x: (n + 0.5) * width, y: 300 }, wanted, COLOUR_TOLERANCE);
  }
});
