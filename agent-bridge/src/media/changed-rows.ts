// Damage says where somebody drew, not whether anything looks different: applications repaint what
// was there, and captures without damage (Windows GDI) know nothing at all. Comparing costs 0.1 ms
// per MB that is equal and nothing where it differs early; encoding an unchanged picture costs 3-5 ms.
import type { Picture } from './frame.ts';
import type { RowBands } from './row-bands.ts';

/**
 * Copies the marked rows from the newest pixels into `picture` and takes the mark from bands that
 * were equal. Both must have the same width and height; rows may be padded differently.
 */
export function copyChangedRows(newest: Picture, picture: Picture, rows: RowBands): void {
  const rowBytes = picture.widthPx * 4;
  const packed = newest.strideBytes === picture.strideBytes;
  rows.filter((top, count) => {
    if (packed)
      return copyIfDifferent(newest, picture, top, (count - 1) * newest.strideBytes + rowBytes);
    let changed = false;
    for (let row = top; row < top + count; row++) {
      changed = copyIfDifferent(newest, picture, row, rowBytes) || changed;
    }
    return changed;
  });
}

function copyIfDifferent(from: Picture, to: Picture, row: number, bytes: number): boolean {
  const fromStart = row * from.strideBytes;
  const toStart = row * to.strideBytes;
  const order = from.pixels.compare(
    to.pixels,
    toStart,
    toStart + bytes,
    fromStart,
    fromStart + bytes,
  );
  if (order === 0) return false;
  from.pixels.copy(to.pixels, toStart, fromStart, fromStart + bytes);
  return true;
}
