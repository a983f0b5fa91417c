// How like two pictures are: mean absolute error, and the structural similarity index of Wang, Bovik,
// Sheikh and Simoncelli, "Image Quality Assessment: From Error Visibility to Structural Similarity",
// IEEE Transactions on Image Processing 13(4), 2004, with the paper's own window (11x11 Gaussian,
// sigma 1.5) and constants. Pure.

const WINDOW_PX = 11;
const SIGMA = 1.5;
const C1 = (0.01 * 255) ** 2;
const C2 = (0.03 * 255) ** 2;

/** One channel of a picture, rows from the top without padding, 0 to 255. */
export type Plane = {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly values: Float32Array;
};

const WEIGHTS = Array.from({ length: WINDOW_PX }, (_, i) =>
  Math.exp(-((i - (WINDOW_PX - 1) / 2) ** 2) / (2 * SIGMA ** 2)),
);
const WEIGHT_SUM = WEIGHTS.reduce((sum, weight) => sum + weight, 0);
const KERNEL = Float64Array.from(WEIGHTS, (weight) => weight / WEIGHT_SUM);

/** The mean of the index over all windows that lie inside the picture; 1 only for equal pictures. */
export function ssim(a: Plane, b: Plane): number {
  const [ofA, ofB, both] = [momentsOf(a), momentsOf(b), blur(product(a, b))];
  let sum = 0;
  for (let i = 0; i < both.length; i += 1) {
    const [ma, mb] = [ofA.mean[i]!, ofB.mean[i]!];
    const varianceA = ofA.meanSquare[i]! - ma * ma;
    const varianceB = ofB.meanSquare[i]! - mb * mb;
    const covariance = both[i]! - ma * mb;
    sum +=
      ((2 * ma * mb + C1) * (2 * covariance + C2)) /
      ((ma * ma + mb * mb + C1) * (varianceA + varianceB + C2));
  }
  return sum / both.length;
}

type Moments = { readonly mean: Float64Array; readonly meanSquare: Float64Array };

/** One source is compared with many pictures. */
const known = new WeakMap<Plane, Moments>();

function momentsOf(plane: Plane): Moments {
  const moments = known.get(plane) ?? {
    mean: blur(plane),
    meanSquare: blur(product(plane, plane)),
  };
  known.set(plane, moments);
  return moments;
}

const product = (a: Plane, b: Plane): Plane => ({
  ...a,
  values: a.values.map((value, i) => value * b.values[i]!),
});

/** Of 255. */
export function meanAbsoluteError(a: Plane, b: Plane): number {
  let sum = 0;
  for (let i = 0; i < a.values.length; i += 1)
    sum += Math.abs((a.values[i] ?? 0) - (b.values[i] ?? 0));
  return sum / a.values.length;
}

/** The Gaussian mean around every pixel that has a whole window: rows first, then columns. */
function blur({ widthPx, heightPx, values }: Plane): Float64Array {
  const width = widthPx - WINDOW_PX + 1;
  const height = heightPx - WINDOW_PX + 1;
  const rows = new Float64Array(width * heightPx);
  for (let y = 0; y < heightPx; y += 1) {
    for (let x = 0; x < width; x += 1) {
      let sum = 0;
      for (let k = 0; k < WINDOW_PX; k += 1) sum += KERNEL[k]! * values[y * widthPx + x + k]!;
      rows[y * width + x] = sum;
    }
  }
  const means = new Float64Array(width * height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      let sum = 0;
      for (let k = 0; k < WINDOW_PX; k += 1) sum += KERNEL[k]! * rows[(y + k) * width + x]!;
      means[y * width + x] = sum;
    }
  }
  return means;
}
