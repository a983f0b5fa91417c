// What one monitor costs, stage by stage, and in processor time for each frame: the agent's own
// measuring script on a display of its own, in both colour formats.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const SCRIPT = new URL('../../../agent-bridge/test/measure-pipeline.ts', import.meta.url).pathname;
/** More would only take longer: a scene's medians are steady by then. */
const MOST_TRIALS = 100;
const DEADLINE_MS = 10 * 60_000;

export async function measureStages(options: {
  readonly trials: number;
  readonly say: (line: string) => void;
}): Promise<Readonly<Record<string, unknown>>> {
  const trials = String(Math.min(options.trials, MOST_TRIALS));
  const byChroma: Record<string, unknown> = {};
  for (const chroma of ['444', '420']) {
    options.say(`4:${[...chroma].slice(1).join(':')}`);
    const args = [SCRIPT, '--chroma', chroma, '--trials', trials];
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: DEADLINE_MS });
    byChroma[chroma] = JSON.parse(stdout) as unknown;
  }
  return byChroma;
}
