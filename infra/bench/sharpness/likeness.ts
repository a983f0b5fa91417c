// How sharp a viewer's picture is, beside the screen it shows.
import { lumaOf, type Rgb } from './screen.ts';
import { meanAbsoluteError, ssim } from './similarity.ts';

export type Likeness = {
  /** SSIM of luma: the usual figure, blind to smeared colour. */
  readonly ssimLuma: number;
  /** Mean of the SSIM of red, green and blue. */
  readonly ssimRgb: number;
  /** Of 255, mean of the three colours. */
  readonly meanAbsoluteError: number;
};

/** What nobody can tell from the original, at native size. */
export const VISUALLY_LOSSLESS_SSIM = 0.995;

export function likeness(source: Rgb, shown: Rgb): Likeness {
  const meanOf = (compare: typeof ssim): number =>
    source.reduce((sum, plane, n) => sum + compare(plane, shown[n] ?? plane), 0) / source.length;
  return {
    ssimLuma: round(ssim(lumaOf(source), lumaOf(shown)), 4),
    ssimRgb: round(meanOf(ssim), 4),
    meanAbsoluteError: round(meanOf(meanAbsoluteError), 2),
  };
}

const round = (value: number, digits: number): number => Number(value.toFixed(digits));
