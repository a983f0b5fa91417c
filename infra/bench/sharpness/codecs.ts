// Codecs and colour formats on the text page, away from the network: what the table of
// agent-bridge/src/media/encoder-choice.ts and doc/media-path.md rests on. Processor time of all
// threads, bytes, and likeness to the screen after decoding.
import {
  AV_CODEC_FLAG_LOW_DELAY,
  AV_CODEC_ID_AV1,
  AV_CODEC_ID_H264,
  AV_CODEC_ID_VP9,
  AV_LOG_ERROR,
  AV_OPT_SEARCH_CHILDREN,
  AV_OPT_TYPE_STRING,
  AV_PIX_FMT_BGR0,
  AV_PIX_FMT_YUV420P,
  AV_PIX_FMT_YUV444P,
  AVCOL_RANGE_JPEG,
  AVCOL_SPC_BT709,
  AVCOL_SPC_RGB,
  type AVCodecID,
  type AVPixelFormat,
  type FFEncoderCodec,
} from 'node-av/constants';
import {
  Codec,
  CodecContext,
  FFmpegError,
  Frame,
  Log,
  Packet,
  Rational,
  SoftwareScaleContext,
} from 'node-av/lib';
import { startDesktop } from '../../desktop/desktop.ts';
import { figures } from '../figures.ts';
import { likeness } from './likeness.ts';
import { openTextPage, type TextPageOrder } from './open-text-page.ts';
import { fromBgrx, Screen, toBgrx, type Rgb } from './screen.ts';

const AREA = { x: 0, y: 0, widthPx: 1280, heightPx: 720 };
const THREADS = 2;

type Trial = {
  readonly encoder: string;
  readonly decoder: AVCodecID;
  readonly format: AVPixelFormat;
  readonly crfs: readonly number[];
  readonly options: Readonly<Record<string, string>>;
};

const x264 = (encoder: 'libx264' | 'libx264rgb', format: AVPixelFormat): Trial => ({
  encoder,
  decoder: AV_CODEC_ID_H264,
  format,
  crfs: [23, 15],
  options: {
    preset: 'superfast',
    tune: 'zerolatency',
    // as in the agent's encoder.h264.ts
    'x264-params':
      'keyint=infinite:scenecut=0:aq-mode=0:no-deblock=1:psy=0:weightp=0:8x8dct=0:subme=0:qcomp=1:qpstep=50:me=umh:merange=64',
  },
});
const vp9 = (format: AVPixelFormat): Trial => ({
  encoder: 'libvpx-vp9',
  decoder: AV_CODEC_ID_VP9,
  format,
  crfs: [30, 20],
  options: {
    deadline: 'realtime',
    'cpu-used': '8',
    'tune-content': 'screen',
    'lag-in-frames': '0',
    'row-mt': '1',
    'tile-columns': '1',
    g: '9999',
  },
});

const TRIALS: Readonly<Record<string, Trial>> = {
  'x264 4:2:0': x264('libx264', AV_PIX_FMT_YUV420P),
  'x264 4:4:4': x264('libx264', AV_PIX_FMT_YUV444P),
  'x264 RGB': x264('libx264rgb', AV_PIX_FMT_BGR0),
  'VP9 profile 0': vp9(AV_PIX_FMT_YUV420P),
  'VP9 profile 1, 4:4:4': vp9(AV_PIX_FMT_YUV444P),
  'SVT-AV1 4:2:0, screen mode': {
    encoder: 'libsvtav1',
    decoder: AV_CODEC_ID_AV1,
    format: AV_PIX_FMT_YUV420P,
    crfs: [30, 20],
    options: {
      preset: '12',
      'svtav1-params': 'pred-struct=1:scm=1:lookahead=0:lp=2:rtc=1',
      g: '9999',
    },
  },
};

const times = (count: number, order: (n: number) => TextPageOrder): TextPageOrder[] =>
  Array.from({ length: count }, (_, n) => order(n + 1));
const SCENES: Readonly<Record<string, readonly TextPageOrder[]>> = {
  'key frame': ['page 0'],
  'new page': times(5, (n) => `page ${n}`),
  scroll: times(10, () => 'scroll'),
  'typed character': times(10, () => 'type'),
};

export async function measureCodecs({ say }: { readonly say: (line: string) => void }) {
  Log.setLevel(AV_LOG_ERROR);
  const scenes = await takePictures();
  const results: Record<string, unknown> = {};
  for (const [name, trial] of Object.entries(TRIALS)) {
    for (const crf of trial.crfs) {
      say(`${name}, quality ${crf}`);
      results[`${name}, quality ${crf}`] = measureTrial(trial, crf, scenes);
    }
  }
  return results;
}

type Scenes = Readonly<Record<string, readonly Buffer[]>>;

/** The same pictures for every codec. */
async function takePictures(): Promise<Scenes> {
  const desktop = await startDesktop({ apps: false });
  try {
    using page = await openTextPage(desktop.display, AREA);
    using screen = new Screen(desktop.display, AREA);
    const scenes: Record<string, Buffer[]> = {};
    for (const [scene, orders] of Object.entries(SCENES)) {
      scenes[scene] = [];
      for (const order of orders) {
        await page.order(order);
        scenes[scene].push(screen.readBgrx());
      }
    }
    return scenes;
  } finally {
    await desktop.close();
  }
}

function measureTrial(trial: Trial, crf: number, scenes: Scenes) {
  using chain = new Chain(trial, crf);
  return Object.fromEntries(
    Object.entries(scenes).map(([scene, pictures]) => {
      const passes = pictures.map((picture) => chain.pass(picture));
      return [
        scene,
        {
          cpuMs: figures(passes.map(({ cpuMs }) => cpuMs)).p50,
          kilobytes: figures(passes.map(({ bytes }) => bytes / 1000)).p50,
          ...likeness(fromBgrx(pictures.at(-1) ?? Buffer.alloc(0), AREA), chain.shown()),
        },
      ];
    }),
  );
}

/** Pixels to bits and back. */
class Chain implements Disposable {
  readonly #rgb = allocate(AV_PIX_FMT_BGR0);
  readonly #back = allocate(AV_PIX_FMT_BGR0);
  readonly #planes: Frame;
  readonly #encoder = new CodecContext();
  readonly #decoder = new CodecContext();
  readonly #packet = new Packet();
  readonly #decoded = new Frame();
  readonly #there = exactScaler();
  readonly #andBack = exactScaler();
  #frameNumber = 0n;

  constructor({ encoder, decoder, format, options }: Trial, crf: number) {
    this.#planes = format === AV_PIX_FMT_BGR0 ? this.#rgb : allocate(format);
    this.#packet.alloc();
    this.#decoded.alloc();
    const codec = Codec.findEncoderByName(encoder as FFEncoderCodec);
    if (!codec) throw new Error(`this build of FFmpeg has no ${encoder}`);
    const context = this.#encoder;
    context.allocContext3(codec);
    context.width = AREA.widthPx;
    context.height = AREA.heightPx;
    context.pixelFormat = format;
    context.timeBase = new Rational(1, 60);
    context.framerate = new Rational(60, 1);
    context.maxBFrames = 0;
    context.threadCount = THREADS;
    if (format !== AV_PIX_FMT_BGR0) {
      context.colorSpace = AVCOL_SPC_BT709;
      context.colorRange = AVCOL_RANGE_JPEG;
    }
    for (const [name, value] of Object.entries({ ...options, crf: String(crf) }))
      setOption(context, name, value);
    FFmpegError.throwIfError(context.open2Sync(codec, null), `open ${encoder}`);
    const back = Codec.findDecoder(decoder);
    this.#decoder.allocContext3(back);
    this.#decoder.threadCount = 1;
    this.#decoder.setFlags(AV_CODEC_FLAG_LOW_DELAY);
    FFmpegError.throwIfError(this.#decoder.open2Sync(back, null), 'open decoder');
  }

  pass(pixels: Buffer): { readonly cpuMs: number; readonly bytes: number } {
    const memory = this.#rgb.data?.[0];
    const stride = this.#rgb.linesize[0] ?? 0;
    const rowBytes = AREA.widthPx * 4;
    if (!memory) throw new Error('a frame without a plane');
    for (let y = 0; y < AREA.heightPx; y += 1)
      pixels.copy(memory, y * stride, y * rowBytes, (y + 1) * rowBytes);
    if (this.#planes !== this.#rgb)
      FFmpegError.throwIfError(this.#there.scaleFrameSync(this.#planes, this.#rgb), 'convert');
    this.#planes.pts = this.#frameNumber++;
    const before = process.cpuUsage();
    FFmpegError.throwIfError(this.#encoder.sendFrameSync(this.#planes), 'encode');
    FFmpegError.throwIfError(this.#encoder.receivePacketSync(this.#packet), 'encode');
    const { user, system } = process.cpuUsage(before);
    const bytes = this.#packet.size;
    FFmpegError.throwIfError(this.#decoder.sendPacketSync(this.#packet), 'decode');
    this.#packet.unref();
    FFmpegError.throwIfError(this.#decoder.receiveFrameSync(this.#decoded), 'decode');
    return { cpuMs: (user + system) / 1000, bytes };
  }

  /** The last picture as a viewer has it. */
  shown(): Rgb {
    FFmpegError.throwIfError(this.#andBack.scaleFrameSync(this.#back, this.#decoded), 'convert');
    return fromBgrx(toBgrx(this.#back.data?.[0], this.#back.linesize[0] ?? 0, AREA), AREA);
  }

  [Symbol.dispose](): void {
    this.#encoder.freeContext();
    this.#decoder.freeContext();
    this.#packet.free();
    for (const frame of new Set([this.#rgb, this.#back, this.#planes, this.#decoded])) frame.free();
    this.#there.freeContext();
    this.#andBack.freeContext();
  }
}

function allocate(format: AVPixelFormat): Frame {
  const frame = new Frame();
  frame.alloc();
  frame.width = AREA.widthPx;
  frame.height = AREA.heightPx;
  frame.format = format;
  FFmpegError.throwIfError(frame.getBuffer(64), 'allocate picture');
  frame.colorSpace = format === AV_PIX_FMT_BGR0 ? AVCOL_SPC_RGB : AVCOL_SPC_BT709;
  frame.colorRange = AVCOL_RANGE_JPEG;
  return frame;
}

/** Rounding errors of the conversion must not hide the codec's own. */
function exactScaler(): SoftwareScaleContext {
  const context = new SoftwareScaleContext();
  context.allocContext();
  setOption(context, 'sws_flags', 'area+accurate_rnd+full_chroma_int+full_chroma_inp');
  return context;
}

function setOption(on: CodecContext | SoftwareScaleContext, name: string, value: string): void {
  const set = on.setOption(name, value, AV_OPT_TYPE_STRING, AV_OPT_SEARCH_CHILDREN);
  FFmpegError.throwIfError(set, `set ${name}`);
}
