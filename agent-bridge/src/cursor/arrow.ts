// The plain arrow, for when the system shows a pointer but does not let us have its picture. Pure.
import type { CursorImage } from './cursor-image.ts';

/** # black, . white, blank see-through; it points with its top left pixel. */
const ARROW = [
  '#',
  '##',
  '#.#',
  '#..#',
  '#...#',
  '#....#',
  '#.....#',
  '#......#',
  '#.......#',
  '#........#',
  '#.........#',
  '#......#####',
  '#...#..#',
  '#..##..#',
  '#.#  #..#',
  '##   #..#',
  '#     #..#',
  '      #..#',
  '       ##',
];

export function arrowImage(): CursorImage {
  const height = ARROW.length;
  const width = Math.max(...ARROW.map((line) => line.length));
  const rgba = new Uint8Array(width * height * 4);
  ARROW.forEach((line, y) => {
    [...line].forEach((mark, x) => {
      if (mark === ' ') return;
      const colour = mark === '.' ? 255 : 0;
      rgba.set([colour, colour, colour, 255], (y * width + x) * 4);
    });
  });
  return { width, height, hotspotX: 0, hotspotY: 0, rgba, visible: true };
}
