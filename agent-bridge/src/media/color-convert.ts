// BGRX pixels to the YUV planes an encoder takes: BT.709 matrix, the range of the chroma. Owned by one
// rendition's pipeline; reads the monitor's picture, which all renditions share, and holds its own
// planes of it. A rendition that is smaller than the monitor is scaled in the same step.
//
// Only what changed is converted: a few bands one after another, more than a quarter of the picture
// in one call that swscale spreads over threads. The box filter (SWS_AREA) averages just the two rows
// under a colour sample, so a band converted alone fits its neighbours: colour differs from the whole
// picture's by at most 1 of 255, at the band's edge. SWS_ACCURATE_RND would make that 0 and cost twice
// the time. SWS_FULL_CHR_H_INP selects the SIMD path: 1080p in 2.3 ms instead of 3.4.
import {
  AV_OPT_SEARCH_CHILDREN,
  AV_OPT_TYPE_STRING,
  AV_PIX_FMT_YUV420P,
  AV_PIX_FMT_YUV444P,
  AVCOL_RANGE_JPEG,
  AVCOL_RANGE_MPEG,
  AVCOL_SPC_BT709,
} from 'node-av/constants';
import { FFmpegError, SoftwareScaleContext, type Frame } from 'node-av/lib';
import { codedSize } from './coded-size.ts';
import { COLOUR_RANGE, type Chroma, type Picture } from './frame.ts';
import { BAND_ROWS, RowBands } from './row-bands.ts';
import { allocateFrame, rgbFrame, type ScreenPicture } from './screen-picture.ts';

const SCALER_FLAGS = 'area+full_chroma_inp';
/** Above this share of the picture one threaded call beats single bands. */
const WHOLE_PICTURE_SHARE = 0.25;
/** Rows around a scaled row that its filter and its colour sample may reach. */
const SCALED_REACH_ROWS = 2;

export interface ColorConverterOptions {
  /** Read at every `convert`; outlives the converter. */
  readonly screen: ScreenPicture;
  readonly chroma: Chroma;
  /** A larger monitor is scaled down to so many. */
  readonly maxPixels?: number | undefined;
  /** Threads for whole pictures; single bands stay on the caller's. */
  readonly threads: number;
}

/** Protocol: write into the picture, `convert` the rows written, use `planes`, again; then `close`. */
export class ColorConverter {
  /** The monitor's picture; whoever captures writes here. */
  readonly picture: Picture;
  /** The converted picture at its coded size. Invalid after `close`. */
  readonly planes: Frame;
  readonly codedWidthPx: number;
  readonly codedHeightPx: number;
  readonly #source: Frame;
  /** Rows of the planes that the last `convert` wrote, where they are not the picture's own. */
  readonly #scaledRows: RowBands | undefined;
  readonly #band: { readonly source: Frame; readonly planes: Frame } | undefined;
  readonly #wholeScaler: SoftwareScaleContext;
  readonly #bandScaler: SoftwareScaleContext;
  readonly #chromaShift: number;
  readonly #planeStrides: readonly number[];
  /** Buffers over native memory, fetched once: the getter makes new ones at each use. */
  readonly #memory: { readonly source: Buffer; readonly planes: Buffer[] };
  readonly #bandMemory: { readonly source: Buffer; readonly planes: Buffer[] } | undefined;
  #closed = false;

  constructor({ screen, chroma, maxPixels, threads }: ColorConverterOptions) {
    this.picture = screen.picture;
    const { widthPx, heightPx, pixels } = this.picture;
    const coded = codedSize(this.picture, chroma, maxPixels);
    this.#chromaShift = chroma === '420' ? 1 : 0;
    this.codedWidthPx = coded.widthPx;
    this.codedHeightPx = coded.heightPx;
    this.#source = coded.scaled
      ? screen.frame(widthPx, heightPx)
      : screen.frame(coded.widthPx, coded.heightPx);
    this.planes = yuvFrame(this.codedWidthPx, this.codedHeightPx, chroma);
    this.#planeStrides = this.planes.linesize;
    this.#memory = { source: pixels, planes: this.planes.data ?? [] };
    this.#scaledRows = coded.scaled ? new RowBands(coded.heightPx) : undefined;
    this.#wholeScaler = scaler(threads);
    this.#bandScaler = scaler(1);
    if (!coded.scaled && this.codedHeightPx > BAND_ROWS) {
      const source = rgbFrame(this.codedWidthPx, BAND_ROWS);
      const planes = yuvFrame(this.codedWidthPx, BAND_ROWS, chroma);
      this.#band = { source, planes };
      this.#bandMemory = { source: plane(source, 0), planes: planes.data ?? [] };
    }
  }

  /**
   * Brings `planes` up to date with the marked rows of `picture`.
   * @returns the rows of `planes` that changed; valid until the next call.
   */
  convert(changed: RowBands): RowBands {
    const coded = this.#scaledRows ? this.#scaled(changed, this.#scaledRows) : changed;
    if (!changed.isEmpty) this.#convert(changed);
    return coded;
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

  #scaled(changed: RowBands, coded: RowBands): RowBands {
    const factor = this.codedHeightPx / this.picture.heightPx;
    coded.clear();
    changed.forEachRun((top, rows) => {
      const from = Math.floor(top * factor) - SCALED_REACH_ROWS;
      coded.addRows(from, Math.ceil((top + rows) * factor) + SCALED_REACH_ROWS - from);
    });
    return coded;
  }

  #convert(changed: RowBands): void {
    if (!this.#scaledRows) this.#repeatEdges(changed);
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

function yuvFrame(widthPx: number, heightPx: number, chroma: Chroma): Frame {
  const format = chroma === '420' ? AV_PIX_FMT_YUV420P : AV_PIX_FMT_YUV444P;
  const frame = allocateFrame(widthPx, heightPx, format);
  frame.colorSpace = AVCOL_SPC_BT709;
  frame.colorRange = COLOUR_RANGE[chroma] === 'full' ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
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
