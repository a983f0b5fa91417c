// BGRX pixels to the YUV planes an encoder takes: BT.709 matrix, the range of the chroma. Owned by one
// pipeline; holds the one full picture of the monitor in each form.
//
// Only what changed is converted: a few bands one after another, more than a quarter of the picture
// in one call that swscale spreads over threads. The box filter (SWS_AREA) averages just the two rows
// under a colour sample, so a band converted alone fits its neighbours: colour differs from the whole
// picture's by at most 1 of 255, at the band's edge. SWS_ACCURATE_RND would make that 0 and cost twice
// the time. SWS_FULL_CHR_H_INP selects the SIMD path: 1080p in 2.3 ms instead of 3.4.
import {
  AV_OPT_SEARCH_CHILDREN,
  AV_OPT_TYPE_STRING,
  AV_PIX_FMT_BGR0,
  AV_PIX_FMT_YUV420P,
  AV_PIX_FMT_YUV444P,
  AVCOL_RANGE_JPEG,
  AVCOL_RANGE_MPEG,
  AVCOL_SPC_BT709,
  AVCOL_SPC_RGB,
  type AVPixelFormat,
} from 'node-av/constants';
import { FFmpegError, Frame, SoftwareScaleContext } from 'node-av/lib';
import { COLOUR_RANGE, type Chroma, type Picture } from './frame.ts';
import { BAND_ROWS, type RowBands } from './row-bands.ts';

/** swscale's fastest layout: rows aligned for AVX2. */
const ROW_ALIGNMENT_BYTES = 64;
const SCALER_FLAGS = 'area+full_chroma_inp';
/** Above this share of the picture one threaded call beats single bands. */
const WHOLE_PICTURE_SHARE = 0.25;

export interface ColorConverterOptions {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly chroma: Chroma;
  /** Threads for whole pictures; single bands stay on the caller's. */
  readonly threads: number;
}

/** Protocol: write into `picture`, `convert` the rows written, use `planes`, again; then `close`. */
export class ColorConverter {
  /** The monitor's picture; whoever captures writes here. Invalid after `close`. */
  readonly picture: Picture;
  /** The converted picture at its coded size. Invalid after `close`. */
  readonly planes: Frame;
  readonly codedWidthPx: number;
  readonly codedHeightPx: number;
  readonly #source: Frame;
  readonly #band: { readonly source: Frame; readonly planes: Frame } | undefined;
  readonly #wholeScaler: SoftwareScaleContext;
  readonly #bandScaler: SoftwareScaleContext;
  readonly #chromaShift: number;
  readonly #planeStrides: readonly number[];
  /** Buffers over native memory, fetched once: the getter makes new ones at each use. */
  readonly #memory: { readonly source: Buffer; readonly planes: Buffer[] };
  readonly #bandMemory: { readonly source: Buffer; readonly planes: Buffer[] } | undefined;
  #closed = false;

  constructor({ widthPx, heightPx, chroma, threads }: ColorConverterOptions) {
    // 4:2:0 has one colour sample for 2x2 pixels: odd sides are filled up by repeating the edge
    this.#chromaShift = chroma === '420' ? 1 : 0;
    this.codedWidthPx = widthPx + (widthPx & this.#chromaShift);
    this.codedHeightPx = heightPx + (heightPx & this.#chromaShift);
    this.#source = rgbFrame(this.codedWidthPx, this.codedHeightPx);
    this.planes = yuvFrame(this.codedWidthPx, this.codedHeightPx, chroma);
    this.#planeStrides = this.planes.linesize;
    this.#memory = { source: plane(this.#source, 0), planes: this.planes.data ?? [] };
    this.picture = {
      widthPx,
      heightPx,
      strideBytes: this.#source.linesize[0] ?? 0,
      pixels: this.#memory.source,
    };
    this.#wholeScaler = scaler(threads);
    this.#bandScaler = scaler(1);
    if (this.codedHeightPx > BAND_ROWS) {
      const source = rgbFrame(this.codedWidthPx, BAND_ROWS);
      const planes = yuvFrame(this.codedWidthPx, BAND_ROWS, chroma);
      this.#band = { source, planes };
      this.#bandMemory = { source: plane(source, 0), planes: planes.data ?? [] };
    }
  }

  /** Brings `planes` up to date with the marked rows of `picture`. */
  convert(changed: RowBands): void {
    if (changed.isEmpty) return;
    this.#repeatEdges(changed);
    if (!this.#band || changed.count > changed.total * WHOLE_PICTURE_SHARE) {
      FFmpegError.throwIfError(
        this.#wholeScaler.scaleFrameSync(this.planes, this.#source),
        'convert picture',
      );
      return;
    }
    changed.forEachRun((top, rows) => {
      for (let row = top; row < top + rows; row += BAND_ROWS) this.#convertBand(row);
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#wholeScaler.freeContext();
    this.#bandScaler.freeContext();
    for (const frame of [this.#source, this.planes, this.#band?.source, this.#band?.planes]) {
      frame?.free();
    }
  }

  /** The last band is moved up so that it ends with the picture; its first rows are done twice. */
  #convertBand(row: number): void {
    if (!this.#band || !this.#bandMemory) return;
    const top = Math.min(row, this.codedHeightPx - BAND_ROWS);
    const stride = this.picture.strideBytes;
    this.#memory.source.copy(this.#bandMemory.source, 0, top * stride, (top + BAND_ROWS) * stride);
    FFmpegError.throwIfError(
      this.#bandScaler.scaleFrameSync(this.#band.planes, this.#band.source),
      'convert band',
    );
    for (const [n, to] of this.#memory.planes.entries()) {
      const shift = n === 0 ? 0 : this.#chromaShift;
      const bytesPerRow = this.#planeStrides[n] ?? 0;
      const from = this.#bandMemory.planes[n];
      from?.copy(to, (top >> shift) * bytesPerRow, 0, (BAND_ROWS >> shift) * bytesPerRow);
    }
  }

  #repeatEdges(changed: RowBands): void {
    const { widthPx, heightPx, strideBytes, pixels } = this.picture;
    if (this.codedWidthPx > widthPx) {
      changed.forEachRun((top, rows) => {
        for (let row = top; row < top + rows; row++) {
          const end = row * strideBytes + widthPx * 4;
          pixels.copyWithin(end, end - 4, end);
        }
      });
    }
    if (this.codedHeightPx > heightPx) {
      const last = (heightPx - 1) * strideBytes;
      pixels.copyWithin(last + strideBytes, last, last + strideBytes);
    }
  }
}

function rgbFrame(widthPx: number, heightPx: number): Frame {
  const frame = allocate(widthPx, heightPx, AV_PIX_FMT_BGR0);
  frame.colorSpace = AVCOL_SPC_RGB;
  frame.colorRange = AVCOL_RANGE_JPEG;
  return frame;
}

function yuvFrame(widthPx: number, heightPx: number, chroma: Chroma): Frame {
  const format = chroma === '420' ? AV_PIX_FMT_YUV420P : AV_PIX_FMT_YUV444P;
  const frame = allocate(widthPx, heightPx, format);
  frame.colorSpace = AVCOL_SPC_BT709;
  frame.colorRange = COLOUR_RANGE[chroma] === 'full' ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
  return frame;
}

function allocate(widthPx: number, heightPx: number, format: AVPixelFormat): Frame {
  const frame = new Frame();
  frame.alloc();
  frame.width = widthPx;
  frame.height = heightPx;
  frame.format = format;
  FFmpegError.throwIfError(frame.getBuffer(ROW_ALIGNMENT_BYTES), 'allocate picture');
  return frame;
}

function plane(frame: Frame, n: number): Buffer {
  const data = frame.data?.[n];
  if (!data) throw new Error(`frame has no plane ${n}`);
  return data;
}

/** A context that takes size, format and colour space from the frames it is given. */
function scaler(threads: number): SoftwareScaleContext {
  const context = new SoftwareScaleContext();
  context.allocContext();
  const options = { sws_flags: SCALER_FLAGS, threads: String(threads) };
  for (const [name, value] of Object.entries(options)) {
    const set = context.setOption(name, value, AV_OPT_TYPE_STRING, AV_OPT_SEARCH_CHILDREN);
    FFmpegError.throwIfError(set, `set ${name}`);
  }
  return context;
}
