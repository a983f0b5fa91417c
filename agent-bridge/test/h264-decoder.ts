// The viewer's half of H.264 for tests: access units in, colours at pixels out. It trusts only what
// the bitstream says (size, colour matrix, range), as a browser does.
import {
  AV_CODEC_FLAG_LOW_DELAY,
  AV_CODEC_ID_H264,
  AVCOL_RANGE_JPEG,
  AVCOL_RANGE_MPEG,
  AVCOL_SPC_BT709,
  AVCOL_TRC_IEC61966_2_1,
} from 'node-av/constants';
import { Codec, CodecContext, FFmpegError, Frame, Packet } from 'node-av/lib';

export interface DecodedPicture {
  readonly widthPx: number;
  readonly heightPx: number;
  /** BT.709, the range of the chroma, sRGB transfer: what a browser needs to show the right colours. */
  readonly isSignalledAsScreen: boolean;
  readonly luma: Buffer;
  readonly lumaStrideBytes: number;
  /** [red, green, blue], 0 to 255, by the BT.709 matrix. */
  rgbAt(x: number, y: number): [number, number, number];
}

export class H264Decoder {
  readonly #context = new CodecContext();
  readonly #packet = new Packet();
  readonly #frame = new Frame();

  constructor() {
    const codec = Codec.findDecoder(AV_CODEC_ID_H264);
    this.#context.allocContext3(codec);
    this.#context.threadCount = 1;
    this.#context.setFlags(AV_CODEC_FLAG_LOW_DELAY);
    FFmpegError.throwIfError(this.#context.open2Sync(codec, null), 'open decoder');
    this.#packet.alloc();
    this.#frame.alloc();
  }

  /** The picture of this access unit, valid until the next call. Throws when none comes out at once. */
  decode(accessUnit: Uint8Array): DecodedPicture {
    this.#packet.data = Buffer.from(accessUnit);
    FFmpegError.throwIfError(this.#context.sendPacketSync(this.#packet), 'decode');
    this.#packet.unref();
    FFmpegError.throwIfError(this.#context.receiveFrameSync(this.#frame), 'decode');
    const { width, height, linesize, colorSpace, colorRange, colorTrc } = this.#frame;
    const [luma, blue, red] = this.#frame.data ?? [];
    if (!luma || !blue || !red) throw new Error('decoded picture has no planes');
    const isHalf = (linesize[1] ?? 0) < (linesize[0] ?? 0) ? 1 : 0;
    return {
      widthPx: width,
      heightPx: height,
      isSignalledAsScreen:
        colorSpace === AVCOL_SPC_BT709 &&
        colorRange === (isHalf ? AVCOL_RANGE_MPEG : AVCOL_RANGE_JPEG) &&
        colorTrc === AVCOL_TRC_IEC61966_2_1,
      luma,
      lumaStrideBytes: linesize[0] ?? 0,
      rgbAt(x, y) {
        const at = (plane: Buffer, n: number, shift: number) =>
          plane[(y >> shift) * (linesize[n] ?? 0) + (x >> shift)] ?? 0;
        const isFull = colorRange === AVCOL_RANGE_JPEG;
        return toRgb(at(luma, 0, 0), at(blue, 1, isHalf), at(red, 2, isHalf), isFull);
      },
    };
  }

  close(): void {
    this.#context.freeContext();
    this.#packet.free();
    this.#frame.free();
  }
}

/** ITU-R BT.709-6 section 3. */
function toRgb(y: number, cb: number, cr: number, isFull: boolean): [number, number, number] {
  const light = isFull ? y : ((y - 16) * 255) / 219;
  const b = isFull ? cb - 128 : ((cb - 128) * 255) / 224;
  const r = isFull ? cr - 128 : ((cr - 128) * 255) / 224;
  const clamp = (value: number) => Math.round(Math.min(255, Math.max(0, value)));
  return [
    clamp(light + 1.5748 * r),
    clamp(light - 0.1873 * b - 0.4681 * r),
    clamp(light + 1.8556 * b),
  ];
}

/** Types of the NAL units in an Annex B access unit, in order (1 slice, 5 IDR slice, 7 SPS, 8 PPS). */
export function nalTypes(accessUnit: Uint8Array): number[] {
  const types: number[] = [];
  for (let i = 0; i + 3 < accessUnit.length; i++) {
    if (accessUnit[i] === 0 && accessUnit[i + 1] === 0 && accessUnit[i + 2] === 1) {
      types.push((accessUnit[i + 3] ?? 0) & 0x1f);
    }
  }
  return types;
}

/** profile_idc, constraint flags and level_idc of the access unit's SPS, as in profile-level-id. */
export function profileLevelId(accessUnit: Uint8Array): string {
  for (let i = 0; i + 6 < accessUnit.length; i++) {
    const isSps =
      accessUnit[i] === 0 &&
      accessUnit[i + 1] === 0 &&
      accessUnit[i + 2] === 1 &&
      ((accessUnit[i + 3] ?? 0) & 0x1f) === 7;
    if (isSps) return Buffer.from(accessUnit.subarray(i + 4, i + 7)).toString('hex');
  }
  throw new Error('no SPS');
}
