// npm run bench: what a technician feels, measured on this machine, written to a JSON file.
//   node infra/bench/bench.ts [--trials N] [--out FILE]
// The picture is judged by its pixels in a real Chromium; times are of the page's own clock.
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { Product } from '../e2e/product.ts';
import { measureFirstPicture } from './first-picture.ts';
import { measureFrameRate } from './frame-rate.ts';
import { measureInputToPhoton } from './input-to-photon.ts';
import { measureMonitorSwitch } from './monitor-switch.ts';
import { measureStillScreen } from './still-screen.ts';

const { values } = parseArgs({ options: { trials: { type: 'string' }, out: { type: 'string' } } });
const { trials, out } = z
  .object({
    trials: z.coerce.number().int().min(1).max(1000).default(100),
    out: z.string().default(new URL('results/latest.json', import.meta.url).pathname),
  })
  .parse(values);

const product = await Product.start({ apps: false });
try {
  const step = async <T>(name: string, measure: () => Promise<T>): Promise<T> => {
    process.stderr.write(`[bench] ${name} …\n`);
    const result = await measure();
    process.stderr.write(`[bench] ${name}: ${JSON.stringify(result)}\n`);
    return result;
  };
  const results = {
    at: new Date().toISOString(),
    machine: {
      cpu: cpus()[0]?.model ?? 'unknown',
      cores: cpus().length,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
    },
    trials,
    first_picture_ms: await step('first picture', () => measureFirstPicture(product, trials)),
    input_to_photon_ms: await step('input to photon', () => measureInputToPhoton(product, trials)),
    monitor_switch_ms: await step('monitor switch', () => measureMonitorSwitch(product, trials)),
    still_screen: await step('still screen', () => measureStillScreen(product)),
    full_change_each_16_ms: await step('full-screen change each 16 ms', () =>
      measureFrameRate(product),
    ),
  };
  mkdirSync(dirname(out), { recursive: true });
  writeFileSync(out, `${JSON.stringify(results, null, 2)}\n`);
  process.stdout.write(`${JSON.stringify(results, null, 2)}\nwritten to ${out}\n`);
} finally {
  await product.close();
}
