import { describe, expect, it } from 'vitest';
import { RowBands } from './row-bands.ts';
import { StillParts } from './still-parts.ts';

const HEIGHT = 320;
const MS = 1000;

function rows(top: number, count: number): RowBands {
  const bands = new RowBands(HEIGHT);
  bands.addRows(top, count);
  return bands;
}

/** Everything changed at 0; the upper band goes on changing every 16 ms until `untilMs`. */
function textBelowAVideo(untilMs: number): StillParts {
  const parts = new StillParts(HEIGHT);
  parts.noteChanged(rows(0, HEIGHT), 0);
  for (let ms = 16; ms <= untilMs; ms += 16) parts.noteChanged(rows(0, 32), ms * MS);
  return parts;
}

describe('text beside something that moves', () => {
  it('is to be refined when it has been still for 200 ms, not before', () => {
    expect(textBelowAVideo(190).wantRefining(190 * MS)).toBe(false);
    expect(textBelowAVideo(208).wantRefining(208 * MS)).toBe(true);
  });

  it('is refined once, though the rest goes on moving', () => {
    const parts = textBelowAVideo(208);
    parts.noteRefined(false, 208 * MS);
    for (let ms = 224; ms < 5000; ms += 16) {
      parts.noteChanged(rows(0, 32), ms * MS);
      expect(parts.wantRefining(ms * MS)).toBe(false);
    }
  });

  it('is tried again, at a distance, while there were not bytes enough', () => {
    const parts = textBelowAVideo(208);
    parts.noteRefined(true, 208 * MS);
    expect(parts.wantRefining(250 * MS)).toBe(false);
    expect(parts.wantRefining(308 * MS)).toBe(true);
  });

  it('begins again after a change of its own, and after a key frame', () => {
    const parts = textBelowAVideo(208);
    parts.noteRefined(false, 208 * MS);
    parts.noteChanged(rows(200, 1), 500 * MS);
    expect(parts.wantRefining(600 * MS)).toBe(false);
    expect(parts.wantRefining(700 * MS)).toBe(true);
    parts.noteRefined(false, 700 * MS);
    parts.noteKeyframe();
    expect(parts.wantRefining(900 * MS)).toBe(true);
  });

  it('asks for nothing when everything moves', () => {
    const parts = new StillParts(HEIGHT);
    for (let ms = 0; ms < 3000; ms += 16) {
      parts.noteChanged(rows(0, HEIGHT), ms * MS);
      expect(parts.wantRefining(ms * MS)).toBe(false);
    }
  });
});
