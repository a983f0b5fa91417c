// npm run fuzz: random input at every boundary of a running product.
//   node infra/fuzz/fuzz.ts [--count N] [--seed N] [--only "boundary"]…
// Ends with 1 when something was found. The seed makes the same inputs again.
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { BOUNDARIES, fuzz } from './run-fuzz.ts';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '20000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    only: { type: 'string', multiple: true, default: [] },
  },
});
const wished = z
  .object({
    count: z.coerce.number().int().min(100).max(1_000_000_000),
    seed: z.coerce.number().int().nonnegative(),
    only: z.array(z.enum(BOUNDARIES.map(({ name }) => name))),
  })
  .safeParse(values);
if (!wished.success) {
  process.stderr.write(`${z.prettifyError(wished.error)}\n`);
  process.exit(2);
}
const say = (line: string): void => void process.stderr.write(`[fuzz] ${line}\n`);
say(`seed ${wished.data.seed}`);
const report = await fuzz({ ...wished.data, say }).catch((error: unknown) => {
  // Closing what is left after a fault often fails as well: both are told.
  const told = error instanceof SuppressedError ? [error.suppressed, error.error] : [error];
  for (const fault of told) console.error(fault);
  process.exit(1);
});
process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
process.exit(report.findings.length > 0 ? 1 : 0);
