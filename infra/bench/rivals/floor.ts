// The floor: nothing remote at all. A canvas in the same browser that changes within the key event;
// what remains is the browser's own way from event to frame.
import type { Browser } from 'puppeteer-core';
import { MARKER_PX, markerColour, markerPlaces } from '../scenes/markers.ts';
import type { ContenderSpec } from './contender.ts';

export const FLOOR: ContenderSpec = {
  name: 'floor',
  label: 'floor: a local canvas',
  packages: [],
  modules: [],
  start: async ({ size }) => ({
    display: undefined,
    sitDown: async (browser: Browser) => {
      const page = await browser.newPage();
      await page.setContent(
        `<style>body{margin:0}</style><canvas width="${size.width}" height="${size.height}"></canvas>`,
      );
      const colours = Array.from({ length: 8 }, (_, i) => markerColour(i));
      await page.evaluate(drawAtKeys, colours, [...markerPlaces(size)], MARKER_PX);
      return { page, picture: 'canvas', close: () => page.close() };
    },
    close: async () => undefined,
  }),
};

/** In the page. */
function drawAtKeys(
  colours: readonly number[],
  places: readonly { x: number; y: number }[],
  markerPx: number,
): void {
  const canvas = document.querySelector('canvas');
  const context = canvas?.getContext('2d');
  if (!canvas || !context) return;
  const css = (colour: number): string => `#${colour.toString(16).padStart(6, '0')}`;
  let changes = 0;
  const draw = (): void => {
    context.fillStyle = css(changes % 2 ? 0xf0f0f0 : 0x101010);
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.fillStyle = css(colours[changes % colours.length] ?? 0);
    for (const { x, y } of places) context.fillRect(x, y, markerPx, markerPx);
  };
  draw();
  window.addEventListener('keydown', () => {
    changes += 1;
    draw();
  });
}
