// How the picture lives with bad networks: each scenario a session of its own, seen by a real Chromium
// through the shaper, while the screen moves all the time.
import { loadavg } from 'node:os';
import { Product } from '../../e2e/product.ts';
import type { ViewerPage } from '../../e2e/viewer-page.ts';
import { bothWays } from '../../shaper/link.ts';
import { shapeNode, SHAPED_NODE_ENV, type Party } from '../../shaper/shaped-node.ts';
import type { UdpShaper } from '../../shaper/udp-shaper.ts';
import { CLEAR_LINE } from '../../shaper/line.ts';
import type { BenchOptions } from '../benches.ts';
import { openScene } from '../scenes/open-scene.ts';
import { monotonicMs, readNoted, startNoting } from './painted-frames.ts';
import { SCENARIOS, type Scenario } from './scenarios.ts';
import { judge, rateBps, recoveryMs, type RateNote } from './verdict.ts';

const SCREEN = { width: 1280, height: 720 };
/** The rate and its queue are noted so often. */
const NOTE_EVERY_MS = 50;
/** A held key: one line of text each time. */
const SCROLL_EVERY_MS = 33;
/** From the first picture to the estimate that the measurement begins with. */
const SETTLE_MS = 3000;

export async function measureNetwork({ say }: BenchOptions) {
  const product = await Product.start({ apps: false, env: SHAPED_NODE_ENV });
  await using opened = new AsyncDisposableStack();
  opened.defer(() => product.close());
  const shaper = await shapeNode(product.stack);
  opened.defer(() => shaper.close());
  const results: Record<string, unknown> = {};
  for (const [name, scenario] of Object.entries<Scenario>(SCENARIOS)) {
    say(`${name}: ${scenario.about}`);
    results[name] = await run(product, shaper, scenario);
    say(`${name}: ${JSON.stringify(results[name])}`);
  }
  // Other work on the machine costs frames: figures of a busy one are a lower bound.
  return { load_average_1min: Number(loadavg()[0]?.toFixed(1)), scenarios: results };
}

async function run(product: Product, shaper: UdpShaper<Party>, scenario: Scenario) {
  for (const party of ['agent', 'browser'] as const) shaper.change(party, bothWays(CLEAR_LINE));
  const first = scenario.steps.filter(({ atMs }) => atMs === 0);
  for (const { party, link } of first) shaper.change(party, link);
  const session = await product.session();
  const viewer = await product.view(session.viewer);
  await viewer.picture();
  using _scene = await openScene(product.desktop.display, SCREEN, scenario.scene);
  await viewer.click({ x: 20, y: 20 }); // keyboard focus on the picture
  const stopActing = scenario.scene === 'scroll' ? keepScrolling(viewer) : () => undefined;
  await pause(SETTLE_MS);
  await startNoting(viewer.page);
  const startMs = monotonicMs();
  const line = scenario.narrow === 'agent' ? shaper.links.agent.up : shaper.links.browser.down;
  const rates: RateNote[] = [];
  const queues: number[] = [];
  const noting = setInterval(() => {
    rates.push({ atMs: monotonicMs() - startMs, bytes: line.counters.carriedBytes });
    queues.push(line.queueMs(performance.now()));
  }, NOTE_EVERY_MS);
  const timers = scenario.steps
    .filter(({ atMs }) => atMs > 0)
    .map(({ atMs, party, link }) => setTimeout(() => shaper.change(party, link), atMs));
  await pause(scenario.lengthMs);
  clearInterval(noting);
  for (const timer of timers) clearTimeout(timer);
  await stopActing();
  const frames = (await readNoted(viewer.page)).map(({ paintedAtMs, delayMs }) => ({
    paintedAtMs: paintedAtMs - startMs,
    delayMs,
  }));
  await viewer.close();
  await product.stack.contract.sessions.end({ session_id: session.id });
  const edges = [...new Set([0, ...scenario.steps.map(({ atMs }) => atMs), scenario.lengthMs])];
  const before = rateBps(rates, 0, edges[1] ?? scenario.lengthMs);
  const recovery =
    scenario.wellAgainAtMs === undefined
      ? {}
      : { recovery_ms: recoveryMs(rates, scenario.wellAgainAtMs, before) ?? null };
  return {
    about: scenario.about,
    ...judge(frames, 0, scenario.lengthMs),
    ...recovery,
    queue_ms_p95: Math.round(queues.sort((a, b) => a - b)[Math.floor(queues.length * 0.95)] ?? 0),
    phases: edges.slice(1).map((toMs, i) => {
      const fromMs = edges[i] ?? 0;
      const painted = frames.filter((one) => one.paintedAtMs >= fromMs && one.paintedAtMs < toMs);
      return {
        from_s: fromMs / 1000,
        to_s: toMs / 1000,
        kbps: Math.round(rateBps(rates, fromMs, toMs) / 1000),
        ...(painted.length === 0 ? { frames_per_second: 0 } : judge(frames, fromMs, toMs)),
      };
    }),
  };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** @returns a function that stops. */
function keepScrolling(viewer: ViewerPage): () => Promise<void> {
  let on = true;
  const done = (async () => {
    while (on) {
      await viewer.page.keyboard.press('KeyS');
      await pause(SCROLL_EVERY_MS);
    }
  })();
  return async () => {
    on = false;
    await done;
  };
}
