// One run: the product is started, every boundary gets its share of the inputs in turns, and between
// two turns it is looked at. What went wrong is told with the numbers that bring it about again.
import { World } from '../trust/world.ts';
import type { Boundary } from './boundary.ts';
import { FACT_BYTES, INPUT_BYTES, POST_MESSAGES } from './boundaries/in-process.ts';
import { HTTP } from './boundaries/http.ts';
import { DATAGRAMS, INPUT_CHANNEL } from './boundaries/network.ts';
import { AGENT_SOCKET, CONTROL_SOCKET, VIEWER_SOCKET } from './boundaries/sockets.ts';
import { TOKENS } from './boundaries/tokens.ts';
import { Random } from './random.ts';
import { look, WATCHED, type Sample, type Watched } from './watch.ts';

export const BOUNDARIES: readonly Boundary[] = [
  HTTP,
  AGENT_SOCKET,
  VIEWER_SOCKET,
  CONTROL_SOCKET,
  INPUT_BYTES,
  INPUT_CHANNEL,
  FACT_BYTES,
  POST_MESSAGES,
  TOKENS,
  DATAGRAMS,
];

export type FuzzOptions = {
  readonly count: number;
  readonly seed: number;
  /** Only these boundaries; all when empty. */
  readonly only?: readonly string[];
  readonly say?: (line: string) => void;
};

export type Finding = { readonly boundary: string; readonly input: number; readonly what: string };

export type FuzzReport = {
  readonly seed: number;
  readonly inputs: Readonly<Record<string, number>>;
  readonly seconds: number;
  readonly findings: readonly Finding[];
  /** Warm (after the first tenth), and at the end. */
  readonly warm: Sample;
  readonly end: Sample;
};

/** Every so many of the inputs the product is looked at. */
const TURNS = 20;
const INPUTS_A_TURN = 64;
/** By then every code path was taken and every pool is filled. */
const WARM_TURN = 5;
const MAX_FINDINGS = 50;

export async function fuzz(options: FuzzOptions): Promise<FuzzReport> {
  const { count, seed, only = [], say = () => undefined } = options;
  const boundaries = BOUNDARIES.filter(({ name }) => only.length === 0 || only.includes(name));
  const shares = boundaries.reduce((sum, { perThousand }) => sum + perThousand, 0);
  const startMs = performance.now();
  // A rate limit would answer in place of what is looked for.
  const world = await World.start({ GC_RATE_PER_MINUTE: '1000000' });
  await using opened = new AsyncDisposableStack();
  opened.defer(() => world.close());
  const findings: Finding[] = [];
  const inputs: Record<string, number> = {};
  const first = look(world);
  let warm = first;
  const open = [];
  for (const boundary of boundaries) {
    const way = await boundary.open(world);
    opened.defer(() => way.close());
    open.push({ boundary, way });
    inputs[boundary.name] = 0;
  }
  for (let turn = 1; turn <= TURNS && findings.length < MAX_FINDINGS; turn += 1) {
    for (const { boundary, way } of open) {
      const share = Math.round((count * boundary.perThousand) / shares);
      const from = Math.round((share * (turn - 1)) / TURNS);
      const to = Math.round((share * turn) / TURNS);
      await inParallel(from, to, boundary.atOnce, async (input) => {
        const what = await way.send(new Random(seed, boundary.name, input));
        if (what !== undefined) findings.push({ boundary: boundary.name, input, what });
      });
      inputs[boundary.name] = to;
      for (const what of harmOf(world, first))
        findings.push({ boundary: boundary.name, input: to, what });
    }
    const now = look(world);
    if (turn === WARM_TURN) warm = now;
    const memory = WATCHED.map((name) => `${name} ${now[name].rssMiB} MiB`).join(', ');
    const done = Object.values(inputs).reduce((sum, value) => sum + value, 0);
    say(`${done} of ${count}; ${memory}; findings ${findings.length}`);
  }
  await answers(world);
  const seconds = Math.round((performance.now() - startMs) / 1000);
  return { seed, inputs, seconds, findings, warm, end: look(world) };
}

/** Numbers `from` to `to`, `atOnce` of them under way. */
async function inParallel(
  from: number,
  to: number,
  atOnce: number,
  send: (input: number) => Promise<void>,
): Promise<void> {
  let next = from;
  const worker = async (): Promise<void> => {
    while (next < to) {
      const input = next;
      next += 1;
      await send(input);
      // Boundaries of this very process never wait: heartbeats of the others must get their turn.
      if (input % INPUTS_A_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

function harmOf(world: World, first: Sample): string[] {
  const now = look(world);
  return WATCHED.filter((name: Watched) => now[name].pid !== first[name].pid).map(
    (name) => `${name} was started anew`,
  );
}

/** It still does its work. @throws Error when it does not. */
async function answers(world: World): Promise<void> {
  for (const path of ['/livez', '/readyz']) {
    const { status } = await world.request('GET', path);
    if (status !== 200) throw new Error(`${path} is answered ${status} after all of that`);
  }
}
