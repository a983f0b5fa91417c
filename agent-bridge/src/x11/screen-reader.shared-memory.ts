// Screen pixels through MIT-SHM: the X server copies them straight into memory we share with it, 1080p
// in well under a millisecond. System V shared memory, as that extension defines.
import koffi from 'koffi';
import type { PixelRect, ScreenReader } from './screen-reader.ts';
import type { XConnection } from './x-connection.ts';
import { XError } from './x-error.ts';
import { ALL_PLANES, XImage, ZPixmap } from './x-image.ts';
import { bind, lazy, xlib, type DisplayPointer, type Xid } from './xlib.ts';

const IPC_PRIVATE = 0;
const IPC_CREAT_OWNER_ONLY = 0o1000 | 0o600;
const IPC_RMID = 0;
const SHM_FAILED = 0xffffffffffffffffn;

/** XShmSegmentInfo (XShm.h) on LP64: shmseg 0, shmid 8, shmaddr 16, readOnly 24. */
const SHM_INFO_BYTES = 32;

const native = lazy(() => ({
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

interface Segment {
  readonly address: bigint;
  readonly id: number;
  readonly bytes: number;
  /** XShmSegmentInfo, which Xlib keeps a pointer to. */
  readonly info: bigint;
}

/** Undefined when the server cannot share memory with us. */
export function openSharedMemoryReader(
  connection: XConnection,
  area: PixelRect,
  depth: number,
): ScreenReader | undefined {
  const x = native();
  if (!x.XShmQueryExtension(connection.display)) return undefined;
  const info = koffi.alloc('uint8_t', SHM_INFO_BYTES) as bigint;
  const { widthPx, heightPx } = area;
  const visual = xlib().XDefaultVisual(connection.display, connection.screenNumber);
  const pointer = x.XShmCreateImage(
    connection.display,
    visual,
    depth,
    ZPixmap,
    null,
    info,
    widthPx,
    heightPx,
  );
  if (!pointer) {
    koffi.free(info);
    return undefined;
  }
  const image = new XImage(pointer);
  const segment = createSegment(image.bytesPerLine * heightPx, info);
  const abandon = () => {
    xlib().XFree(pointer);
    if (segment) x.shmdt(segment.address);
    koffi.free(info);
  };
  if (!segment) {
    abandon();
    return undefined;
  }
  try {
    image.assertBgrx();
    connection.checked('attach shared memory', (display) => x.XShmAttach(display, info));
  } catch (error) {
    abandon();
    if (error instanceof XError && error.code === 'display_request_refused') return undefined;
    throw error;
  } finally {
    // once both sides hold it the name can go: the memory is freed when both ended, however they do
    x.shmctl(segment.id, IPC_RMID, null);
  }
  return new SharedMemoryReader(connection, area, image, segment);
}

function createSegment(bytes: number, info: bigint): Segment | undefined {
  const id = native().shmget(IPC_PRIVATE, bytes, IPC_CREAT_OWNER_ONLY);
  if (id < 0) return undefined;
  const address = native().shmat(id, null, 0);
  if (address === SHM_FAILED) {
    native().shmctl(id, IPC_RMID, null);
    return undefined;
  }
  const fields = new DataView(koffi.view(info, SHM_INFO_BYTES));
  fields.setInt32(8, id, true);
  fields.setBigUint64(16, address, true);
  fields.setInt32(24, 0, true);
  return { address, id, bytes, info };
}

class SharedMemoryReader implements ScreenReader {
  readonly pixels: Buffer;
  readonly strideBytes: number;
  readonly #connection: XConnection;
  readonly #area: PixelRect;
  readonly #image: XImage;
  readonly #segment: Segment;
  #closed = false;

  constructor(connection: XConnection, area: PixelRect, image: XImage, segment: Segment) {
    this.#connection = connection;
    this.#area = area;
    this.#image = image;
    this.#segment = segment;
    this.strideBytes = image.bytesPerLine;
    this.pixels = Buffer.from(koffi.view(segment.address, segment.bytes));
  }

  read(top: number, rows: number): boolean {
    // XShmGetImage takes height and place from the XImage: aim it at the rows we want
    this.#image.aim(this.#segment.address + BigInt(top * this.strideBytes), rows);
    const { display, rootWindow } = this.#connection;
    const { x, y } = this.#area;
    const { pointer } = this.#image;
    return native().XShmGetImage(display, rootWindow, pointer, x, y + top, ALL_PLANES) !== 0;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#connection.isOpen) {
      native().XShmDetach(this.#connection.display, this.#segment.info);
    }
    native().shmdt(this.#segment.address);
    xlib().XFree(this.#image.pointer);
    koffi.free(this.#segment.info);
  }
}
