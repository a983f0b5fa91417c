// The part of Xlib's XImage structure that screen readers touch, at its LP64 offsets (Xlib.h).
import koffi from 'koffi';
import { XError } from './x-error.ts';

export const ZPixmap = 2;
export const ALL_PLANES = 0xffffffff;
const LSBFirst = 0;
const XIMAGE_BYTES = 136;

const Offset = {
  height: 4,
  data: 16,
  byteOrder: 24,
  bytesPerLine: 44,
  bitsPerPixel: 48,
  redMask: 56,
  greenMask: 64,
  blueMask: 72,
} as const;

/** A view of an XImage that Xlib allocated; valid until that is freed. */
export class XImage {
  readonly pointer: bigint;
  readonly #fields: DataView;

  constructor(pointer: bigint) {
    this.pointer = pointer;
    this.#fields = new DataView(koffi.view(pointer, XIMAGE_BYTES));
  }

  get bytesPerLine(): number {
    return this.#fields.getInt32(Offset.bytesPerLine, true);
  }

  get data(): bigint {
    return this.#fields.getBigUint64(Offset.data, true);
  }

  /** Points the image at other memory and gives it another height; the width stays. */
  aim(data: bigint, height: number): void {
    this.#fields.setBigUint64(Offset.data, data, true);
    this.#fields.setInt32(Offset.height, height, true);
  }

  /** Throws XError `display_unsupported` unless a pixel is blue, green, red, unused. */
  assertBgrx(): void {
    const isBgrx =
      this.#fields.getInt32(Offset.bitsPerPixel, true) === 32 &&
      this.#fields.getInt32(Offset.byteOrder, true) === LSBFirst &&
      this.#fields.getBigUint64(Offset.redMask, true) === 0xff0000n &&
      this.#fields.getBigUint64(Offset.greenMask, true) === 0xff00n &&
      this.#fields.getBigUint64(Offset.blueMask, true) === 0xffn;
    if (!isBgrx) throw new XError('display_unsupported', 'screen pixels are not 32-bit BGRX');
  }
}
