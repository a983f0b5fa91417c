// H.264 on a graphics card, where the policy allows it (encoder-choice.ts). Against x264 it saves the
// processor and gives up three things: it does not know which rows changed, keeps to its cap only
// roughly, and its best quality is fixed when it is opened (FFmpeg reconfigures rates, not quality).
//
// What of this could be proven: that opening fails cleanly without the hardware, and the fall back.
// The settings follow the option tables of FFmpeg 8.1 and what Sunshine uses for the same purpose.
import {
  AV_OPT_SEARCH_CHILDREN,
  AV_OPT_TYPE_STRING,
  AV_PICTURE_TYPE_I,
  AV_PICTURE_TYPE_NONE,
  AV_PIX_FMT_NV12,
  AV_PIX_FMT_YUV420P,
  AV_PIX_FMT_YUV444P,
  AVCOL_PRI_BT709,
  AVCOL_RANGE_JPEG,
  AVCOL_RANGE_MPEG,
  AVCOL_SPC_BT709,
  AVCOL_TRC_IEC61966_2_1,
  type FFEncoderCodec,
} from 'node-av/constants';
import {
  Codec,
  CodecContext,
  FFmpegError,
  Frame,
  Packet,
  Rational,
  SoftwareScaleContext,
} from 'node-av/lib';
import { ENCODERS, type HardwareEncoderName } from './encoder-choice.ts';
import type { H264EncoderOptions } from './encoder.h264.ts';
import type { EncodedPicture, EncodeOrder, VideoEncoder } from './encoder.ts';
import { COLOUR_RANGE } from './frame.ts';

const NOMINAL_FPS = 60;
/** Key frames come when they are asked for. */
const NEVER_BY_ITSELF_FRAMES = 30_000;
const CUT_SHARE = 0.7;

/** No frame held back, no B frames, key frames that are IDRs, made for screens where it can be said. */
const OPTIONS: Readonly<Record<HardwareEncoderName, Readonly<Record<string, string>>>> = {
  nvenc: {
    preset: 'p4',
    tune: 'ull',
    rc: 'vbr',
    cq: '19',
    delay: '0',
    zerolatency: '1',
    'forced-idr': '1',
    'no-scenecut': '1',
  },
  qsv: {
    preset: 'fast',
    scenario: 'displayremoting',
    async_depth: '1',
    forced_idr: '1',
    low_delay_brc: '1',
  },
  amf: { usage: 'ultralowlatency', quality: 'quality', rc: 'vbr_latency', forced_idr: '1' },
  mf: { scenario: 'display_remoting', rate_control: 'ld_vbr', hw_encoding: '1' },
};

export class HardwareEncoder implements VideoEncoder {
  readonly #context = new CodecContext();
  readonly #packet = new Packet();
  /** For encoders that take colour interleaved only (QSV). */
  #interleaved: { readonly frame: Frame; readonly scaler: SoftwareScaleContext } | undefined;
  #frameNumber = 0n;
  #closed = false;

  /** Throws when the hardware, its driver or the codec in this build of FFmpeg is not there. */
  constructor(name: HardwareEncoderName, options: H264EncoderOptions) {
    try {
      this.#open(name, options);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  encode(planes: Frame, { keyframe, maxBytes }: EncodeOrder): EncodedPicture {
    this.#setCap(maxBytes);
    const frame = this.#interleave(planes);
    frame.pts = this.#frameNumber++;
    frame.pictType = keyframe ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
    FFmpegError.throwIfError(this.#context.sendFrameSync(frame), 'encode');
    // also "not yet": an encoder that holds frames back is of no use here
    FFmpegError.throwIfError(this.#context.receivePacketSync(this.#packet), 'encode at once');
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
    this.#interleaved?.scaler.freeContext();
    this.#interleaved?.frame.free();
  }

  #open(name: HardwareEncoderName, options: H264EncoderOptions): void {
    const { codecName, is444 } = {
      codecName: ENCODERS[name].codec as FFEncoderCodec,
      is444: options.chroma === '444',
    };
    this.#packet.alloc();
    const codec = Codec.findEncoderByName(codecName);
    if (!codec) throw new Error(`this build of FFmpeg has no ${codecName}`);
    const context = this.#context;
    context.allocContext3(codec);
    const planar = is444 ? AV_PIX_FMT_YUV444P : AV_PIX_FMT_YUV420P;
    const isPlanar = codec.pixelFormats?.includes(planar) ?? false;
    context.width = options.codedWidthPx;
    context.height = options.codedHeightPx;
    context.pixelFormat = isPlanar ? planar : AV_PIX_FMT_NV12;
    context.timeBase = new Rational(1, NOMINAL_FPS);
    context.framerate = new Rational(NOMINAL_FPS, 1);
    context.maxBFrames = 0;
    context.gopSize = NEVER_BY_ITSELF_FRAMES;
    context.colorRange =
      COLOUR_RANGE[options.chroma] === 'full' ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
    context.colorSpace = AVCOL_SPC_BT709;
    context.colorPrimaries = AVCOL_PRI_BT709;
    context.colorTrc = AVCOL_TRC_IEC61966_2_1;
    this.#setCap(options.maxBytes);
    for (const [option, value] of Object.entries(OPTIONS[name])) this.#set(option, value);
    if (name === 'nvenc') this.#set('profile', is444 ? 'high444p' : 'baseline');
    FFmpegError.throwIfError(context.open2Sync(codec, null), `open ${codecName}`);
    if (!isPlanar) this.#interleaved = interleaver(options);
  }

  /** Its rate buffer holds one frame, as in encoder.h264.ts. */
  #setCap(bytes: number): void {
    const rateBps = BigInt(bytes * 8 * NOMINAL_FPS);
    this.#context.bitRate = rateBps;
    this.#context.rcMaxRate = rateBps;
    this.#context.rcBufferSize = bytes * 8;
  }

  #interleave(planes: Frame): Frame {
    if (!this.#interleaved) return planes;
    const { frame, scaler } = this.#interleaved;
    FFmpegError.throwIfError(scaler.scaleFrameSync(frame, planes), 'interleave colours');
    return frame;
  }

  #set(name: string, value: string): void {
    const set = this.#context.setOption(name, value, AV_OPT_TYPE_STRING, AV_OPT_SEARCH_CHILDREN);
    FFmpegError.throwIfError(set, `set ${name}`);
  }
}

function interleaver({ codedWidthPx, codedHeightPx, chroma }: H264EncoderOptions) {
  const frame = new Frame();
  frame.alloc();
  frame.width = codedWidthPx;
  frame.height = codedHeightPx;
  frame.format = AV_PIX_FMT_NV12;
  frame.colorSpace = AVCOL_SPC_BT709;
  frame.colorRange = COLOUR_RANGE[chroma] === 'full' ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
  FFmpegError.throwIfError(frame.getBuffer(64), 'allocate picture');
  const scaler = new SoftwareScaleContext();
  scaler.allocContext();
  return { frame, scaler };
}
