// What travels along a frame's journey, with its units and who owns the memory. The journey itself
// is video-pipeline.ts.

import type { Rendition } from '@guruconnect/contract/rendition';

/** 4:2:0 halves colour resolution and every decoder knows it; 4:4:4 keeps coloured text sharp. */
export type Chroma = '420' | '444';

/**
 * Which of 256 values mean black and white; always signalled. 4:4:4 uses all of them: finer steps, and
 * browsers convert it exactly, while libyuv's BT.709 of limited range clips a coefficient of blue
 * (2.11 to 2.0: off by up to 18 of 255). Whoever decodes 4:4:4 honours the signal. 4:2:0 is for every
 * decoder there is, and some take limited range for granted.
 */
export const COLOUR_RANGE = { '420': 'limited', '444': 'full' } as const satisfies Readonly<
  Record<Chroma, 'limited' | 'full'>
>;

/** A rectangle of the virtual desktop, in physical pixels: what one monitor shows. */
export interface ScreenArea {
  readonly x: number;
  readonly y: number;
  readonly widthPx: number;
  readonly heightPx: number;
}

/** What the network allows at the moment; changed while running by rate control. */
export interface StreamTarget {
  /** Long-term ceiling of encoded bits per second; also sizes the largest single frame. */
  readonly maxBitrateBps: number;
  /** Ceiling of captures per second, 1 to 120. */
  readonly maxFps: number;
}

export const DEFAULT_TARGET: StreamTarget = { maxBitrateBps: 8_000_000, maxFps: 60 };

/**
 * Raw pixels, BGRX (blue first, fourth byte without meaning). Owned by the converter, written by the
 * capture, valid until the converter closes.
 */
export interface Picture {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly strideBytes: number;
  readonly pixels: Buffer;
}

/** Why this frame was made; the last three repeat a picture the viewer already has. */
export type FrameCause = 'change' | 'keyframe' | 'refine' | 'repeat';

export interface EncodedFrame {
  /**
   * One access unit, Annex B; SPS and PPS precede every IDR. Belongs to whoever receives the frame
   * (its buffer was transferred, nobody else holds it).
   */
  readonly data: Uint8Array<ArrayBuffer>;
  readonly keyframe: boolean;
  readonly rendition: Rendition;
  readonly cause: FrameCause;
  /** RTP timestamp of the moment of capture, modulo 2^32. */
  readonly timestamp90kHz: number;
  /** `nowUs()` when the capture of this picture began. */
  readonly captureTimeUs: number;
  /** From the system's word of the change to the start of capture; 0 for repeated pictures. */
  readonly waitUs: number;
  readonly captureUs: number;
  readonly convertUs: number;
  readonly encodeUs: number;
  /** The monitor's true size. */
  readonly widthPx: number;
  readonly heightPx: number;
  /** The size in the bitstream (coded-size.ts). */
  readonly codedWidthPx: number;
  readonly codedHeightPx: number;
  /** Newest input noted before the picture was taken, 0 when none; the first frame with it answers it. */
  readonly lastInputSeq: number;
  /** From noting that input to the start of capture; 0 when there is none. */
  readonly inputToCaptureUs: number;
}

/** Monotonic microseconds; the same clock in every thread of the process. */
export function nowUs(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

/** The RTP clock of video (RFC 6184 section 8.2.1): 90 kHz, modulo 2^32. */
export function toTimestamp90kHz(timeUs: number): number {
  return Math.floor((timeUs * 9) / 100) % 2 ** 32;
}
