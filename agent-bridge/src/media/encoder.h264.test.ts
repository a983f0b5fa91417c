import { afterEach, describe, expect, it } from 'vitest';
import { H264Decoder, nalTypes, profileLevelId } from '../../test/h264-decoder.ts';
import { paintText, psnrDb } from '../../test/painting.ts';
import { paintRect } from './capture.test-pattern.ts';
import { ColorConverter } from './color-convert.ts';
import { H264_PROFILE_LEVEL_ID, H264Encoder } from './encoder.h264.ts';
import type { EncodedPicture, EncodeOrder } from './encoder.ts';
import type { Chroma } from './frame.ts';
import { RUNGS, type Rung } from './preset-ladder.ts';
import { RowBands } from './row-bands.ts';
import { ScreenPicture } from './screen-picture.ts';

const WIDTH = 640;
const HEIGHT = 360;
const PLENTY = 1_000_000;

/** A screen, its converter, the encoder and the viewer's decoder. */
class Bench {
  readonly converter: ColorConverter;
  readonly encoder: H264Encoder;
  readonly decoder = new H264Decoder();
  readonly #changed: RowBands;

  constructor({
    chroma = '420',
    rung = 'thorough',
    widthPx = WIDTH,
    heightPx = HEIGHT,
    maxBytes = PLENTY,
  }: {
    chroma?: Chroma;
    rung?: Rung;
    widthPx?: number;
    heightPx?: number;
    maxBytes?: number;
  } = {}) {
    const screen = new ScreenPicture(widthPx, heightPx);
    this.converter = new ColorConverter({ screen, chroma, threads: 1 });
    this.#changed = new RowBands(heightPx);
    const { codedWidthPx, codedHeightPx } = this.converter;
    const options = { codedWidthPx, codedHeightPx, chroma, rung, threads: 2, maxBytes };
    this.encoder = new H264Encoder(options);
  }

  /** Paints, converts, encodes and decodes; what changed is said to be everything. */
  paint(paint: (bench: this) => void, order: Partial<EncodeOrder> = {}) {
    paint(this);
    this.#changed.addAll();
    this.converter.convert(this.#changed);
    return this.encode(order);
  }

  encode(order: Partial<EncodeOrder> = {}) {
    const encoded: EncodedPicture = this.encoder.encode(this.converter.planes, {
      keyframe: false,
      quality: 'change',
      changed: this.#changed,
      maxBytes: PLENTY,
      ...order,
    });
    this.#changed.clear();
    return { ...encoded, picture: this.decoder.decode(encoded.data) };
  }

  /** How close the decoded luma is to the one encoded. */
  psnrOf({ picture }: ReturnType<Bench['encode']>): number {
    const { planes, codedWidthPx, codedHeightPx } = this.converter;
    const source = {
      data: planes.data?.[0] ?? Buffer.alloc(0),
      strideBytes: planes.linesize[0] ?? 0,
    };
    const shown = { data: picture.luma, strideBytes: picture.lumaStrideBytes };
    return psnrDb(source, shown, codedWidthPx, codedHeightPx);
  }

  close(): void {
    this.encoder.close();
    this.converter.close();
    this.decoder.close();
  }
}

let bench: Bench;
afterEach(() => bench.close());
const text = (page: number) => (it: Bench) => paintText(it.converter.picture, page);

describe('key frames', () => {
  it('the first frame is one, with SPS and PPS before its IDR slices', () => {
    bench = new Bench();
    const { keyframe, data } = bench.paint(text(1));
    expect(keyframe).toBe(true);
    const types = nalTypes(data).filter((type) => type !== 6);
    expect(types.slice(0, 2)).toEqual([7, 8]);
    expect(new Set(types.slice(2))).toEqual(new Set([5]));
  });

  it('are made when asked for and at no other time', () => {
    bench = new Bench();
    bench.paint(text(1));
    const made: boolean[] = [true];
    for (let n = 1; n < 300; n++) {
      const { keyframe, data } = bench.encode({ keyframe: n % 100 === 50 });
      expect(nalTypes(data).includes(7)).toBe(keyframe);
      made.push(keyframe);
    }
    const at = made.flatMap((keyframe, n) => (keyframe ? [n] : []));
    expect(at).toEqual([0, 50, 150, 250]);
  });

  it('stand alone: a decoder that starts there shows the right picture', () => {
    bench = new Bench();
    for (let n = 0; n < 5; n++) bench.paint(text(n));
    const { data } = bench.paint(text(9), { keyframe: true });
    const late = new H264Decoder();
    const psnr = bench.psnrOf({ ...bench.encode(), picture: late.decode(data) });
    expect(psnr).toBeGreaterThan(35);
    late.close();
  });
});

describe('the bitstream', () => {
  it.each<[Chroma, Rung]>([
    ...RUNGS.map((rung): [Chroma, Rung] => ['420', rung]),
    ...RUNGS.map((rung): [Chroma, Rung] => ['444', rung]),
  ])('in 4:%s on rung %s has the profile that is negotiated', (chroma, rung) => {
    bench = new Bench({ chroma, rung });
    const { data, picture } = bench.paint(text(1));
    const promised = H264_PROFILE_LEVEL_ID[chroma].slice(0, 2);
    const found = profileLevelId(data);
    expect(found.slice(0, 2)).toBe(promised);
    // Constrained Baseline is Baseline with constraint_set1
    if (chroma === '420') expect(parseInt(found.slice(2, 4), 16) & 0x40).toBe(0x40);
    expect(picture.isSignalledAsScreen).toBe(true);
    expect(bench.psnrOf({ ...bench.encode(), picture })).toBeGreaterThan(35);
  });

  it('gives a picture for every access unit at once: no reordering, no delay', () => {
    bench = new Bench();
    // Bench decodes each one as it comes and would throw
    for (let n = 0; n < 20; n++) bench.paint(text(n));
  });

  it('keeps thin coloured lines in 4:4:4, which 4:2:0 can not', () => {
    const worst = (chroma: Chroma): number => {
      bench = new Bench({ chroma });
      const { picture } = bench.paint(
        ({ converter }) => {
          for (let x = 0; x < WIDTH; x += 2) {
            paintRect(converter.picture, { x, y: 0, widthPx: 1, heightPx: HEIGHT }, 0xff0000);
            paintRect(
              converter.picture,
              { x: x + 1, y: 0, widthPx: 1, heightPx: HEIGHT },
              0x0000ff,
            );
          }
        },
        { quality: 'refined' },
      );
      const [red] = picture.rgbAt(100, 100);
      const [, , blue] = picture.rgbAt(101, 100);
      if (chroma === '420') bench.close();
      return Math.min(red, blue);
    };
    expect(worst('420')).toBeLessThan(200);
    expect(worst('444')).toBeGreaterThan(245);
  });

  it('carries odd sizes padded to even ones in 4:2:0, exactly in 4:4:4', () => {
    bench = new Bench({ widthPx: 321, heightPx: 201, chroma: '444' });
    const exact = bench.paint(text(1)).picture;
    expect([exact.widthPx, exact.heightPx]).toEqual([321, 201]);
    bench.close();
    bench = new Bench({ widthPx: 321, heightPx: 201 });
    const padded = bench.paint(text(1)).picture;
    expect([padded.widthPx, padded.heightPx]).toEqual([322, 202]);
  });
});

describe('bytes', () => {
  it('a key frame of a full page keeps to its cap, and to a lower one on the very next frame', () => {
    bench = new Bench();
    const free = bench.paint(text(1)).data.length;
    expect(free).toBeGreaterThan(20_000);
    for (const share of [0.7, 0.4, 0.2]) {
      const maxBytes = Math.round(free * share);
      const capped = bench.paint(text(2), { keyframe: true, maxBytes });
      expect(capped.data.length).toBeLessThan(maxBytes * 1.1);
      expect(capped.cut).toBe(true);
    }
  });

  it('a higher cap is used one frame later at most', () => {
    bench = new Bench();
    bench.paint(text(1), { maxBytes: 5_000 });
    const before = bench.psnrOf(bench.paint(text(2), { maxBytes: 5_000 }));
    bench.paint(text(3), { maxBytes: PLENTY });
    const after = bench.psnrOf(bench.paint(text(4), { maxBytes: PLENTY }));
    expect(after).toBeGreaterThan(before + 15);
  });

  it('rows that did not change cost next to nothing', () => {
    bench = new Bench();
    bench.paint(text(1));
    const refined = bench.psnrOf(bench.encode({ quality: 'refined' }));
    expect(bench.encode({ quality: 'refined' }).data.length).toBeLessThan(150);
    const repeat = bench.encode({ quality: 'repeat' });
    expect(repeat.data.length).toBeLessThan(150);
    expect(bench.psnrOf(repeat)).toBeCloseTo(refined, 1);
  });

  it.each([
    ['in one refinement when there is room', PLENTY, 1],
    ['in a few capped ones', 27_000, 8],
  ])('a still picture becomes visually lossless %s', (_, maxBytes, frames) => {
    bench = new Bench();
    expect(bench.psnrOf(bench.paint(text(1), { maxBytes }))).toBeLessThan(45);
    let psnr = 0;
    for (let n = 0; n < frames; n++) {
      psnr = bench.psnrOf(bench.encode({ quality: 'refined', maxBytes }));
    }
    // SSIM 0.999 of luma on real text (infra/bench/sharpness)
    expect(psnr).toBeGreaterThan(47);
  });

  it('a change after many repeats is as good as one before', () => {
    bench = new Bench();
    bench.paint(text(1));
    const soon = bench.psnrOf(bench.paint(text(2)));
    for (let n = 0; n < 30; n++) bench.encode({ quality: 'repeat' });
    expect(bench.psnrOf(bench.paint(text(3)))).toBeGreaterThan(soon - 3);
  });

  it('a scroll costs a fraction of a new page', () => {
    bench = new Bench();
    bench.paint(text(1));
    const page = bench.paint(text(2)).data.length;
    const scrolled = bench.paint(({ converter: { picture } }) => {
      picture.pixels.copyWithin(0, 48 * picture.strideBytes);
    });
    expect(scrolled.data.length).toBeLessThan(page / 5);
  });
});

describe('memory', () => {
  it('is flat over thousands of frames', () => {
    bench = new Bench({ widthPx: 320, heightPx: 180 });
    const decodeNothing = (frames: number) => {
      for (let n = 0; n < frames; n++) {
        const keyframe = n % 50 === 0;
        const changed = new RowBands(180);
        if (n % 3 === 0) changed.addAll();
        const order: EncodeOrder = {
          keyframe,
          quality: 'change',
          changed,
          maxBytes: 8000 + (n % 7),
        };
        bench.encoder.encode(bench.converter.planes, order);
      }
    };
    decodeNothing(1_000);
    const before = process.memoryUsage().rss;
    decodeNothing(4_000);
    const grownMb = (process.memoryUsage().rss - before) / 1e6;
    expect(grownMb).toBeLessThan(20);
  });

  it('closing twice is harmless', () => {
    bench = new Bench();
    bench.encoder.close();
    bench.encoder.close();
  });
});
