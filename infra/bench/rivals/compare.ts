// One comparison: the same scene, display size, browser and stopwatch for every contender, in blocks of
// trials that go round, so that whatever else the machine does hits all alike. A contender that cannot
// be started or does not answer is told with its reason; the others go on.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startDesktop } from '../../desktop/desktop.ts';
import { startBrowser, type RunningBrowser } from '../../e2e/browser.ts';
import type { LinkSettings } from '../../shaper/link.ts';
import { act, pauseMs, undo } from '../acts.ts';
import { figures, type Figures } from '../figures.ts';
import type { Size } from '../scenes/markers.ts';
import { openScene } from '../scenes/open-scene.ts';
import type { SceneName } from '../scenes/scenes.ts';
import { measure, sitDown, type Seat } from '../seat.ts';
import type { Contender, ContenderSpec } from './contender.ts';
import { ShapedTcp } from './shaped-tcp.ts';
import { ensureDebianPackages, ensureModules } from './software.ts';

const run = promisify(execFile);

export type CompareOptions = {
  readonly contenders: readonly ContenderSpec[];
  readonly scenes: readonly SceneName[];
  readonly size: Size;
  readonly trials: number;
  readonly say: (line: string) => void;
  /** The technician's access to the network; loopback when missing. */
  readonly link?: LinkSettings;
};

/** Latencies in milliseconds, or why there are none. */
export type Outcome = Figures | { readonly failed: string };
export type Comparison = Readonly<Partial<Record<SceneName, Readonly<Record<string, Outcome>>>>>;

const BLOCK = 20;
/** The first of a block: everything is there, but has not run yet. */
const WARM_UP_TRIALS = 2;
/** Room for a product's own bars around a picture at its native size. */
const FRAME_PX = { width: 120, height: 180 };

type Running = {
  readonly spec: ContenderSpec;
  readonly contender: Contender;
  samples: number[];
  failed: string | undefined;
};

export async function compare(options: CompareOptions): Promise<Comparison> {
  const { contenders, scenes, size, trials, say, link } = options;
  await using opened = new AsyncDisposableStack();
  const directory = mkdtempSync(join(tmpdir(), 'guruconnect-bench-'));
  opened.defer(() => rmSync(directory, { recursive: true, force: true, maxRetries: 5 }));
  const desktop = await startDesktop({ apps: false, monitors: [size] });
  opened.defer(() => desktop.close());
  const browser = await startBrowser(
    { width: size.width + FRAME_PX.width, height: size.height + FRAME_PX.height },
    ['--ignore-certificate-errors'], // MeshCentral's is of its own making
  );
  opened.defer(() => browser.close());

  const runnings: Running[] = [];
  const outcomes: Record<string, Record<string, Outcome>> = {};
  const unstarted: Record<string, Outcome> = {};
  for (const spec of contenders) {
    say(`starting ${spec.label}`);
    try {
      await ensureDebianPackages(spec.packages, say);
      await ensureModules(spec.modules);
      const tcp = link && new ShapedTcp(link);
      if (tcp) opened.defer(() => tcp.close());
      const contender = await spec.start({
        size,
        display: desktop.display,
        directory,
        link,
        reach: (port) => tcp?.reach(port) ?? Promise.resolve(port),
      });
      opened.defer(() => contender.close());
      runnings.push({ spec, contender, samples: [], failed: undefined });
    } catch (error) {
      unstarted[spec.name] = failure(error);
      say(`${spec.label} is left out: ${(error as Error).message}`);
    }
  }

  for (const scene of scenes) {
    for (const running of runnings) {
      running.samples = [];
      running.failed = undefined;
    }
    for (let done = 0; done < trials; done += BLOCK)
      for (const running of runnings) {
        if (running.failed !== undefined) continue;
        const count = Math.min(BLOCK, trials - done);
        await runBlock(running, browser, scene, size, count);
        const { samples, failed, spec } = running;
        const state = failed ?? `p50 ${figures(samples).p50} ms`;
        say(
          `${size.width}x${size.height} ${scene}, ${spec.name}: ${samples.length} trials, ${state}`,
        );
      }
    outcomes[scene] = { ...unstarted };
    for (const { spec, samples, failed } of runnings)
      outcomes[scene][spec.name] = failed === undefined ? figures(samples) : { failed };
  }
  return outcomes;
}

async function runBlock(
  running: Running,
  { browser }: RunningBrowser,
  scene: SceneName,
  size: Size,
  count: number,
): Promise<void> {
  const { contender } = running;
  let seat: Seat | undefined;
  try {
    // the floor has no display: it answers in its page
    using _scene =
      contender.display === undefined ? undefined : await openScene(contender.display, size, scene);
    if (contender.display !== undefined) await withoutRepeat(contender.display);
    seat = await contender.sitDown(browser);
    await seat.page.bringToFront();
    await sitDown(seat, size);
    for (let trial = -WARM_UP_TRIALS; trial < count; trial += 1) {
      const at = seat;
      const number = trial + WARM_UP_TRIALS + running.samples.length;
      await new Promise((resolve) => setTimeout(resolve, pauseMs(number)));
      const answer = await measure(at, () => act(at, scene, number, size));
      await undo(at, scene);
      if (trial >= 0) running.samples.push(answer.seenAtMs - answer.happenedAtMs);
    }
  } catch (error) {
    running.failed = failure(error).failed;
  } finally {
    await seat?.close().catch(() => undefined); // a page that is gone already
  }
}

/** A key held while its answer is under way must not type again. */
async function withoutRepeat(display: string): Promise<void> {
  await run('xset', ['-display', display, 'r', 'off']);
}

/** One line, and no address with a login in it. */
const failure = (error: unknown): { readonly failed: string } => ({
  failed: (String(error).split('\n', 1)[0] ?? '').replace(/\?\S*/g, ''),
});
