// Screen pixels through the X socket: for servers that cannot share memory with us (another machine,
// another container). Every read copies the rows twice and allocates them once.
import koffi from 'koffi';
import type { PixelRect, ScreenReader } from './screen-reader.ts';
import type { XConnection } from './x-connection.ts';
import { ALL_PLANES, XImage, ZPixmap } from './x-image.ts';
import { bind, lazy, xlib, type DisplayPointer, type Xid } from './xlib.ts';

const BYTES_PER_PIXEL = 4;

type GetImage = (
  display: DisplayPointer,
  drawable: Xid,
  x: number,
  y: number,
  width: number,
  height: number,
  planes: number,
  format: number,
) => bigint | null;
const getImage = lazy(() =>
  bind<GetImage>(
    'X11',
    'void *XGetImage(void *d, ulong drawable, int x, int y, uint w, uint h, ulong planes, int format)',
  ),
);

export class SocketReader implements ScreenReader {
  readonly pixels: Buffer;
  readonly strideBytes: number;
  readonly #connection: XConnection;
  readonly #area: PixelRect;

  constructor(connection: XConnection, area: PixelRect) {
    this.#connection = connection;
    this.#area = area;
    this.strideBytes = area.widthPx * BYTES_PER_PIXEL;
    this.pixels = Buffer.alloc(this.strideBytes * area.heightPx);
  }

  read(top: number, rows: number): boolean {
    const { display, rootWindow } = this.#connection;
    const { x, y, widthPx } = this.#area;
    const pointer = getImage()(display, rootWindow, x, y + top, widthPx, rows, ALL_PLANES, ZPixmap);
    if (!pointer) return false;
    const image = new XImage(pointer);
    try {
      image.assertBgrx();
      const read = Buffer.from(koffi.view(image.data, rows * this.strideBytes));
      read.copy(this.pixels, top * this.strideBytes);
    } finally {
      xlib().XFree(image.data);
      xlib().XFree(pointer);
    }
    return true;
  }

  close(): void {}
}
