// From the click on a monitor's button to the first painted frame of that monitor.
import type { Product } from '../e2e/product.ts';
import { until } from '../stack/until.ts';
import { figures, type Figures } from './figures.ts';

export async function measureMonitorSwitch(product: Product, trials: number): Promise<Figures> {
  const session = await product.session();
  const viewer = await product.view(session.viewer);
  await viewer.picture();
  await viewer.page.evaluate(installStopwatch);
  const samples: number[] = [];
  for (let trial = 0; trial < trials; trial += 1) {
    const target =
      trial % 2 === 0 ? { button: 'Monitor 2', width: 1024 } : { button: 'Monitor 1', width: 1280 };
    await viewer.press(target.button);
    samples.push(
      await until(`switch ${trial}`, () =>
        viewer.page.evaluate(
          (n) => (window as unknown as { gcSwitch: { samples: number[] } }).gcSwitch.samples[n],
          trial,
        ),
      ),
    );
    await until('the picture', async () => (await viewer.picture()).width === target.width);
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  await viewer.close();
  await product.stack.contract.sessions.end({ session_id: session.id });
  return figures(samples);
}

/** In the page: a click starts the watch, the first frame of another shown picture stops it. */
function installStopwatch(): void {
  const probe = (window as unknown as { gcProbe: { shown(): HTMLVideoElement | undefined } })
    .gcProbe;
  const samples: number[] = [];
  window.addEventListener(
    'pointerdown',
    (event) => {
      const before = probe.shown();
      const look = (): void => {
        const now = probe.shown();
        if (now && now !== before) samples.push(performance.now() - event.timeStamp);
        else requestAnimationFrame(look);
      };
      look();
    },
    { capture: true },
  );
  Object.defineProperty(window, 'gcSwitch', { value: { samples } });
}
