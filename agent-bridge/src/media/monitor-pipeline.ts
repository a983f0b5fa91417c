// One monitor's capture and all its renditions, on the monitor's own thread. The picture is captured
// once, whoever asks for it; each rendition converts and encodes it for itself, only while somebody
// watches that rendition, and the ones to work with come first. Owned by monitor-worker.ts.
import { RENDITION_NAMES, type Rendition } from '@guruconnect/contract/rendition';
import type { ScreenCapture } from './capture.ts';
import type { EncoderName } from './encoder-choice.ts';
import type { EncodedFrame, StreamTarget } from './frame.ts';
import type { InputMark } from './input-mark.ts';
import { ScreenFeed } from './screen-feed.ts';
import { VideoPipeline } from './video-pipeline.ts';

export interface MonitorPipelineOptions {
  /** Closed together with the pipeline. */
  readonly capture: ScreenCapture;
  /**
   * Its encoder is open from the start: that costs 40-110 ms, and the first picture should not.
   * Others are opened when somebody watches them first.
   */
  readonly warm: Rendition;
  readonly targets: Readonly<Record<Rendition, StreamTarget>>;
  readonly encoders: readonly EncoderName[];
  readonly inputMark: InputMark;
  readonly onFrame: (frame: EncodedFrame) => void;
  /** Capture or an encoder broke; the pipeline has closed itself. */
  readonly onFailed: (error: unknown) => void;
}

/** Protocol: `setWatched` back and forth, the rest at any time; `close` is final and may be repeated. */
export class MonitorPipeline {
  readonly #options: MonitorPipelineOptions;
  readonly #feed: ScreenFeed;
  readonly #targets: Record<Rendition, StreamTarget>;
  readonly #renditions = new Map<Rendition, VideoPipeline>();
  #closed = false;

  constructor(options: MonitorPipelineOptions) {
    this.#options = options;
    this.#targets = { ...options.targets };
    this.#feed = new ScreenFeed(options.capture);
    try {
      this.#open(options.warm);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** @throws when the encoder of a rendition that nobody watched before cannot be opened. */
  setWatched(rendition: Rendition, watched: boolean): void {
    if (this.#closed || (!watched && !this.#renditions.has(rendition))) return;
    this.#open(rendition).setWatched(watched);
  }

  requestKeyframe(rendition: Rendition): void {
    this.#renditions.get(rendition)?.requestKeyframe();
  }

  setTarget(rendition: Rendition, target: StreamTarget): void {
    this.#targets[rendition] = target;
    this.#renditions.get(rendition)?.setTarget(target);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const pipeline of this.#renditions.values()) pipeline.close();
    this.#renditions.clear();
    this.#feed.close();
  }

  #open(rendition: Rendition): VideoPipeline {
    const known = this.#renditions.get(rendition);
    if (known) return known;
    const { encoders, inputMark, onFrame } = this.#options;
    const pipeline = new VideoPipeline({
      screen: this.#feed.tap(RENDITION_NAMES.indexOf(rendition)),
      rendition,
      target: this.#targets[rendition],
      encoders,
      inputMark,
      onFrame,
      onFailed: (error) => this.#fail(error),
    });
    this.#renditions.set(rendition, pipeline);
    return pipeline;
  }

  #fail(error: unknown): void {
    if (this.#closed) return;
    this.close();
    this.#options.onFailed(error);
  }
}
