// A network too narrow for what the screen does: less is sent, and nothing waits. Without congestion
// control the queue before the narrow place is full all the time.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openScene } from '../bench/scenes/open-scene.ts';
import { bothWays } from '../shaper/link.ts';
import { shapeNode, SHAPED_NODE_ENV, type Party } from '../shaper/shaped-node.ts';
import type { UdpShaper } from '../shaper/udp-shaper.ts';
import { Product } from './product.ts';
import type { ViewerPage } from './viewer-page.ts';

const NARROW_BPS = 1e6;
/** As deep as a home router's: what fills it is seen a second late. */
const QUEUE_MS = 1000;
const SHORT_MS = 400;
/** To find the rate, and to empty what had filled the queue before that. */
const SETTLE_MS = 5000;
const LOOKED_AT_MS = 6000;

let product: Product;
let shaper: UdpShaper<Party>;
let viewer: ViewerPage;
beforeAll(async () => {
  product = await Product.start({ apps: false, env: SHAPED_NODE_ENV });
  const near = bothWays({ delayMs: 10, bps: 20e6, queueMs: QUEUE_MS });
  shaper = await shapeNode(product.stack, { agent: near, browser: near });
});
afterAll(async () => {
  await product.close();
  await shaper.close();
});

describe('a way of 1 Mbit/s', () => {
  it.each(['agent', 'browser'] as const)(
    'of the %s has a short queue and a picture',
    async (party) => {
      const session = await product.session();
      viewer = await product.view(session.viewer);
      await viewer.picture();
      using _scene = await openScene(
        product.desktop.display,
        { width: 1280, height: 720 },
        'churn',
      );
      await viewer.frames(2000); // as on any other day
      const line = party === 'agent' ? shaper.links.agent.up : shaper.links.browser.down;
      shaper.change(party, bothWays({ bps: NARROW_BPS }));
      await viewer.frames(SETTLE_MS);
      const queues: number[] = [];
      const before = line.counters.carriedBytes;
      const looking = setInterval(() => queues.push(line.queueMs(performance.now())), 20);
      const frames = await viewer.frames(LOOKED_AT_MS);
      clearInterval(looking);
      const sentBps = ((line.counters.carriedBytes - before) * 8000) / LOOKED_AT_MS;
      shaper.change(party, bothWays({ bps: 20e6 }));
      await viewer.close();
      await product.stack.contract.sessions.end({ session_id: session.id });
      const long = queues.filter((ms) => ms > SHORT_MS).length / queues.length;
      // with congestion control taken out it is long all the time (0.91 to 1 measured)
      expect(long, 'share of the time in which the queue was long').toBeLessThan(0.5);
      expect(sentBps).toBeGreaterThan(0.2 * NARROW_BPS);
      expect(frames).toBeGreaterThan((3 * LOOKED_AT_MS) / 1000);
    },
  );
});
