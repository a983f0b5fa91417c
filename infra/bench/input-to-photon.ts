// A real key press in Chromium → agent → an X client repaints → the pixel is seen in the page.
import type { Product } from '../e2e/product.ts';
import { until } from '../stack/until.ts';
import { figures, type Figures } from './figures.ts';
import { openFlipWindow } from './flip.ts';

/** Between two trials, so that each starts from a still screen: milliseconds, spread over frames. */
const pauseMs = (trial: number): number => 150 + ((trial * 37) % 50);

export async function measureInputToPhoton(product: Product, trials: number): Promise<Figures> {
  using _window = await openFlipWindow(
    product.desktop.display,
    { x: 0, y: 0, width: 1280, height: 720 },
    ['flip'],
  );
  const session = await product.session();
  const viewer = await product.view(session.viewer);
  const middle = { x: 640, y: 360 };
  await viewer.picture();
  await viewer.showsColour(middle, [16, 16, 16]);
  await viewer.click({ x: 20, y: 20 }); // keyboard focus on the picture
  await viewer.page.evaluate(installStopwatch);
  const samples: number[] = [];
  for (let trial = 0; trial < trials; trial += 1) {
    await new Promise((resolve) => setTimeout(resolve, pauseMs(trial)));
    const before = samples.length;
    await viewer.page.keyboard.press('KeyF');
    samples.push(
      await until(`flip ${trial}`, () =>
        viewer.page.evaluate(
          (n) =>
            (window as unknown as { gcStopwatch: { samples: number[] } }).gcStopwatch.samples[n],
          before,
        ),
      ),
    );
  }
  await viewer.close();
  await product.stack.contract.sessions.end({ session_id: session.id });
  return figures(samples);
}

/** In the page: from the key event's own time stamp to the frame callback whose pixel flipped. */
function installStopwatch(): void {
  type Probe = {
    shown(): HTMLVideoElement | undefined;
    pixel(x: number, y: number): number[] | undefined;
  };
  const probe = (window as unknown as { gcProbe: Probe }).gcProbe;
  const samples: number[] = [];
  let pressedAt: number | undefined;
  let wasWhite = (probe.pixel(640, 360)?.[0] ?? 0) > 128;
  window.addEventListener(
    'keydown',
    (event) => {
      pressedAt = event.timeStamp;
    },
    { capture: true },
  );
  const look = (): void => {
    const isWhite = (probe.pixel(640, 360)?.[0] ?? 0) > 128;
    if (isWhite !== wasWhite && pressedAt !== undefined) {
      samples.push(performance.now() - pressedAt);
      pressedAt = undefined;
    }
    wasWhite = isWhite;
    probe.shown()?.requestVideoFrameCallback(look);
  };
  probe.shown()?.requestVideoFrameCallback(look);
  Object.defineProperty(window, 'gcStopwatch', { value: { samples } });
}
