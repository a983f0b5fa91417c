// A real input in Chromium → agent → an X client repaints → the whole change is in the page; and
// what our own trace says about where that time went.
import type { Page } from 'puppeteer-core';
import type { AnsweredInput, Hop } from '../../viewer/src/media/frame-trace.ts';
import type { Product } from '../e2e/product.ts';
import { act, pauseMs, undo } from './acts.ts';
import { figures, type Figures } from './figures.ts';
import { GC_PICTURE } from './rivals/guruconnect.ts';
import { measure, sitDown, type Answer } from './seat.ts';
import { openScene } from './scenes/open-scene.ts';
import type { SceneName } from './scenes/scenes.ts';

const SIZE = { width: 1280, height: 720 };
const LAST_TRACES_MS = 1_500;
/** An input of a trial is recognised by the time stamp of its event. */
const SAME_EVENT_MS = 0.5;

export type InputToPhoton = Figures & {
  readonly trace: {
    /** Share of the trials that a trace was found for. */
    readonly traced: number;
    /** Of the time from event to picture, median over the trials, how much the hops account for. */
    readonly explained: Figures;
    readonly hops_ms: Readonly<Partial<Record<Hop, Figures>>>;
  };
};

export async function measureInputToPhoton(
  product: Product,
  trials: number,
  scene: SceneName = 'flip',
): Promise<InputToPhoton> {
  using _scene = await openScene(product.desktop.display, SIZE, scene);
  const session = await product.session();
  const viewer = await product.view(session.viewer);
  await viewer.picture();
  const seat = {
    page: viewer.page,
    picture: GC_PICTURE,
    close: () => viewer.close(),
  };
  await sitDown(seat, SIZE);
  await viewer.click({ x: 20, y: 20 }); // keyboard focus on the picture
  const trace = await TraceReader.start(viewer.page);
  const answers: Answer[] = [];
  for (let trial = 0; trial < trials; trial += 1) {
    await pause(pauseMs(trial));
    answers.push(await measure(seat, () => act(seat, scene, trial, SIZE)));
    await undo(seat, scene);
  }
  await pause(LAST_TRACES_MS);
  const inputs = await trace.read();
  await viewer.close();
  await product.stack.contract.sessions.end({ session_id: session.id });
  return {
    ...figures(answers.map(({ happenedAtMs, seenAtMs }) => seenAtMs - happenedAtMs)),
    trace: explain(answers, inputs),
  };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function explain(answers: readonly Answer[], inputs: readonly AnsweredInput[]) {
  const pairs = answers.flatMap((answer) => {
    const input = inputs.find(
      ({ happenedAtMs }) => Math.abs(happenedAtMs - answer.happenedAtMs) < SAME_EVENT_MS,
    );
    return input ? [{ answer, input }] : [];
  });
  const names = new Set(pairs.flatMap(({ input }) => Object.keys(input.hops) as Hop[]));
  const shares = pairs.map(({ answer, input }) => {
    const { total: _, ...hops } = input.hops;
    const explainedMs = Object.values(hops).reduce((sum, ms) => sum + ms, 0);
    return (100 * explainedMs) / (answer.seenAtMs - answer.happenedAtMs);
  });
  return {
    traced: pairs.length / answers.length,
    explained: figures(shares.length > 0 ? shares : [0]),
    hops_ms: Object.fromEntries(
      [...names].map((hop) => [hop, figures(pairs.map(({ input }) => input.hops[hop] ?? 0))]),
    ),
  };
}

/** Reads the viewer's statistics once a second, as its panel does: it traces while somebody looks. */
class TraceReader {
  readonly #page: Page;

  private constructor(page: Page) {
    this.#page = page;
  }

  static async start(page: Page): Promise<TraceReader> {
    await page.evaluate(async () => {
      type Shell = HTMLElement & {
        viewer: { statistics(): Promise<{ answered: AnsweredInput[] }> };
      };
      const answered = new Map<number, AnsweredInput>();
      const read = async (): Promise<void> => {
        const shell = document.querySelector<Shell>('gc-shell');
        const statistics = await shell?.viewer.statistics();
        for (const input of statistics?.answered ?? []) answered.set(input.seq, input);
      };
      await read();
      setInterval(() => void read(), 1000);
      Object.defineProperty(window, 'benchAnswered', { value: answered });
    });
    await pause(LAST_TRACES_MS); // the clocks find each other
    return new TraceReader(page);
  }

  read(): Promise<AnsweredInput[]> {
    return this.#page.evaluate(() => [
      ...(
        window as unknown as { benchAnswered: Map<number, AnsweredInput> }
      ).benchAnswered.values(),
    ]);
  }
}
