// npm run bench: measurements on this machine, each written to a JSON file of its own.
//   node infra/bench/bench.ts [NAME …] [--trials N] [--out FILE]
// Without a name: `feel`. The names are in benches.ts.
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { BENCHES, DEFAULT_BENCH, type Bench } from './benches.ts';

const { values, positionals } = parseArgs({
  options: { trials: { type: 'string' }, out: { type: 'string' } },
  allowPositionals: true,
});
const wished = z
  .object({
    trials: z.coerce.number().int().min(1).max(1000).default(100),
    out: z.string().optional(),
    names: z.array(
      z.enum(Object.keys(BENCHES), { error: `There are: ${Object.keys(BENCHES).join(', ')}` }),
    ),
  })
  .refine(({ out, names }) => out === undefined || names.length === 1, '--out is for one bench')
  .safeParse({ ...values, names: positionals.length > 0 ? positionals : [DEFAULT_BENCH] });
if (!wished.success) {
  process.stderr.write(`${z.prettifyError(wished.error)}\n`);
  process.exit(2);
}

const { trials, out, names } = wished.data;
// The browser's driver takes these signals for itself and would leave us running. What was started ends
// with this process.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

for (const name of names) {
  const bench = BENCHES[name] as Bench;
  const say = (line: string): void => void process.stderr.write(`[bench ${name}] ${line}\n`);
  say(bench.about);
  const results = {
    at: new Date().toISOString(),
    machine: {
      cpu: cpus()[0]?.model ?? 'unknown',
      cores: cpus().length,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
    },
    trials,
    ...(await bench.run({ trials, say })),
  };
  const file = out ?? new URL(`results/${bench.file}`, import.meta.url).pathname;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`);
  process.stdout.write(`${JSON.stringify(results, null, 2)}\nwritten to ${file}\n`);
  if (bench.chart && out === undefined) {
    const picture = new URL(`../../${bench.chart.file}`, import.meta.url).pathname;
    writeFileSync(picture, await bench.chart.draw(results as never));
    process.stdout.write(`drawn in ${picture}\n`);
  }
}
