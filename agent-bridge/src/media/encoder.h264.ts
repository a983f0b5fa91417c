// H.264 in software (libx264 through node-av), tuned for text on screens and lowest delay: no
// lookahead, no B frames, slices instead of frame threads, key frames only on demand.
//
// Two traps of node-av 6.1.1 shape this file: its high-level Encoder clears `pictType`, so key frames
// can be forced through CodecContext only; and a Dictionary given to `open2` is freed twice, so options
// are set one by one instead.
import {
  AV_CODEC_ID_H264,
  AV_FRAME_DATA_VIDEO_HINT,
  AV_LOG_ERROR,
  AV_OPT_SEARCH_CHILDREN,
  AV_OPT_TYPE_STRING,
  AV_PICTURE_TYPE_I,
  AV_PICTURE_TYPE_NONE,
  AV_PIX_FMT_YUV420P,
  AV_PIX_FMT_YUV444P,
  AV_VIDEO_HINT_TYPE_CHANGED,
  AVCOL_PRI_BT709,
  AVCOL_RANGE_JPEG,
  AVCOL_RANGE_MPEG,
  AVCOL_SPC_BT709,
  AVCOL_TRC_IEC61966_2_1,
  FF_ENCODER_LIBX264,
} from 'node-av/constants';
import { Codec, CodecContext, FFmpegError, Log, Packet, Rational, type Frame } from 'node-av/lib';
import type { EncodedPicture, EncodeOrder, Quality, VideoEncoder } from './encoder.ts';
import { COLOUR_RANGE, type Chroma } from './frame.ts';
import type { Rung } from './preset-ladder.ts';
import type { RowBands } from './row-bands.ts';

/**
 * What to negotiate: Constrained Baseline, which every browser decodes (Firefox and Safari take no
 * Main; it costs a tenth of the bits), or High 4:4:4 Predictive, both level 5.0. Decoders here go by
 * the profile; x264 writes the level the picture needs (4.2 for 1080p60) into the SPS.
 */
export const H264_PROFILE_LEVEL_ID: Readonly<Record<Chroma, string>> = {
  '420': '42e032',
  '444': 'f40032',
};

/**
 * Rate factors; with `qcomp=1` they are the quantiser itself (6 less doubles the bits of smooth
 * pictures; of text a third more). A page of antialiased 9-point text, coloured and light on dark, in
 * 4:4:4: 23 gives SSIM 0.996 of luma and 0.987 of the mean of red, green and blue, 15 gives 0.999 and
 * 0.997 for half as many bytes more, 10 another 0.001 of colour for 25 % more. At 51 everything is
 * skipped.
 */
const RATE_FACTOR: Readonly<Record<Quality, number>> = {
  change: 23,
  refined: 15,
  finest: 10,
  repeat: 51,
};

/** x264's frame clock. Only the ratio of rate and buffer to it counts, see `#setCap`. */
const NOMINAL_FPS = 60;
/** Of its cap; a frame above was held back by it. x264 aims a little below. */
const CUT_SHARE = 0.7;

/**
 * For text: no adaptive quantisation (it takes bits from edges), no deblocking (it blurs them: 8 dB at
 * equal size), no psychovisual tricks, no weighted prediction, transforms of 4x4 only (8x8 rings around
 * letters: 6 % more bytes and worse). `qcomp=1` and `qpstep` make a change of
 * quality take effect at once: by default x264 reaches it over half a second of frames.
 */
const SCREEN_CONTENT = 'aq-mode=0:no-deblock=1:psy=0:weightp=0:8x8dct=0:subme=0:qcomp=1:qpstep=50';

/**
 * 1080p text, two threads, ms / KB of a 48 px scroll and of a page change:
 * least 5.9 / 87 and 8 / 151; plain about 4 / 8 and 13 / 127; thorough 4.5 / 3 and 17 / 124.
 * A wide `umh` search pays for itself on scrolls; slower presets only make page changes slower.
 */
const RUNG_OPTIONS: Readonly<Record<Rung, { preset: string; x264: string }>> = {
  least: { preset: 'ultrafast', x264: '' },
  plain: { preset: 'ultrafast', x264: ':cabac=1:me=umh:merange=24' },
  thorough: { preset: 'superfast', x264: ':me=umh:merange=64' },
};

export interface H264EncoderOptions {
  readonly codedWidthPx: number;
  readonly codedHeightPx: number;
  readonly chroma: Chroma;
  readonly rung: Rung;
  readonly threads: number;
  /** Cap of the first frame. */
  readonly maxBytes: number;
}

export class H264Encoder implements VideoEncoder {
  readonly #context: CodecContext;
  readonly #packet = new Packet();
  #frameNumber = 0n;
  #capBytes = 0;
  #quality: Quality = 'change';
  #closed = false;

  constructor(options: H264EncoderOptions) {
    Log.setLevel(AV_LOG_ERROR); // x264 tells its statistics at every close
    const codec = Codec.findEncoderByName(FF_ENCODER_LIBX264);
    if (!codec) throw new Error('this build of FFmpeg has no libx264');
    const context = new CodecContext();
    context.allocContext3(codec);
    context.codecId = AV_CODEC_ID_H264;
    context.width = options.codedWidthPx;
    context.height = options.codedHeightPx;
    context.pixelFormat = options.chroma === '420' ? AV_PIX_FMT_YUV420P : AV_PIX_FMT_YUV444P;
    context.timeBase = new Rational(1, NOMINAL_FPS);
    context.framerate = new Rational(NOMINAL_FPS, 1);
    context.maxBFrames = 0;
    context.threadCount = options.threads;
    // Screens are sRGB: with its transfer curve named, the way back to RGB is exact.
    context.colorRange =
      COLOUR_RANGE[options.chroma] === 'full' ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
    context.colorSpace = AVCOL_SPC_BT709;
    context.colorPrimaries = AVCOL_PRI_BT709;
    context.colorTrc = AVCOL_TRC_IEC61966_2_1;
    this.#context = context;
    this.#packet.alloc();
    this.#setCap(options.maxBytes);
    const { preset, x264 } = RUNG_OPTIONS[options.rung];
    // said last: x264 lets single parameters overrule the profile
    const baseline = options.chroma === '420' ? ':cabac=0' : '';
    this.#set('preset', preset);
    this.#set('tune', 'zerolatency');
    this.#set('profile', options.chroma === '420' ? 'baseline' : 'high444');
    this.#set('forced-idr', '1');
    this.#set('mb_info', '1');
    this.#set('crf', String(RATE_FACTOR.change));
    this.#set(
      'x264-params',
      `keyint=infinite:scenecut=0:repeat-headers=1:annexb=1:${SCREEN_CONTENT}${x264}${baseline}`,
    );
    FFmpegError.throwIfError(context.open2Sync(codec, null), 'open libx264');
  }

  encode(planes: Frame, { keyframe, quality, changed, maxBytes }: EncodeOrder): EncodedPicture {
    this.#setCap(maxBytes);
    this.#hintChanges(planes, changed);
    if (quality !== this.#quality) {
      this.#quality = quality;
      this.#set('crf', String(RATE_FACTOR[quality]));
    }
    planes.pts = this.#frameNumber++;
    planes.pictType = keyframe ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
    FFmpegError.throwIfError(this.#context.sendFrameSync(planes), 'encode');
    FFmpegError.throwIfError(this.#context.receivePacketSync(this.#packet), 'encode');
    const data = new Uint8Array(this.#packet.data ?? []);
    const isKeyframe = this.#packet.isKeyframe;
    this.#packet.unref();
    return { data, keyframe: isKeyframe, cut: data.length > maxBytes * CUT_SHARE };
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#context.freeContext();
    this.#packet.free();
  }

  /**
   * The largest next frame. x264 has no such setting, but its rate buffer becomes one when the buffer
   * holds one frame and refills within one: then every frame may take `bytes` and none may take more.
   * Both are reconfigured live; a higher cap takes effect one frame late.
   */
  #setCap(bytes: number): void {
    if (bytes === this.#capBytes) return;
    this.#capBytes = bytes;
    this.#context.rcBufferSize = bytes * 8;
    this.#context.rcMaxRate = BigInt(bytes * 8 * NOMINAL_FPS);
  }

  /**
   * Names the rows that changed since the last frame (AVVideoHint, libavutil/video_hint.h; the option
   * mb_info makes libx264 use it): the rest is skipped without a look, unless what was sent of it is
   * coarser than this frame's quality.
   */
  #hintChanges(planes: Frame, changed: RowBands): void {
    const rects: number[] = [];
    changed.forEachRun((top, rows) => rects.push(0, top, planes.width, rows));
    const rectBytes = 16;
    const headerBytes = 32;
    planes.removeSideData(AV_FRAME_DATA_VIDEO_HINT);
    const hint = planes.newSideData(AV_FRAME_DATA_VIDEO_HINT, headerBytes + rects.length * 4);
    hint.writeBigUInt64LE(BigInt(rects.length / 4), 0);
    hint.writeBigUInt64LE(BigInt(headerBytes), 8);
    hint.writeBigUInt64LE(BigInt(rectBytes), 16);
    hint.writeUInt32LE(AV_VIDEO_HINT_TYPE_CHANGED, 24);
    for (const [n, value] of rects.entries()) hint.writeUInt32LE(value, headerBytes + n * 4);
  }

  #set(name: string, value: string): void {
    const set = this.#context.setOption(name, value, AV_OPT_TYPE_STRING, AV_OPT_SEARCH_CHILDREN);
    FFmpegError.throwIfError(set, `set ${name}`);
  }
}
