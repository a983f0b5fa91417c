import { describe, expect, it } from 'vitest';
import { profileLevelId } from '../../test/h264-decoder.ts';
import { ColorConverter } from './color-convert.ts';
import { ENCODER_NAMES } from './encoder-choice.ts';
import type { Chroma } from './frame.ts';
import { EncoderOpener } from './open-encoder.ts';
import { RowBands } from './row-bands.ts';
import { ScreenPicture } from './screen-picture.ts';

function openConverter(widthPx: number, heightPx: number, chroma: Chroma): ColorConverter {
  const screen = new ScreenPicture(widthPx, heightPx);
  return new ColorConverter({ screen, chroma, maxPixels: Infinity, threads: 1 });
}

describe('on a machine without the hardware, or with it', () => {
  it.each(['420', '444'] as const)('4:%s gets an encoder that works', (chroma) => {
    const size = { codedWidthPx: 320, codedHeightPx: 180 };
    const converter = openConverter(320, 180, chroma);
    const opener = new EncoderOpener(ENCODER_NAMES);
    const options = { ...size, chroma, rung: 'plain', threads: 1, maxBytes: 50_000 } as const;
    const { name, encoder } = opener.open(options, converter.planes);
    const changed = new RowBands(180);
    changed.addAll();
    const order = { keyframe: true, quality: 'change', changed, maxBytes: 50_000 } as const;
    const { data, keyframe } = encoder.encode(converter.planes, order);
    expect(keyframe).toBe(true);
    expect(profileLevelId(data)).toMatch(chroma === '444' ? /^f4/ : /^(42|4d)/);
    expect(opener.unavailable.has(name)).toBe(false);
    encoder.close();
    // asked again it goes straight to the one that works
    const again = opener.open(options, converter.planes);
    expect(again.name).toBe(name);
    again.encoder.close();
    converter.close();
  });

  it('one that broke at work is not chosen again', () => {
    const opener = new EncoderOpener(ENCODER_NAMES);
    for (const name of ENCODER_NAMES) opener.giveUp(name);
    const converter = openConverter(64, 64, '420');
    const { name, encoder } = opener.open(
      {
        codedWidthPx: 64,
        codedHeightPx: 64,
        chroma: '420',
        rung: 'plain',
        threads: 1,
        maxBytes: 9999,
      },
      converter.planes,
    );
    expect(name).toBe('x264');
    encoder.close();
    converter.close();
  });
});
