import { describe, expect, it } from 'vitest';
import { PathWatch, PATIENCE_MS, SILENCE_MS } from './path-watch.ts';

const seen = (watch: PathWatch, sent: number, arrived: number, nowMs: number): boolean =>
  watch.observe({ sent, arrived }, nowMs);

describe('the path to the media node', () => {
  it('is well while what we send arrives', () => {
    const watch = new PathWatch();
    for (let i = 0; i < 100; i += 1) expect(seen(watch, i * 10, i, i * 500)).toBe(true);
  });

  it('is well while nothing is sent, however long', () => {
    const watch = new PathWatch();
    expect(seen(watch, 5, 5, 0)).toBe(true);
    expect(seen(watch, 5, 5, 100_000)).toBe(true);
  });

  it('is broken when we send and nothing arrives', () => {
    const watch = new PathWatch();
    seen(watch, 5, 5, 0);
    expect(seen(watch, 10, 5, 1000)).toBe(true);
    expect(seen(watch, 20, 5, 1000 + SILENCE_MS - 1)).toBe(true);
    expect(seen(watch, 30, 5, 1000 + SILENCE_MS)).toBe(false);
    // a single packet may be the last word, and was not answered either
    expect(seen(watch, 30, 5, 2000 + SILENCE_MS)).toBe(false);
  });

  it('is well again with the first arrival', () => {
    const watch = new PathWatch();
    seen(watch, 5, 5, 0);
    seen(watch, 10, 5, 1000);
    expect(seen(watch, 20, 6, 5000)).toBe(true);
    expect(seen(watch, 30, 6, 6000)).toBe(true);
  });

  it('gets time to come back when something is done about it', () => {
    const watch = new PathWatch();
    seen(watch, 5, 5, 0);
    seen(watch, 10, 5, 1000);
    expect(seen(watch, 20, 5, 3000)).toBe(false);
    watch.mending(3000);
    expect(seen(watch, 30, 5, 3000 + PATIENCE_MS - 1)).toBe(true);
    expect(seen(watch, 40, 5, 3000 + PATIENCE_MS)).toBe(false);
  });
});
