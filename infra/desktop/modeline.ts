// X modelines for monitors of any size: VESA CVT timings with reduced blanking (CVT 1.1, 2003,
// section 3.5), which is what a digital monitor would announce. Nothing is ever scanned out, but
// the server checks the numbers like those of real hardware.

/** Blanking of CVT reduced timings, in pixels: front porch, sync, total. */
const H_FRONT_PORCH_PX = 48;
const H_SYNC_PX = 32;
const H_BLANK_PX = 160;
const V_FRONT_PORCH_LINES = 3;
const V_MIN_BACK_PORCH_LINES = 6;
/** A CRT's beam needed this long to return; reduced timings keep the number. */
const V_MIN_BLANK_US = 460;
const CLOCK_STEP_MHZ = 0.25;

/** The dummy driver refuses faster pixel clocks. */
export const MAX_CLOCK_MHZ = 300;
/** Tried in this order until the clock is one the driver takes: 3840x2160 gets 30 Hz. */
const REFRESH_RATES_HZ = [60, 50, 30, 24, 15];

export type Size = { readonly width: number; readonly height: number };

export type Modeline = {
  /** `1280x720`. */
  readonly name: string;
  /** The numbers as xorg.conf and `xrandr --newmode` take them. */
  readonly timings: string;
  readonly clockMhz: number;
};

/** @throws RangeError for a size no monitor has (not whole, or outside 64 … 8192 pixels). */
export function modeline(size: Size): Modeline {
  for (const length of [size.width, size.height]) {
    if (!Number.isInteger(length) || length < 64 || length > 8192) {
      throw new RangeError(`a monitor cannot be ${size.width}x${size.height} pixels`);
    }
  }
  for (const refreshHz of REFRESH_RATES_HZ) {
    const found = timingsAt(size, refreshHz);
    if (found.clockMhz <= MAX_CLOCK_MHZ) return found;
  }
  throw new RangeError(`${size.width}x${size.height} pixels need a faster clock than there is`);
}

function timingsAt({ width, height }: Size, refreshHz: number): Modeline {
  const vSync = verticalSyncLines(width / height);
  const linePeriodUs = (1e6 / refreshHz - V_MIN_BLANK_US) / height;
  const vBlank = Math.max(
    Math.floor(V_MIN_BLANK_US / linePeriodUs) + 1,
    V_FRONT_PORCH_LINES + vSync + V_MIN_BACK_PORCH_LINES,
  );
  const hTotal = width + H_BLANK_PX;
  const vTotal = height + vBlank;
  const exactClockMhz = (refreshHz * hTotal * vTotal) / 1e6;
  const clockMhz = Math.floor(exactClockMhz / CLOCK_STEP_MHZ) * CLOCK_STEP_MHZ;

  const hSyncStart = width + H_FRONT_PORCH_PX;
  const vSyncStart = height + V_FRONT_PORCH_LINES;
  const horizontal = [width, hSyncStart, hSyncStart + H_SYNC_PX, hTotal];
  const vertical = [height, vSyncStart, vSyncStart + vSync, vTotal];
  return {
    name: `${width}x${height}`,
    timings: [clockMhz.toFixed(2), ...horizontal, ...vertical, '+HSync', '-VSync'].join(' '),
    clockMhz,
  };
}

/** CVT says the aspect ratio by the length of the vertical sync pulse. */
function verticalSyncLines(aspectRatio: number): number {
  const known: readonly (readonly [ratio: number, lines: number])[] = [
    [4 / 3, 4],
    [16 / 9, 5],
    [16 / 10, 6],
    [5 / 4, 7],
    [15 / 9, 7],
  ];
  return known.find(([ratio]) => Math.abs(ratio - aspectRatio) < 0.005)?.[1] ?? 10;
}
