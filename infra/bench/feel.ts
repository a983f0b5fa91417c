// What a technician feels, on the product as it is delivered. The picture is judged by its pixels in
// a real Chromium; times are of the page's own clock.
import { Product } from '../e2e/product.ts';
import type { BenchOptions } from './benches.ts';
import { measureFirstPicture } from './first-picture.ts';
import { measureFrameRate } from './frame-rate.ts';
import { measureInputToPhoton } from './input-to-photon.ts';
import { measureMonitorSwitch } from './monitor-switch.ts';
import { measureStillScreen } from './still-screen.ts';

export async function measureFeel({ trials, say }: BenchOptions) {
  const product = await Product.start({ apps: false });
  try {
    const step = async <T>(name: string, measure: () => Promise<T>): Promise<T> => {
      say(`${name} …`);
      const result = await measure();
      say(`${name}: ${JSON.stringify(result)}`);
      return result;
    };
    return {
      first_picture_ms: await step('first picture', () => measureFirstPicture(product, trials)),
      input_to_photon_ms: await step('input to photon', () =>
        measureInputToPhoton(product, trials),
      ),
      monitor_switch_ms: await step('monitor switch', () => measureMonitorSwitch(product, trials)),
      still_screen: await step('still screen', () => measureStillScreen(product)),
      full_change_each_16_ms: await step('full-screen change each 16 ms', () =>
        measureFrameRate(product),
      ),
    };
  } finally {
    await product.close();
  }
}
