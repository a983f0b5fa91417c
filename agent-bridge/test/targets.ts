import { RENDITION_NAMES, type Rendition } from '@guruconnect/contract/rendition';
import type { StreamTarget } from '../src/media/frame.ts';

/** The same limits for every rendition. */
export const everyRendition = (target: StreamTarget): Record<Rendition, StreamTarget> =>
  Object.fromEntries(RENDITION_NAMES.map((name) => [name, target])) as Record<
    Rendition,
    StreamTarget
  >;
