// Reads rows of the root window's picture (32-bit BGRX, cursor not included) into memory of ours:
// through MIT-SHM when the X server shares this machine's memory, else over the socket.
import koffi from 'koffi';
import type { XConnection } from './x-connection.ts';
import { XError } from './x-error.ts';
import { bind, lazy, xlib, type DisplayPointer, type Xid } from './xlib.ts';
import type { PixelRect } from './xdamage.ts';

const ZPixmap = 2;
const ALL_PLANES = 0xffffffff;
const LSBFirst = 0;
const IPC_PRIVATE = 0;
const IPC_CREAT_OWNER_ONLY = 0o1000 | 0o600;
const IPC_RMID = 0;
const SHM_FAILED = 0xffffffffffffffffn;
const BYTES_PER_PIXEL = 4;

/** Offsets in XImage (Xlib.h) on LP64. */
const XImageOffset = {
  height: 4,
  data: 16,
  byteOrder: 24,
  depth: 40,
  bytesPerLine: 44,
  bitsPerPixel: 48,
  redMask: 56,
  greenMask: 64,
  blueMask: 72,
  sizeInBytes: 136,
} as const;

/** sizeof(XShmSegmentInfo) on LP64: shmseg 0, shmid 8, shmaddr 16, readOnly 24. */
const SHM_INFO_BYTES = 32;

const native = lazy(() => ({
  XGetImage: bind<
    (
      d: DisplayPointer,
      drawable: Xid,
      x: number,
      y: number,
      width: number,
      height: number,
      planes: number,
      format: number,
    ) => bigint | null
  >(
    'X11',
    'void *XGetImage(void *d, ulong drawable, int x, int y, uint width, uint height, ulong planes, int format)',
  ),
  XShmQueryExtension: bind<(d: DisplayPointer) => number>(
    'Xext',
    'int XShmQueryExtension(void *d)',
  ),
  XShmCreateImage: bind<
    (
      d: DisplayPointer,
      visual: bigint,
      depth: number,
      format: number,
      data: null,
      info: bigint,
      width: number,
      height: number,
    ) => bigint | null
  >(
    'Xext',
    'void *XShmCreateImage(void *d, void *visual, uint depth, int format, void *data, void *info, uint width, uint height)',
  ),
  XShmAttach: bind<(d: DisplayPointer, info: bigint) => number>(
    'Xext',
    'int XShmAttach(void *d, void *info)',
  ),
  XShmDetach: bind<(d: DisplayPointer, info: bigint) => number>(
    'Xext',
    'int XShmDetach(void *d, void *info)',
  ),
  XShmGetImage: bind<
    (
      d: DisplayPointer,
      drawable: Xid,
      image: bigint,
      x: number,
      y: number,
      planes: number,
    ) => number
  >('Xext', 'int XShmGetImage(void *d, ulong drawable, void *image, int x, int y, ulong planes)'),
  shmget: bind<(key: number, bytes: number, flags: number) => number>(
    'c',
    'int shmget(int key, size_t size, int flags)',
  ),
  shmat: bind<(id: number, address: null, flags: number) => bigint>(
    'c',
    'void *shmat(int id, void *address, int flags)',
  ),
  shmdt: bind<(address: bigint) => number>('c', 'int shmdt(void *address)'),
  shmctl: bind<(id: number, command: number, buffer: null) => number>(
    'c',
    'int shmctl(int id, int command, void *buffer)',
  ),
}));

/**
 * The area's pixels as last read. `pixels` is only as new as the last `read()` of those rows.
 * Owned by one capture, on its connection's thread.
 */
export interface ScreenReader {
  readonly kind: 'shared-memory' | 'socket';
  /** BGRX rows of the area, `strideBytes` apart. */
  readonly pixels: Buffer;
  readonly strideBytes: number;
  /**
   * Brings rows [top, top + rows) of the area up to date. False when the server refused: the area is
   * no longer inside the screen.
   */
  read(top: number, rows: number): boolean;
  close(): void;
}

/**
 * A reader for `area` of the root window. Throws XError `display_unsupported` when pixels are not
 * 32-bit BGRX (depth 24 or 32) or the area is not inside the screen.
 */
export function openScreenReader(connection: XConnection, area: PixelRect): ScreenReader {
  const depth = xlib().XDefaultDepth(connection.display, connection.screenNumber);
  if (depth !== 24 && depth !== 32) {
    throw new XError('display_unsupported', `screen depth ${depth} is not supported, 24 or 32 is`);
  }
  return SharedMemoryReader.tryOpen(connection, area, depth) ?? new SocketReader(connection, area);
}

class SharedMemoryReader implements ScreenReader {
  readonly kind = 'shared-memory';
  readonly pixels: Buffer;
  readonly strideBytes: number;
  readonly #connection: XConnection;
  readonly #area: PixelRect;
  readonly #image: bigint;
  readonly #imageFields: DataView;
  readonly #info: bigint;
  readonly #address: bigint;
  #closed = false;

  /** Undefined when the server cannot share memory with us (another machine, another container). */
  static tryOpen(
    connection: XConnection,
    area: PixelRect,
    depth: number,
  ): ScreenReader | undefined {
    const x = native();
    if (!x.XShmQueryExtension(connection.display)) return undefined;
    const info = koffi.alloc('uint8_t', SHM_INFO_BYTES) as bigint;
    const visual = xlib().XDefaultVisual(connection.display, connection.screenNumber);
    const image = x.XShmCreateImage(
      connection.display,
      visual,
      depth,
      ZPixmap,
      null,
      info,
      area.widthPx,
      area.heightPx,
    );
    if (!image) {
      koffi.free(info);
      return undefined;
    }
    const fields = new DataView(koffi.view(image, XImageOffset.sizeInBytes));
    const bytes = fields.getInt32(XImageOffset.bytesPerLine, true) * area.heightPx;
    const id = x.shmget(IPC_PRIVATE, bytes, IPC_CREAT_OWNER_ONLY);
    const address = id < 0 ? SHM_FAILED : x.shmat(id, null, 0);
    const infoFields = new DataView(koffi.view(info, SHM_INFO_BYTES));
    infoFields.setInt32(8, id, true);
    infoFields.setBigUint64(16, address, true);
    infoFields.setInt32(24, 0, true);
    const abandon = (): undefined => {
      if (address !== SHM_FAILED) x.shmdt(address);
      if (id >= 0) x.shmctl(id, IPC_RMID, null);
      xlib().XFree(image);
      koffi.free(info);
    };
    if (address === SHM_FAILED) return abandon();
    try {
      assertBgrx(fields);
      connection.checked('attach shared memory', (display) => x.XShmAttach(display, info));
    } catch (error) {
      abandon();
      if (error instanceof XError && error.code === 'display_request_refused') return undefined;
      throw error;
    }
    // both sides hold it now: the system frees it when both are gone, however they go
    x.shmctl(id, IPC_RMID, null);
    const reader = new SharedMemoryReader(connection, area, {
      image,
      fields,
      info,
      address,
      bytes,
    });
    assertReadable(reader, area);
    return reader;
  }

  private constructor(
    connection: XConnection,
    area: PixelRect,
    memory: { image: bigint; fields: DataView; info: bigint; address: bigint; bytes: number },
  ) {
    this.#connection = connection;
    this.#area = area;
    this.#image = memory.image;
    this.#imageFields = memory.fields;
    this.#info = memory.info;
    this.#address = memory.address;
    this.strideBytes = memory.fields.getInt32(XImageOffset.bytesPerLine, true);
    this.pixels = Buffer.from(koffi.view(memory.address, memory.bytes));
  }

  read(top: number, rows: number): boolean {
    // XShmGetImage takes height and place from the XImage: aim it at the rows we want
    this.#imageFields.setInt32(XImageOffset.height, rows, true);
    this.#imageFields.setBigUint64(
      XImageOffset.data,
      this.#address + BigInt(top * this.strideBytes),
      true,
    );
    const { display, rootWindow } = this.#connection;
    const { x, y } = this.#area;
    return native().XShmGetImage(display, rootWindow, this.#image, x, y + top, ALL_PLANES) !== 0;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#connection.isOpen) native().XShmDetach(this.#connection.display, this.#info);
    native().shmdt(this.#address);
    xlib().XFree(this.#image);
    koffi.free(this.#info);
  }
}

class SocketReader implements ScreenReader {
  readonly kind = 'socket';
  readonly pixels: Buffer;
  readonly strideBytes: number;
  readonly #connection: XConnection;
  readonly #area: PixelRect;

  constructor(connection: XConnection, area: PixelRect) {
    this.#connection = connection;
    this.#area = area;
    this.strideBytes = area.widthPx * BYTES_PER_PIXEL;
    this.pixels = Buffer.alloc(this.strideBytes * area.heightPx);
    assertReadable(this, area);
  }

  read(top: number, rows: number): boolean {
    const { x, y, widthPx } = this.#area;
    const image = native().XGetImage(
      this.#connection.display,
      this.#connection.rootWindow,
      x,
      y + top,
      widthPx,
      rows,
      ALL_PLANES,
      ZPixmap,
    );
    if (!image) return false;
    const fields = new DataView(koffi.view(image, XImageOffset.sizeInBytes));
    const data = fields.getBigUint64(XImageOffset.data, true);
    try {
      assertBgrx(fields);
      const from = Buffer.from(koffi.view(data, rows * this.strideBytes));
      from.copy(this.pixels, top * this.strideBytes);
    } finally {
      xlib().XFree(data);
      xlib().XFree(image);
    }
    return true;
  }

  close(): void {}
}

function assertReadable(reader: ScreenReader, area: PixelRect): void {
  if (reader.read(0, area.heightPx)) return;
  reader.close();
  throw new XError(
    'display_unsupported',
    `area ${area.widthPx}x${area.heightPx}+${area.x}+${area.y} is not inside the screen`,
  );
}

function assertBgrx(image: DataView): void {
  const isBgrx =
    image.getInt32(XImageOffset.bitsPerPixel, true) === 32 &&
    image.getInt32(XImageOffset.byteOrder, true) === LSBFirst &&
    image.getBigUint64(XImageOffset.redMask, true) === 0xff0000n &&
    image.getBigUint64(XImageOffset.greenMask, true) === 0xff00n &&
    image.getBigUint64(XImageOffset.blueMask, true) === 0xffn;
  if (!isBgrx) throw new XError('display_unsupported', 'screen pixels are not 32-bit BGRX');
}
