// npm run bench -- scenes: where the time of an input goes, for each kind of content.
import { Product } from '../e2e/product.ts';
import type { BenchOptions } from './benches.ts';
import { measureInputToPhoton, type InputToPhoton } from './input-to-photon.ts';
import { CONTENT, type SceneName } from './scenes/scenes.ts';

export async function measureScenes({ trials, say }: BenchOptions) {
  const product = await Product.start({ apps: false });
  try {
    const latency_ms: Partial<Record<SceneName, InputToPhoton>> = {};
    for (const scene of ['flip', ...CONTENT] as const) {
      const measured = await measureInputToPhoton(product, trials, scene);
      latency_ms[scene] = measured;
      const hops = Object.entries(measured.trace.hops_ms).map(([hop, { p50 }]) => `${hop} ${p50}`);
      say(`${scene}: p50 ${measured.p50}, p95 ${measured.p95} ms; ${hops.join(', ')}`);
    }
    return { latency_ms };
  } finally {
    await product.close();
  }
}
