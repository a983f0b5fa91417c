// What a monitor's thread and its owner tell each other. Both ends are one version of one program.
import type { Rendition } from '@guruconnect/contract/rendition';
import type { EncoderName } from './encoder-choice.ts';
import type { EncodedFrame, ScreenArea, StreamTarget } from './frame.ts';

/** Which screen to capture. */
export type CaptureSource =
  | { readonly kind: 'x11'; readonly displayName: string; readonly area: ScreenArea }
  | {
      readonly kind: 'test-pattern';
      readonly widthPx: number;
      readonly heightPx: number;
      readonly changesPerSecond: number;
    };

/** The thread's `workerData`. */
export interface MonitorWorkerStart {
  readonly source: CaptureSource;
  readonly warm: Rendition;
  readonly targets: Readonly<Record<Rendition, StreamTarget>>;
  readonly watched: readonly Rendition[];
  readonly encoders: readonly EncoderName[];
  /** Memory of the agent's InputMark. */
  readonly inputMark: SharedArrayBuffer;
}

export type ToMonitorWorker =
  | { readonly type: 'watch'; readonly rendition: Rendition; readonly watched: boolean }
  | { readonly type: 'keyframe'; readonly rendition: Rendition }
  | { readonly type: 'target'; readonly rendition: Rendition; readonly target: StreamTarget }
  | { readonly type: 'source'; readonly source: CaptureSource }
  | { readonly type: 'close' };

export type FromMonitorWorker =
  /** Screen and encoder are open. */
  | { readonly type: 'ready' }
  | { readonly type: 'frame'; readonly frame: EncodedFrame }
  /** The last message: the thread has closed everything and ends. */
  | { readonly type: 'failed'; readonly code: string; readonly message: string };
