// How soon after a change, and how like the screen, the viewer's picture is: real text drawn by an X
// client, read back in Chromium at native size. Pages that change as a whole are the hardest case:
// nothing of the picture before helps, and a page of antialiased text has near a megabyte.
import { loadavg } from 'node:os';
import { Product } from '../../e2e/product.ts';
import type { ViewerPage } from '../../e2e/viewer-page.ts';
import { figures } from '../figures.ts';
import { likeness, VISUALLY_LOSSLESS_SSIM, type Likeness } from './likeness.ts';
import { openTextPage, type TextPage, type TextPageOrder } from './open-text-page.ts';
import { Screen } from './screen.ts';
import { recordPictures } from './watched-pictures.ts';

const AREA = { x: 0, y: 0, widthPx: 1280, heightPx: 720 };
const PROMISED_MS = 500;
const WATCHED_MS = 1200;
/** Later pictures only repeat; the last one is compared too. */
const COMPARED_MS = 700;
const SETTLE_MS = 4000;
/** Comparing one picture takes a second: more would not change the median. */
const MOST_TRIALS = 3;

export type SharpnessSetting = {
  readonly name: string;
  readonly agentEnv?: Readonly<Record<string, string>>;
};

const SETTINGS: readonly SharpnessSetting[] = [
  { name: 'as delivered: 4:4:4, 20 Mbit/s' },
  { name: '4:4:4, 12 Mbit/s', agentEnv: { GC_MAX_VIDEO_BPS: '12000000' } },
  { name: '4:2:0, 20 Mbit/s', agentEnv: { GC_CHROMA: '420' } },
];

type Seen = Likeness & { readonly afterMs: number };

export async function measureSharpness(options: {
  readonly trials: number;
  readonly say: (line: string) => void;
}) {
  const trials = Math.min(options.trials, MOST_TRIALS);
  const settings: Record<string, unknown> = {};
  for (const { name, agentEnv } of SETTINGS) {
    options.say(name);
    const product = await Product.start({
      apps: false,
      ...(agentEnv ? { env: { agent: { ...agentEnv } } } : {}),
    });
    try {
      const changes = await measureSetting(product, trials);
      settings[name] = { loadAverage: loadavg(), ...changes };
    } finally {
      await product.close();
    }
  }
  return { promised: { ssim: VISUALLY_LOSSLESS_SSIM, withinMs: PROMISED_MS }, settings };
}

async function measureSetting(product: Product, trials: number) {
  using page = await openTextPage(product.desktop.display, AREA);
  using screen = new Screen(product.desktop.display, AREA);
  const session = await product.session();
  const viewer = await product.view(session.viewer);
  await viewer.picture();
  await viewer.frames(SETTLE_MS);
  const orders = (trial: number): Readonly<Record<string, TextPageOrder>> => ({
    'new page': `page ${trial + 1}`,
    scroll: 'scroll',
    'typed character': 'type',
  });
  const runs: Record<string, Seen[][]> = {};
  for (let trial = 0; trial < trials; trial += 1)
    for (const [change, order] of Object.entries(orders(trial)))
      (runs[change] ??= []).push(await follow(viewer, page, screen, order));
  await viewer.close();
  await product.stack.contract.sessions.end({ session_id: session.id });
  return Object.fromEntries(Object.entries(runs).map(([change, seen]) => [change, summary(seen)]));
}

/** Every picture from the change on, against the screen as it then is. */
async function follow(
  viewer: ViewerPage,
  page: TextPage,
  screen: Screen,
  order: TextPageOrder,
): Promise<Seen[]> {
  let drawnAtMs = 0;
  const pictures = await recordPictures(viewer.page, async () => {
    await page.order(order);
    drawnAtMs = performance.timeOrigin + performance.now();
    await new Promise((resolve) => setTimeout(resolve, WATCHED_MS));
  });
  const source = screen.read();
  return pictures
    .filter(
      ({ atMs }, n) =>
        atMs > drawnAtMs && (atMs < drawnAtMs + COMPARED_MS || n + 1 === pictures.length),
    )
    .map(({ atMs, rgb }) => ({ afterMs: Math.round(atMs - drawnAtMs), ...likeness(source, rgb) }));
}

function summary(runs: readonly Seen[][]) {
  const reached = (read: (seen: Seen) => number) => {
    const afterMs = runs.flatMap(
      (run) => run.find((seen) => read(seen) >= VISUALLY_LOSSLESS_SSIM)?.afterMs ?? [],
    );
    return { of: runs.length, ...(afterMs.length > 0 ? figures(afterMs) : { n: 0 }) };
  };
  const promised = runs.flatMap((run) => run.filter((s) => s.afterMs <= PROMISED_MS).at(-1) ?? []);
  const last = runs.flatMap((run) => run.at(-1) ?? []);
  const worst = (seen: readonly Seen[]) => seen.toSorted((a, b) => a.ssimRgb - b.ssimRgb)[0];
  return {
    firstPicture: worst(runs.flatMap((run) => run[0] ?? [])),
    withinPromise: worst(promised),
    atTheEnd: worst(last),
    losslessLumaAfterMs: reached(({ ssimLuma }) => ssimLuma),
    losslessRgbAfterMs: reached(({ ssimRgb }) => ssimRgb),
    oneRun: runs.at(-1),
  };
}
