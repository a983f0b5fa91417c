// The desktop's background: two close colours, which is what a root window can show with nothing
// but xsetroot. Each monitor has one of them as its ground and large rings of the other, so that
// the monitors can be told apart at a glance. Flat areas, because they cost an encoder nothing.
import type { Monitor } from './monitors.ts';

/** Bits that are set are drawn in `foreground`. */
export const WALLPAPER_COLOURS = { background: '#1e3a56', foreground: '#24456a' } as const;

/** Radii of the ring edges, as a share of the monitor's height, from the middle of its lower edge. */
const RING_EDGES = [0.28, 0.46, 0.66, 0.88, 1.12];

/** An X bitmap (XBM) that covers all monitors. */
export function wallpaper(monitors: readonly Monitor[]): string {
  const width = Math.max(...monitors.map(({ x, width }) => x + width));
  const height = Math.max(...monitors.map(({ y, height }) => y + height));
  const bytesPerRow = Math.ceil(width / 8);
  const bits = new Uint8Array(bytesPerRow * height);
  for (const [index, monitor] of monitors.entries()) {
    for (let row = 0; row < monitor.height; row += 1) {
      for (let column = 0; column < monitor.width; column += 1) {
        if ((ringAt(monitor, column, row) + index) % 2 === 0) continue;
        const offset = (monitor.y + row) * bytesPerRow;
        const x = monitor.x + column;
        const at = offset + (x >> 3);
        bits[at] = (bits[at] ?? 0) | (1 << (x & 7)); // XBM: the lowest bit is the leftmost pixel
      }
    }
  }
  const bytes = Array.from(bits, (byte) => `0x${byte.toString(16).padStart(2, '0')}`);
  return `#define desktop_width ${width}\n#define desktop_height ${height}\nstatic unsigned char desktop_bits[] = {\n${bytes.join(',')}};\n`;
}

/** How many ring edges lie between the centre and this pixel. */
function ringAt({ width, height }: Monitor, column: number, row: number): number {
  const distance = Math.hypot(column - width / 2, height - row) / height;
  return RING_EDGES.filter((edge) => edge < distance).length;
}
