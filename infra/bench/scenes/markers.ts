// How a change is recognised in any product's picture: two patches, near the first and at the last
// corner of the screen, whose colour counts the changes. A change has arrived when both show the same
// new colour: products send a picture piece by piece. Pure; used by the X client and in the page.

export type Point = { readonly x: number; readonly y: number };
export type Size = { readonly width: number; readonly height: number };

/** Large enough that its middle survives halved colour resolution and JPEG's blocks. */
export const MARKER_PX = 32;
/** Room for a product's own sign at the upper edge. */
const FROM_TOP_PX = 96;
const DARK = 0x18;
const LIGHT = 0xe8;

/** The corners of the RGB cube: every two differ by more than a lossy codec can blur. */
export const COLOURS = 8;

/** 0xRRGGBB of the n-th change. */
export function markerColour(count: number): number {
  const bits = count % COLOURS;
  const channel = (bit: number): number => ((bits >> bit) & 1 ? LIGHT : DARK);
  return (channel(0) << 16) | (channel(1) << 8) | channel(2);
}

/** Upper left corners of both markers. */
export const markerPlaces = ({ width, height }: Size): readonly [Point, Point] => [
  { x: 0, y: FROM_TOP_PX },
  { x: width - MARKER_PX, y: height - MARKER_PX },
];

/** The pixels to look at. */
export const markerMiddles = (size: Size): readonly Point[] =>
  markerPlaces(size).map(({ x, y }) => ({ x: x + MARKER_PX / 2, y: y + MARKER_PX / 2 }));
