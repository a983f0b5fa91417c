// Which H.264 encoder makes a rendition's frames, and why. Pure; open-encoder.ts tries them.
//
// H.264 before other codecs, by processor time and size of a new page of antialiased 9-point text at
// 1280x720, where red, green and blue together reach SSIM 0.987 (npm run bench -- codecs):
// x264 4:4:4 47 ms, 502 KB · VP9 profile 1 116 ms, 498 KB, and no live bit rate through FFmpeg ·
// SVT-AV1 has no 4:4:4, and takes 200 ms for a key frame · any 4:2:0 stops at 0.94.
import type { Chroma } from './frame.ts';

/** In order of choice among those the policy allows. */
export const ENCODERS = {
  /** Own silicon beside the 3D engine; the only one whose H.264 does 4:4:4 in hardware. */
  nvenc: { codec: 'h264_nvenc', chromas: ['420', '444'] },
  /** Intel. Its 4:4:4 is HEVC only. */
  qsv: { codec: 'h264_qsv', chromas: ['420'] },
  /** AMD. */
  amf: { codec: 'h264_amf', chromas: ['420'] },
  /** Windows' own way to whatever the driver offers; the least to be steered. */
  mf: { codec: 'h264_mf', chromas: ['420'] },
  /**
   * Always there, and the default: the one that takes the rows that changed, keeps to a cap of bytes
   * for each frame and refines to a named quality; 2-5 ms for typing and scrolling at 720p.
   */
  x264: { codec: 'libx264', chromas: ['420', '444'] },
} as const satisfies Readonly<
  Record<string, { readonly codec: string; readonly chromas: readonly Chroma[] }>
>;
// Not here: h264_vaapi and h264_vulkan take pictures in GPU memory only, and ours come from a screen
// in main memory; what they save in encoding they cost in uploading.

export type EncoderName = keyof typeof ENCODERS;
export type HardwareEncoderName = Exclude<EncoderName, 'x264'>;
export const ENCODER_NAMES = Object.keys(ENCODERS) as [EncoderName, ...EncoderName[]];

/**
 * Encoders to try, first choice first; x264 is always the last resort.
 * @param unavailable could not be opened on this machine, or broke.
 */
export function encoderOrder(
  allowed: readonly EncoderName[],
  chroma: Chroma,
  unavailable: ReadonlySet<EncoderName>,
): [...HardwareEncoderName[], 'x264'] {
  const hardware = ENCODER_NAMES.filter((name): name is HardwareEncoderName => name !== 'x264')
    .filter((name) => allowed.includes(name) && !unavailable.has(name))
    .filter((name) => (ENCODERS[name].chromas as readonly Chroma[]).includes(chroma));
  return [...hardware, 'x264'];
}
