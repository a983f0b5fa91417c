// Medians and percentiles; never averages (a mean hides the frame that was late).

export type Figures = {
  readonly n: number;
  readonly p50: number;
  readonly p95: number;
  readonly min: number;
  readonly max: number;
};

/** Nearest-rank percentiles, rounded to 0.1. @throws Error without samples. */
export function figures(samples: readonly number[]): Figures {
  const sorted = [...samples].sort((a, b) => a - b);
  const rank = (share: number): number => {
    const value =
      sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))];
    if (value === undefined) throw new Error('no samples');
    return Math.round(value * 10) / 10;
  };
  return { n: sorted.length, p50: rank(0.5), p95: rank(0.95), min: rank(0), max: rank(1) };
}
