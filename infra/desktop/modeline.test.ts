import { expect, test } from 'vitest';
import { MAX_CLOCK_MHZ, modeline } from './modeline.ts';

test('gives the timings VESA publishes for reduced blanking', () => {
  // What `cvt -r` prints for these sizes.
  expect(modeline({ width: 1920, height: 1080 }).timings).toBe(
    '138.50 1920 1968 2000 2080 1080 1083 1088 1111 +HSync -VSync',
  );
  expect(modeline({ width: 1920, height: 1200 }).timings).toBe(
    '154.00 1920 1968 2000 2080 1200 1203 1209 1235 +HSync -VSync',
  );
  expect(modeline({ width: 1280, height: 720 }).timings).toBe(
    '64.00 1280 1328 1360 1440 720 723 728 741 +HSync -VSync',
  );
});

test('takes sizes of no known aspect ratio', () => {
  expect(modeline({ width: 1000, height: 333 }).timings).toMatch(/^\d+\.\d\d 1000 .* 333 336 346 /);
});

test('lowers the refresh rate where the driver could not keep up', () => {
  const { clockMhz } = modeline({ width: 3840, height: 2160 });
  expect(clockMhz).toBeLessThanOrEqual(MAX_CLOCK_MHZ);
  expect(clockMhz).toBeGreaterThan(200); // 30 Hz, not less
});

test.each([
  { width: 0, height: 720 },
  { width: 1280.5, height: 720 },
  { width: 1280, height: 100_000 },
  { width: Number.NaN, height: 720 },
])('refuses $width x $height', (size) => {
  expect(() => modeline(size)).toThrow(RangeError);
});
