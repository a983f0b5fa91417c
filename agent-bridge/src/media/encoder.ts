// From planes to bits. One encoder serves one monitor at one coded size; it stays open as long as the
// size does, because opening costs 40-110 ms and a key frame.
import type { Frame } from 'node-av/lib';
import type { RowBands } from './row-bands.ts';

/**
 * `change`: sharp enough to work with. `refined`: visually lossless. `finest`: also under a magnifying
 * glass. `repeat`: nothing new at all.
 */
export type Quality = 'change' | 'refined' | 'finest' | 'repeat';

export interface EncodeOrder {
  readonly keyframe: boolean;
  readonly quality: Quality;
  /** Rows that differ from the previous frame given to this encoder. */
  readonly changed: RowBands;
  /** The frame may be a little larger now and then (10 %), never much. */
  readonly maxBytes: number;
}

export interface EncodedPicture {
  readonly data: Uint8Array<ArrayBuffer>;
  readonly keyframe: boolean;
  /** The cap, not the wanted quality, decided how good this picture is. */
  readonly cut: boolean;
}

/**
 * Protocol: `encode` any number of times, `close`. Synchronous, for use on a monitor's own thread: the
 * picture comes out of the call that put it in, there is no queue. The frame is only read, and free
 * to be changed when `encode` returns. Throws on a broken encoder, which is then to be closed.
 */
export interface VideoEncoder {
  encode(planes: Frame, order: EncodeOrder): EncodedPicture;
  close(): void;
}
