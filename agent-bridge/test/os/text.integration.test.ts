// Text on X: fonts are found for what a name may hold, and leave nothing behind on a connection.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { XConnection } from '../../src/x11/x-connection.ts';
import type { XProtocolError } from '../../src/x11/x-error.ts';
import { visualOrder } from '../../src/x11/bidi.ts';
import { FontStack } from '../../src/x11/xft.ts';
import { XDisplay } from '../x-display.ts';
import { freeDisplay } from './free-display.ts';

let display: XDisplay;
beforeAll(async () => {
  display = await XDisplay.start(await freeDisplay());
});
afterAll(async () => display.stop());

it('many short connections with fonts in use cause no X error and no wait', () => {
  const errors: XProtocolError[] = [];
  for (let i = 0; i < 50; i++) {
    const x = XConnection.open(display.name, { onProtocolError: (error) => errors.push(error) });
    const fonts = new FontStack(x, { sizePx: 14, bold: i % 2 === 0 });
    expect(fonts.widthPx('hello')).toBeGreaterThan(10);
    fonts.close();
    x.close();
  }
  expect(errors).toEqual([]);
});

it('measures every script, in one line or several fonts', () => {
  const x = XConnection.open(display.name);
  const fonts = new FontStack(x, { sizePx: 14, bold: false });
  for (const text of ['Ana', 'Дмитрий', 'Ελένη', 'محمد', 'דוד', '日本', 'Ana 日本 محمد'])
    expect(fonts.widthPx(text)).toBeGreaterThan(10);
  expect(fonts.widthPx('AnaAna')).toBeCloseTo(2 * fonts.widthPx('Ana'), -1);
  expect(fonts.widthPx('')).toBe(0);
  fonts.close();
  x.close();
});

it('puts right-to-left text into the order it is drawn in, and leaves the rest alone', () => {
  expect(visualOrder('Ana Petrović')).toBe('Ana Petrović');
  expect(visualOrder('אבג')).toBe('גבא');
  // an English sentence stays one, whatever name it starts with
  expect(visualOrder('אבג is viewing this computer')).toBe('גבא is viewing this computer');
  // a Hebrew sentence starts at the right; the foreign word keeps its own order
  expect(visualOrder('אבגד ab')).toBe('ab דגבא');
});
