// One slow viewer never hurts another: it gets a smaller video of its own while its link is slow, and
// the full one again afterwards; the other sees no difference.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openScene } from '../bench/scenes/open-scene.ts';
import { bothWays } from '../shaper/link.ts';
import { SHAPED_NODE_ENV } from '../shaper/shaped-node.ts';
import { UdpShaper } from '../shaper/udp-shaper.ts';
import { until } from '../stack/until.ts';
import { Product } from './product.ts';
import { framesDecoded, profileShown, watchConnections } from './received-streams.ts';
import { ViewerPage } from './viewer-page.ts';

type LinkName = 'agent' | 'fast' | 'slow';

const WIDE_BPS = 20e6;
const NARROW_BPS = 800e3;
const SHARP = /^f400/;
const REDUCED = /^42/;
/** Up is tried after ten seconds, down is decided after one and a half. */
const SWITCH_MS = 40_000;
const LOOKED_AT_MS = 4_000;

let product: Product;
let shaper: UdpShaper<LinkName>;
/** Whose browser connects next. */
let connecting: LinkName = 'fast';

beforeAll(async () => {
  product = await Product.start({ apps: false, env: SHAPED_NODE_ENV });
  const wide = bothWays({ delayMs: 10, bps: WIDE_BPS, queueMs: 1_000 });
  const port = product.stack.rtcPort;
  shaper = await UdpShaper.open<LinkName>({
    listen: { address: SHAPED_NODE_ENV.sfu?.['GC_RTC_ANNOUNCED_ADDRESS'] ?? '', port },
    target: { address: '127.0.0.1', port },
    links: { agent: wide, fast: wide, slow: wide },
    linkOf: (owner) => (owner === 'agent' ? 'agent' : connecting),
  });
});
afterAll(async () => {
  await product.close();
  await shaper.close();
});

it('a slow viewer has a smaller video while it is slow, and the fast one keeps its own', async () => {
  const session = await product.session();
  const fast = await ViewerPage.open(product.browser, session.viewer, watchConnections);
  await fast.picture();
  connecting = 'slow';
  const further = await product.stack.contract.viewerCodes.create({
    session_id: session.id,
    technician: { id: 'tech-2', name: 'Bo Example' },
    grants: ['view'],
  });
  const slow = await ViewerPage.open(product.browser, further, watchConnections);
  await slow.picture();
  using _scene = await openScene(product.desktop.display, { width: 1280, height: 720 }, 'churn');
  const shows = (viewer: ViewerPage, profile: RegExp): Promise<unknown> =>
    until(
      `a stream of profile ${profile}`,
      async () => profile.test((await profileShown(viewer.page, 1280)) ?? ''),
      SWITCH_MS,
    );
  await shows(slow, SHARP);
  const framesBefore = await framesDecoded(fast.page, LOOKED_AT_MS);

  shaper.change('slow', bothWays({ bps: NARROW_BPS }));
  await shows(slow, REDUCED);
  await shows(fast, SHARP);
  expect(await framesDecoded(fast.page, LOOKED_AT_MS)).toBeGreaterThan(framesBefore * 0.6);
  const slowFrames = await framesDecoded(slow.page, LOOKED_AT_MS);
  expect(slowFrames, 'pictures of the slow viewer').toBeGreaterThan(4);

  shaper.change('slow', bothWays({ bps: WIDE_BPS }));
  await shows(slow, SHARP);
  await shows(fast, SHARP);
}, 180_000);
