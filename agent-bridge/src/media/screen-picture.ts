// The one full picture of a monitor, BGRX in native memory: the capture writes it, the converter of
// each rendition reads it. Owned by ScreenFeed.
import {
  AV_PIX_FMT_BGR0,
  AVCOL_RANGE_JPEG,
  AVCOL_SPC_RGB,
  type AVPixelFormat,
} from 'node-av/constants';
import { FFmpegError, Frame } from 'node-av/lib';
import type { Picture } from './frame.ts';

/** swscale's fastest layout: rows aligned for AVX2. */
const ROW_ALIGNMENT_BYTES = 64;

const even = (length: number): number => length + (length & 1);

export class ScreenPicture {
  /** Invalid after `close`. */
  readonly picture: Picture;
  readonly #frame: Frame;
  #closed = false;

  constructor(widthPx: number, heightPx: number) {
    this.#frame = rgbFrame(even(widthPx), even(heightPx));
    const pixels = this.#frame.data?.[0];
    if (!pixels) throw new Error('a frame without a plane');
    const strideBytes = this.#frame.linesize[0] ?? 0;
    this.picture = { widthPx, heightPx, strideBytes, pixels };
  }

  /**
   * The same memory as a frame for swscale, as large as the picture or padded to even sides; to be
   * freed by who asked for it.
   */
  frame(widthPx: number, heightPx: number): Frame {
    const frame = this.#frame.clone();
    if (!frame) throw new Error('out of memory for a frame');
    frame.width = widthPx;
    frame.height = heightPx;
    return frame;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#frame.free();
  }
}

export function rgbFrame(widthPx: number, heightPx: number): Frame {
  const frame = allocateFrame(widthPx, heightPx, AV_PIX_FMT_BGR0);
  frame.colorSpace = AVCOL_SPC_RGB;
  frame.colorRange = AVCOL_RANGE_JPEG;
  return frame;
}

export function allocateFrame(widthPx: number, heightPx: number, format: AVPixelFormat): Frame {
  const frame = new Frame();
  frame.alloc();
  frame.width = widthPx;
  frame.height = heightPx;
  frame.format = format;
  FFmpegError.throwIfError(frame.getBuffer(ROW_ALIGNMENT_BYTES), 'allocate picture');
  return frame;
}
