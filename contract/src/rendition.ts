// One monitor in several renditions: each a producer of its own (not simulcast: the media node then
// chooses nothing by itself, and a rendition that nobody consumes is not encoded). This table is the
// one place that says what each is; the agent encodes by it, signaling chooses by it.
import { z } from 'zod';
import { MonitorId } from './monitor.ts';

export type RenditionTraits = {
  /** 4:4:4 keeps the edges of coloured text; 4:2:0 halves the resolution of colour. */
  readonly chroma: '444' | '420';
  /**
   * H.264 profile, the first two bytes of `profile-level-id` (RFC 6184, 8.1): High 4:4:4 Predictive
   * is decoded by Chromium alone; Constrained Baseline by every browser (RFC 7742, 6.2), while
   * Firefox and Safari take no Main.
   */
  readonly h264Profile: 'f400' | '42e0';
  readonly maxFps: number;
  /** Ceiling of its bit rate whatever the path carries; absent: the path decides. */
  readonly maxBitrateBps?: number;
  /** A monitor with more pixels is scaled down to so many; absent: always at its own size. */
  readonly maxPixels?: number;
};

/** In order of urgency: what comes first never waits for what comes after. */
export const RENDITIONS = {
  /** To work with: text as sharp as on the monitor itself. */
  sharp: { chroma: '444', h264Profile: 'f400', maxFps: 60 },
  /** To work with, for a viewer that cannot decode 4:4:4. */
  standard: { chroma: '420', h264Profile: '42e0', maxFps: 60 },
  /**
   * For a viewer whose link is much slower than another's, who keeps the full picture: a page of
   * text is half the bytes at a megapixel, and 15 pictures a second still follow a scroll.
   */
  reduced: { chroma: '420', h264Profile: '42e0', maxFps: 15, maxPixels: 1_049_088 },
  /** To see what happens on a monitor beside the one that is worked on. 50 kbit/s with headers. */
  thumbnail: {
    chroma: '420',
    h264Profile: '42e0',
    maxFps: 2,
    maxBitrateBps: 40_000,
    maxPixels: 320 * 200,
  },
} as const satisfies Record<string, RenditionTraits>;

export type Rendition = keyof typeof RENDITIONS;
export const RENDITION_NAMES = Object.keys(RENDITIONS) as [Rendition, ...Rendition[]];
export const Rendition = z.enum(RENDITION_NAMES);

/** Between processes: whoever does not name one means the rendition there was before there were several. */
export const RenditionOrStandard = Rendition.default('standard');

/** The ones to work with, best first; a viewer is given one of them for each monitor. */
export const FULL_RENDITIONS = ['sharp', 'standard'] as const satisfies readonly Rendition[];

export const isFull = (rendition: Rendition): boolean =>
  (FULL_RENDITIONS as readonly Rendition[]).includes(rendition);

export const renditionTraits = (rendition: Rendition): RenditionTraits => RENDITIONS[rendition];

/** One rendition of one monitor: what is produced, consumed and watched. */
export const VideoRef = z.object({ monitor_id: MonitorId, rendition: RenditionOrStandard });
export type VideoRef = z.output<typeof VideoRef>;

/** For maps and comparisons. */
export const videoKey = ({ monitor_id, rendition }: VideoRef): string =>
  `${monitor_id}/${rendition}`;
