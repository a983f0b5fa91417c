import { describe, expect, it } from 'vitest';
import { pseudoRandom } from '../../test/painting.ts';
import { paintRect } from './capture.test-pattern.ts';
import { ColorConverter } from './color-convert.ts';
import type { Chroma } from './frame.ts';
import { BAND_ROWS, RowBands } from './row-bands.ts';
import { ScreenPicture } from './screen-picture.ts';

function convertAll(converter: ColorConverter): void {
  const rows = new RowBands(converter.picture.heightPx);
  rows.addAll();
  converter.convert(rows);
}

function open(widthPx: number, heightPx: number, chroma: Chroma): ColorConverter {
  return new ColorConverter({ screen: new ScreenPicture(widthPx, heightPx), chroma, threads: 2 });
}

function fillWithNoise({ picture }: ColorConverter): void {
  const random = pseudoRandom(5);
  for (let y = 0; y < picture.heightPx; y++) {
    for (let x = 0; x < picture.widthPx * 4; x++) {
      picture.pixels[y * picture.strideBytes + x] = random() * 256;
    }
  }
}

/** Y, Cb, Cr of the sample that covers pixel (x, y). */
function sample(converter: ColorConverter, chroma: Chroma, x: number, y: number): number[] {
  const shift = chroma === '420' ? 1 : 0;
  const { data, linesize } = converter.planes;
  return (data ?? []).map((plane, n) => {
    const s = n === 0 ? 0 : shift;
    return plane[(y >> s) * (linesize[n] ?? 0) + (x >> s)] ?? -1;
  });
}

/** ITU-R BT.709, rounded: 4:2:0 in limited range, 4:4:4 in full range. */
const BT709: Readonly<Record<Chroma, Readonly<Record<string, number[]>>>> = {
  '420': {
    ffffff: [235, 128, 128],
    '000000': [16, 128, 128],
    ff0000: [63, 102, 240],
    '00ff00': [173, 42, 26],
    '0000ff': [32, 240, 118],
    '808080': [126, 128, 128],
  },
  '444': {
    ffffff: [255, 128, 128],
    '000000': [0, 128, 128],
    ff0000: [54, 99, 255],
    '00ff00': [182, 30, 12],
    '0000ff': [18, 255, 116],
    '808080': [128, 128, 128],
  },
};

describe.each<Chroma>(['420', '444'])('colours in 4:%s', (chroma) => {
  it.each(Object.entries(BT709[chroma]))('%s is what BT.709 says', (hex, expected) => {
    const colour = parseInt(hex, 16);
    const converter = open(64, 64, chroma);
    paintRect(converter.picture, { x: 0, y: 0, widthPx: 64, heightPx: 64 }, colour);
    convertAll(converter);
    for (const [n, value] of sample(converter, chroma, 33, 33).entries()) {
      expect(Math.abs(value - (expected[n] ?? -1))).toBeLessThanOrEqual(1);
    }
    converter.close();
  });

  it.each([
    [640, 360],
    [641, 363],
    [320, 30],
  ])('%ix%i converted band by band is the picture converted at once', (widthPx, heightPx) => {
    const whole = open(widthPx, heightPx, chroma);
    const banded = open(widthPx, heightPx, chroma);
    fillWithNoise(whole);
    fillWithNoise(banded);
    convertAll(whole);
    for (let row = 0; row < heightPx; row += BAND_ROWS) {
      const rows = new RowBands(heightPx);
      rows.addRows(row, 1);
      banded.convert(rows);
    }
    let worst = 0;
    for (let y = 0; y < heightPx; y++) {
      for (let x = 0; x < widthPx; x++) {
        const a = sample(whole, chroma, x, y);
        const b = sample(banded, chroma, x, y);
        for (const n of [0, 1, 2]) worst = Math.max(worst, Math.abs((a[n] ?? 0) - (b[n] ?? 0)));
      }
    }
    expect(worst).toBeLessThanOrEqual(1);
    whole.close();
    banded.close();
  });

  it('only the rows that changed are converted', () => {
    const converter = open(320, 320, chroma);
    const everywhere = { x: 0, y: 0, widthPx: 320, heightPx: 320 };
    paintRect(converter.picture, everywhere, 0x000000);
    convertAll(converter);
    paintRect(converter.picture, everywhere, 0xffffff);
    const rows = new RowBands(320);
    rows.addRows(3 * BAND_ROWS, BAND_ROWS);
    converter.convert(rows);
    const [white] = BT709[chroma]['ffffff'] ?? [];
    const [black] = BT709[chroma]['000000'] ?? [];
    expect(sample(converter, chroma, 100, 3 * BAND_ROWS)[0]).toBe(white);
    expect(sample(converter, chroma, 100, 4 * BAND_ROWS - 1)[0]).toBe(white);
    expect(sample(converter, chroma, 100, 3 * BAND_ROWS - 1)[0]).toBe(black);
    expect(sample(converter, chroma, 100, 4 * BAND_ROWS)[0]).toBe(black);
    converter.close();
  });
});

describe('odd sizes', () => {
  it('are filled up to even ones in 4:2:0 by repeating the edge', () => {
    const converter = open(65, 33, '420');
    paintRect(converter.picture, { x: 0, y: 0, widthPx: 65, heightPx: 33 }, 0xffffff);
    convertAll(converter);
    expect([converter.codedWidthPx, converter.codedHeightPx]).toEqual([66, 34]);
    expect(sample(converter, '420', 65, 33)).toEqual([235, 128, 128]);
    converter.close();
  });

  it('stay odd in 4:4:4', () => {
    const converter = open(65, 33, '444');
    expect([converter.codedWidthPx, converter.codedHeightPx]).toEqual([65, 33]);
    converter.close();
    converter.close();
  });
});

describe('a rendition smaller than the monitor', () => {
  it('shows all of it, and says which of its own rows changed', () => {
    const screen = new ScreenPicture(641, 401);
    const converter = new ColorConverter({ screen, chroma: '420', maxPixels: 16_000, threads: 1 });
    const { codedWidthPx, codedHeightPx } = converter;
    expect([codedWidthPx, codedHeightPx]).toEqual([158, 100]);
    const rows = new RowBands(401);
    rows.addAll();
    paintRect(screen.picture, { x: 0, y: 0, widthPx: 641, heightPx: 401 }, 0x000000);
    expect(converter.convert(rows).count).toBe(Math.ceil(100 / BAND_ROWS));
    paintRect(screen.picture, { x: 0, y: 352, widthPx: 641, heightPx: 49 }, 0xffffff);
    rows.clear();
    rows.addRows(352, 49);
    const changed: [number, number][] = [];
    converter.convert(rows).forEachRun((top, count) => changed.push([top, count]));
    expect(changed).toEqual([[64, 36]]);
    expect(sample(converter, '420', 157, 99)[0]).toBe(235);
    expect(sample(converter, '420', 80, 50)[0]).toBe(16);
    converter.close();
    screen.close();
  });

  it('shares the picture with one at full size', () => {
    const screen = new ScreenPicture(65, 33);
    const full = new ColorConverter({ screen, chroma: '444', threads: 1 });
    const small = new ColorConverter({ screen, chroma: '420', maxPixels: 500, threads: 1 });
    paintRect(screen.picture, { x: 0, y: 0, widthPx: 65, heightPx: 33 }, 0xffffff);
    for (const converter of [full, small]) {
      convertAll(converter);
      const white = converter === full ? 255 : 235;
      expect(sample(converter, '444', 8, 8)[0]).toBe(white);
    }
    small.close();
    convertAll(full);
    full.close();
    screen.close();
  });
});
