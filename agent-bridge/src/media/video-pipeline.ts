// One rendition's frames, from the screen to an encoded access unit: each stage is a plain call on the
// monitor's own thread, nothing is queued between them, and nothing runs while nobody watches or
// nothing changes. When to make a frame is frame-schedule.ts, how large it may be frame-budget.ts.
import { availableParallelism } from 'node:os';
import { renditionTraits, type Rendition } from '@guruconnect/contract/rendition';
import { ColorConverter } from './color-convert.ts';
import type { EncoderName } from './encoder-choice.ts';
import type { EncodedPicture, EncodeOrder, Quality } from './encoder.ts';
import { isMostlyFlat } from './flat-picture.ts';
import { FrameBudget, type FrameBudgetOptions } from './frame-budget.ts';
import { FrameSchedule } from './frame-schedule.ts';
import {
  nowUs,
  toTimestamp90kHz,
  type EncodedFrame,
  type FrameCause,
  type StreamTarget,
} from './frame.ts';
import type { InputMark } from './input-mark.ts';
import { EncoderOpener, type OpenedEncoder } from './open-encoder.ts';
import { PresetLadder } from './preset-ladder.ts';
import { RowBands } from './row-bands.ts';
import type { ScreenTap } from './screen-feed.ts';
import { StillParts } from './still-parts.ts';

/** More slices than this cost bits without saving time on screen content. */
const MAX_THREADS = 4;
/** Of the bands: a picture with more of them changed is a new one. */
const WHOLE_SHARE = 0.9;
/** A picture this small is done before a second thread has begun. */
const ONE_THREAD_PIXELS = 320 * 240;

/**
 * Two pictures of a thumbnail a second may take all of its rate, one after the other; nobody waits
 * for one.
 */
const THUMBNAIL_BUDGET: FrameBudgetOptions = { bucketMs: 1_000, smallestCapBytes: 1_500 };

export interface VideoPipelineOptions {
  readonly screen: ScreenTap;
  readonly rendition: Rendition;
  readonly target: StreamTarget;
  /** What the policy allows, see encoder-choice.ts. */
  readonly encoders: readonly EncoderName[];
  readonly inputMark: InputMark;
  readonly onFrame: (frame: EncodedFrame) => void;
  /** Capture or encoder broke; the pipeline has closed itself. */
  readonly onFailed: (error: unknown) => void;
}

/** Protocol: `setWatched` back and forth, the rest at any time; `close` is final and may be repeated. */
export class VideoPipeline {
  readonly #options: VideoPipelineOptions;
  readonly #screen: ScreenTap;
  readonly #converter: ColorConverter;
  readonly #changed: RowBands;
  readonly #stillParts: StillParts;
  readonly #schedule: FrameSchedule;
  readonly #budget: FrameBudget;
  readonly #ladder = new PresetLadder();
  readonly #threads: number;
  readonly #opener: EncoderOpener;
  #encoder: OpenedEncoder;
  #target: StreamTarget;
  #watched = false;
  #closed = false;
  #sleep: NodeJS.Timeout | undefined;
  #nextTurn: NodeJS.Immediate | undefined;
  /** Since the last capture; 0 when nothing was heard. */
  #changeHeardAtUs = 0;
  /** Of the picture the converter holds. */
  #pictureInput = { seq: 0, toCaptureUs: 0 };

  constructor(options: VideoPipelineOptions) {
    this.#options = options;
    this.#screen = options.screen;
    this.#target = options.target;
    const { screen } = options.screen;
    const { heightPx } = screen.picture;
    const { chroma, maxPixels = Infinity } = renditionTraits(options.rendition);
    this.#changed = new RowBands(heightPx);
    this.#stillParts = new StillParts(heightPx);
    const isThumbnail = options.rendition === 'thumbnail';
    this.#schedule = new FrameSchedule(
      options.target.maxFps,
      isThumbnail ? 'every_frame' : 'changes',
    );
    this.#budget = new FrameBudget(
      options.target.maxBitrateBps,
      nowUs(),
      isThumbnail ? THUMBNAIL_BUDGET : {},
    );
    this.#threads =
      maxPixels <= ONE_THREAD_PIXELS ? 1 : Math.min(availableParallelism(), MAX_THREADS);
    this.#converter = new ColorConverter({ screen, chroma, maxPixels, threads: this.#threads });
    // small pictures cost x264 nothing, and graphics cards have few sessions
    this.#opener = new EncoderOpener(maxPixels === Infinity ? options.encoders : []);
    this.#encoder = this.#openEncoder();
  }

  setWatched(watched: boolean): void {
    if (this.#closed || watched === this.#watched) return;
    this.#watched = watched;
    this.#guarded(() => {
      this.#schedule.setWatched(watched);
      if (watched) {
        this.#screen.start(() => this.#hearChange());
        this.#hearChange();
      } else {
        this.#screen.stop();
        this.#proceed();
      }
    });
  }

  requestKeyframe(): void {
    this.#schedule.requestKeyframe();
    this.#guarded(() => this.#proceed());
  }

  setTarget(target: StreamTarget): void {
    this.#target = target;
    this.#budget.setMaxBitrate(target.maxBitrateBps, nowUs());
    this.#schedule.setMaxFps(target.maxFps);
    this.#guarded(() => this.#proceed());
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#sleep);
    clearImmediate(this.#nextTurn);
    this.#screen.stop();
    this.#encoder.encoder.close();
    this.#converter.close();
  }

  #hearChange(): void {
    this.#changeHeardAtUs = nowUs();
    this.#schedule.noteChange();
    this.#guarded(() => this.#proceed());
  }

  /** Makes what is due, or sleeps until something is. */
  #proceed(): void {
    clearTimeout(this.#sleep);
    clearImmediate(this.#nextTurn);
    const input = this.#options.inputMark.read();
    if (input.seq !== 0) this.#schedule.noteInput(input.atUs);
    const at = nowUs();
    const decision = this.#schedule.decide(
      at,
      this.#budget.refineReadyAtUs(at, this.#schedule.stillSinceUs),
    );
    if (decision.make !== 'nothing') {
      this.#makeFrame(decision.make);
      // what arrived meanwhile is heard first
      this.#nextTurn = setImmediate(() => this.#guarded(() => this.#proceed()));
    } else if (decision.untilUs !== Infinity) {
      const waitMs = Math.ceil((decision.untilUs - at) / 1000);
      this.#sleep = setTimeout(() => this.#guarded(() => this.#proceed()), waitMs);
    }
  }

  /** The journey of one frame. */
  #makeFrame(cause: FrameCause): void {
    const startedAtUs = nowUs();
    this.#changed.clear();
    const waitUs = cause === 'change' || cause === 'keyframe' ? this.#look(startedAtUs) : 0;
    if (cause === 'change' && this.#changed.isEmpty) return;
    const capturedAtUs = nowUs();
    const changed = this.#converter.convert(this.#changed);
    const convertedAtUs = nowUs();
    const quality = this.#qualityOf(cause, startedAtUs);
    const encoded = this.#encode({
      keyframe: cause === 'keyframe' || this.#isNewAndFlat(),
      quality,
      changed,
      maxBytes:
        cause === 'refine'
          ? this.#budget.refineCapBytes(startedAtUs, this.#schedule.stillSinceUs)
          : this.#budget.frameCapBytes(startedAtUs),
    });
    const encodedAtUs = nowUs();
    const made = encoded.keyframe ? 'keyframe' : cause;
    this.#budget.spend(encoded.data.length, encodedAtUs);
    this.#schedule.noteFrame(made, encoded.data.length, encoded.cut, startedAtUs);
    if (made === 'keyframe') this.#stillParts.noteKeyframe();
    else if (quality === 'refined' || quality === 'finest')
      this.#stillParts.noteRefined(encoded.cut, startedAtUs);
    const { picture, codedWidthPx, codedHeightPx } = this.#converter;
    this.#options.onFrame({
      data: encoded.data,
      keyframe: encoded.keyframe,
      rendition: this.#options.rendition,
      cause: made,
      timestamp90kHz: toTimestamp90kHz(startedAtUs),
      captureTimeUs: startedAtUs,
      waitUs,
      captureUs: capturedAtUs - startedAtUs,
      convertUs: convertedAtUs - capturedAtUs,
      encodeUs: encodedAtUs - convertedAtUs,
      widthPx: picture.widthPx,
      heightPx: picture.heightPx,
      codedWidthPx,
      codedHeightPx,
      lastInputSeq: this.#pictureInput.seq,
      inputToCaptureUs: this.#pictureInput.toCaptureUs,
    });
    if (made === 'change' && quality === 'change') this.#adaptPreset(encodedAtUs - convertedAtUs);
  }

  /** Captures what changed since the last look; how long that had to wait. */
  #look(startedAtUs: number): number {
    const waitUs = this.#changeHeardAtUs === 0 ? 0 : startedAtUs - this.#changeHeardAtUs;
    this.#changeHeardAtUs = 0;
    const { seq, atUs } = this.#options.inputMark.read();
    this.#pictureInput = { seq, toCaptureUs: seq === 0 ? 0 : Math.max(0, startedAtUs - atUs) };
    this.#screen.grab(this.#changed);
    this.#stillParts.noteChanged(this.#changed, startedAtUs);
    this.#schedule.noteCaptured(startedAtUs, !this.#changed.isEmpty);
    return waitUs;
  }

  /** Then a key frame is as small and far sooner done, see flat-picture.ts. */
  #isNewAndFlat(): boolean {
    const isNew = this.#changed.count > this.#changed.total * WHOLE_SHARE;
    return isNew && isMostlyFlat(this.#screen.screen.picture);
  }

  #adaptPreset(encodeUs: number): void {
    if (!this.#ladder.note(encodeUs, this.#target.maxFps)) return;
    this.#reopenEncoder();
    this.#schedule.requestKeyframe(); // the new encoder's first frame is one anyway
  }

  #qualityOf(cause: FrameCause, atUs: number): Quality {
    if (cause === 'refine') return this.#schedule.refinement;
    if (cause === 'repeat') return 'repeat';
    return cause === 'change' && this.#stillParts.wantRefining(atUs) ? 'refined' : 'change';
  }

  /** A graphics card's encoder that breaks is replaced at once; without libx264 there is no picture. */
  #encode(order: EncodeOrder): EncodedPicture {
    const { planes } = this.#converter;
    try {
      return this.#encoder.encoder.encode(planes, order);
    } catch (error) {
      if (this.#encoder.name === 'x264') throw error;
      this.#opener.giveUp(this.#encoder.name);
      this.#reopenEncoder();
      return this.#encoder.encoder.encode(planes, { ...order, keyframe: true });
    }
  }

  #reopenEncoder(): void {
    this.#encoder.encoder.close();
    this.#encoder = this.#openEncoder();
  }

  #openEncoder(): OpenedEncoder {
    const options = {
      codedWidthPx: this.#converter.codedWidthPx,
      codedHeightPx: this.#converter.codedHeightPx,
      chroma: renditionTraits(this.#options.rendition).chroma,
      rung: this.#ladder.rung,
      threads: this.#threads,
      maxBytes: this.#budget.frameCapBytes(nowUs()),
    };
    return this.#opener.open(options, this.#converter.planes);
  }

  /** What breaks in a timer or an event has no caller: it ends this pipeline, not the process. */
  #guarded(work: () => void): void {
    if (this.#closed) return;
    try {
      work();
    } catch (error) {
      this.close();
      this.#options.onFailed(error);
    }
  }
}
